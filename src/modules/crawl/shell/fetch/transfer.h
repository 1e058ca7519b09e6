// SPDX-License-Identifier: Apache-2.0
// Transfer: one libcurl handle and the request it has in hand. It makes the request and takes the
// answer; driving it is the loop's part (fetch_loop.cpp). Handles are used again, and are told only
// what differs from the request before.
#pragma once

#include "modules/crawl/shell/fetch/exchange.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

struct curl_slist;

namespace sluice::crawl {

/// Lives on the loop's thread.
class Transfer final : public Exchange {
public:
    explicit Transfer(const TransferShared& shared);
    ~Transfer();
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    /// False if this libcurl lacks an option that is needed, or there is no memory.
    [[nodiscard]] bool is_usable() const { return easy_ != nullptr && options_fine_; }
    /// Makes the handle ready for libcurl. False if the request is not to be made; the answer then
    /// says why.
    bool begin(FetchOrder order, FetchLoop::Extra extra);
    /// Whether the request, which libcurl has ended with this CURLcode, met a kept connection that
    /// its server had just closed: then it is to be made once more. libcurl does so itself, but
    /// 7.88 gave up in our tests once a handle had done so a few times.
    bool begin_again(int code);
    /// libcurl has ended the request with this CURLcode.
    void finish(int code);
    [[nodiscard]] void* handle() const { return easy_; }

private:
    friend struct TransferCallbacks;
    static constexpr std::size_t no_match = SIZE_MAX;
    /// Which entries of the configuration hold for the host.
    struct Access {
        std::size_t credentials = no_match;
        std::size_t certificate = no_match;
        bool insecure = false;
        friend bool operator==(const Access&, const Access&) = default;
    };

    void set_constants();
    void set_callbacks();
    void set_tls();
    void stop_verifying();
    void set_proxy();
    bool set_access(const std::string& url);
    [[nodiscard]] Access find_access(const std::string& url) const;
    void apply(const Access& access);
    bool set_address(bool tunnelled);
    void set_connect_to(bool on);
    bool set_headers(const FetchLoop::Extra& extra);
    template <class Value>
    void set(int option, Value value);
    void stop_with(FetchFault fault, std::string detail);

    void* easy_ = nullptr;
    bool options_fine_ = true;
    std::array<char, 256> error_{};

    // What the handle was told last.
    Access access_;
    std::string connects_address_;  ///< that of connect_line_
    std::string connect_line_;
    std::unique_ptr<curl_slist> connect_node_;
    bool connects_to_ = false;
    std::string extra_lines_[extras_max];
    std::unique_ptr<std::array<curl_slist, extras_max>> extra_nodes_;
    curl_slist* headers_set_ = nullptr;

    ResponseHead head_;
    FetchFault stopped_ = FetchFault::none;  ///< by a callback
    std::string stopped_detail_;
};

}  // namespace sluice::crawl
