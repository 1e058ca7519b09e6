// SPDX-License-Identifier: Apache-2.0
// What the owner is told by the threads that fetch and resolve, and the port through which it gives
// them their orders. Tests put a web of their own behind the port.
#pragma once

#include "kernel/sync/channel.h"
#include "modules/crawl/core/frontier/types.h"
#include "modules/crawl/shell/fetch/fetch_loop.h"
#include "modules/crawl/shell/output/outputs.h"
#include "modules/crawl/shell/store/page_memory.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sluice::crawl {

/// Nothing: look at what is wished.
struct Wake {};

/// The end of an order for a page, with what the outputs get of it.
struct PageDone {
    PageEnd end;
    RenderedPage rendered;
    std::string url;                   ///< that was asked, if one of the next two is there
    std::vector<std::string> cookies;  ///< its Set-Cookie headers
    std::optional<PageMemory> memory;  ///< for the next crawl
    bool not_modified = false;         ///< 304: what the earlier crawl knew still holds
};

/// The end of an order for a robots.txt.
struct RobotsDone {
    RobotsEnd end;
    RenderedPage rendered;
    bool cancelled = false;  ///< it says nothing of the host
};

using Event = std::variant<Wake, PageDone, RobotsDone, Resolved>;

/// From all threads to the owner. It has room for an event of every order, so nobody who brings one
/// ever waits for long.
using Inbox = Channel<Event>;

/// Who carries out the owner's orders.
class FetchPort {
public:
    FetchPort() = default;
    FetchPort(const FetchPort&) = delete;
    FetchPort& operator=(const FetchPort&) = delete;
    virtual ~FetchPort() = default;

    /// Each order that was taken ends with exactly one PageDone or RobotsDone. Orders of one `lane`
    /// go the same way, in their order. False: it was not taken.
    virtual bool fetch(FetchOrder order, FetchLoop::Extra extra, std::uint64_t lane) = 0;
    /// Each order that was taken ends with exactly one Resolved. False: not taken.
    virtual bool resolve(ResolveOrder order) = 0;
    /// What is being fetched ends at once: pages as put_back, robots.txt as cancelled, unless they
    /// have ended otherwise.
    virtual void cancel_all() = 0;
    /// Ends everything; no event comes afterwards. Idempotent.
    virtual void stop() = 0;
};

}  // namespace sluice::crawl
