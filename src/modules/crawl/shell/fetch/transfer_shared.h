// SPDX-License-Identifier: Apache-2.0
// What all transfers of one loop share: the configuration, judged, and what is made of it once.
#pragma once

#include "kernel/base/result.h"
#include "modules/crawl/shell/fetch/fetch_config.h"
#include "modules/crawl/shell/fetch/poller.h"

#include <memory>
#include <string>
#include <vector>

struct curl_slist;

namespace sluice::crawl {

/// Lines for libcurl, which keeps the list and not the text.
class HeaderList {
public:
    HeaderList() = default;
    HeaderList(HeaderList&&) = default;
    HeaderList& operator=(HeaderList&&) = default;
    void add(std::string line);
    [[nodiscard]] curl_slist* get() const { return nodes_.empty() ? nullptr : nodes_[0].get(); }

private:
    struct Free {
        void operator()(curl_slist* node) const;
    };
    std::vector<std::unique_ptr<std::string>> lines_;
    std::vector<std::unique_ptr<curl_slist, Free>> nodes_;
};

/// What the transfers of one loop share.
struct TransferShared {
    FetchConfig config;
    AddressRules proxy_rules;
    bool proxy_speaks_http = false;       ///< else SOCKS
    bool authorities_are_a_file = false;  ///< and not a folder
    HeaderList headers;                   ///< sent with every request
    std::string plain_lines;              ///< the same and the user agent, as they are sent
    Poller* poller = nullptr;
    Duration shortest_limit{0};  ///< of all limits of time

    /// Checks the configuration. Errors: invalid.
    static Result<std::unique_ptr<TransferShared>> make(FetchConfig config);
    [[nodiscard]] bool has_proxy() const { return !config.proxy.url.empty(); }
};

}  // namespace sluice::crawl
