// SPDX-License-Identifier: Apache-2.0
// Transfer: one libcurl handle and the request it has in hand. It makes the request, takes the
// answer and judges its limits; driving it is the loop's part (fetch_loop.cpp). Handles are used
// again, and are told only what differs from the request before.
#pragma once

#include "kernel/base/time.h"
#include "modules/crawl/shell/fetch/fetch_loop.h"
#include "modules/crawl/shell/fetch/response_head.h"
#include "modules/crawl/shell/fetch/transfer_shared.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

struct curl_slist;

namespace sluice::crawl {

/// Lives on the loop's thread.
class Transfer {
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
    /// It is not waited for any more.
    void abort(FetchFault fault, std::string detail);
    /// The end of the request; to be handed over, then recycled.
    [[nodiscard]] FetchAnswer& answer() { return answer_; }
    /// Takes back what memory is left in the answer.
    void recycle();

    /// The next limit of time, as far as is known; it may be found to lie later.
    [[nodiscard]] Instant deadline() const;
    /// Says which limit of time is over, nothing if none is.
    std::optional<std::string> lateness(Instant now);

    [[nodiscard]] void* handle() const { return easy_; }
    std::size_t place = 0;  ///< the loop's own: its index among those that run

private:
    friend struct TransferCallbacks;
    enum class Phase : std::uint8_t { connecting, asking, receiving };
    static constexpr std::size_t extras_max = 4;
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
    bool refuse(FetchFault fault, std::string detail);
    void stop_with(FetchFault fault, std::string detail);

    const TransferShared& shared_;
    void* easy_ = nullptr;
    bool options_fine_ = true;
    std::array<char, 256> error_{};

    // What the handle was told last.
    Access access_;
    std::string address_text_;  ///< as ordered
    std::string address_;       ///< the same in its normal form; empty: not allowed
    std::string connect_line_;
    std::unique_ptr<curl_slist> connect_node_;
    bool connects_to_ = false;
    std::array<std::string, extras_max> extra_lines_;
    std::unique_ptr<std::array<curl_slist, extras_max>> extra_nodes_;
    curl_slist* headers_set_ = nullptr;

    FetchAnswer answer_;
    ResponseHead head_;
    Phase phase_ = Phase::connecting;
    Instant began_;
    Instant phase_began_;  ///< of receiving: the last piece
    Instant speed_since_;
    std::uint64_t speed_bytes_ = 0;
    bool again_ = false;                     ///< it has been made once more
    FetchFault stopped_ = FetchFault::none;  ///< by a callback
    std::string stopped_detail_;
};

}  // namespace sluice::crawl
