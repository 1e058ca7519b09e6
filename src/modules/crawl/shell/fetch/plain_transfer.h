// SPDX-License-Identifier: Apache-2.0
// PlainTransfer: one request over plain HTTP/1.1, by hand. It is there for speed alone: libcurl
// makes a request anew each time, which costs more than all else that the loop does with a page
// (docs/adr/0029-plain-http-by-hand.md). Whatever is not a plain request to a plain server is
// libcurl's (transfer.h): TLS, proxies, logins, limits of connections to one host.
#pragma once

#include "modules/crawl/shell/fetch/exchange.h"
#include "modules/crawl/shell/fetch/plain_answer.h"
#include "modules/crawl/shell/fetch/plain_links.h"

#include <span>
#include <string>

namespace sluice::crawl {

/// Lives on the loop's thread.
class PlainTransfer final : public Exchange {
public:
    PlainTransfer(const TransferShared& shared, PlainLinks& links)
        : Exchange(shared, Way::plain), links_(links) {}
    ~PlainTransfer() { let_go(); }
    PlainTransfer(const PlainTransfer&) = delete;
    PlainTransfer& operator=(const PlainTransfer&) = delete;

    /// Whether the configuration leaves plain requests to this class at all.
    static bool is_enough(const FetchConfig& config);
    /// Whether the URL is one that it can ask for. If not, libcurl says what it is.
    static bool takes(const std::string& url);

    /// Sends the request, or as much of it as goes. False if that is its end; the answer says why.
    bool begin(FetchOrder order, const FetchLoop::Extra& extra);
    /// Its connection is ready. `room` is used for what is read. True if the request has ended.
    bool go_on(const Ready& ready, std::span<char> room);
    /// Gives up the connection if it has one.
    void let_go();

private:
    void write_request(const std::string& url);
    bool connect();
    bool send_rest();
    bool read_some(std::span<char> room);
    bool take(std::string_view bytes);
    bool died(int error);
    bool end_with(FetchFault fault, std::string detail);
    bool end_whole();

    PlainLinks& links_;
    PlainAnswer reader_;
    std::string request_;
    std::string lines_[extras_max];
    std::string key_;  ///< host, port and address
    std::uint16_t port_ = 0;
    std::size_t sent_ = 0;
    int fd_ = -1;
};

}  // namespace sluice::crawl
