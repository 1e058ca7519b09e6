// SPDX-License-Identifier: Apache-2.0
// WebPort: the port to the real web. A resolver, and some fetch threads; each of them reads its own
// pages, so that the owner only has to decide.
#pragma once

#include "kernel/base/annotations.h"
#include "kernel/base/result.h"
#include "kernel/sync/mutex.h"
#include "modules/crawl/core/page/page_reader.h"
#include "modules/crawl/shell/crawl/events.h"
#include "modules/crawl/shell/crawl/link_filter.h"
#include "modules/crawl/shell/fetch/fetch_loop.h"
#include "modules/crawl/shell/fetch/resolver.h"
#include "modules/crawl/shell/output/outputs.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

namespace sluice::crawl {

struct WebPortOptions {
    FetchConfig fetch;
    ResolverConfig names;
    std::shared_ptr<const PageRules> rules;
    std::uint32_t workers = 1;
    bool cookies = true;
    bool remember_pages = false;  ///< fills PageDone::memory
    // On the fetch threads, several at once; may be empty.
    std::function<void(const FetchAnswer&, const PageReading&)> on_page, on_error;
    /// What the user's rules take out of the page, as JSON.
    std::function<std::string(const FetchAnswer&, const PageReading&)> extract;
};

class WebPort final : public FetchPort {
public:
    /// Starts the threads crawl-names and crawl-fetch-N. `outputs` and `inbox` must outlive it.
    /// Errors: of FetchLoop::start and Resolver::start.
    static Result<std::unique_ptr<WebPort>> start(WebPortOptions options, const Outputs& outputs,
                                                  Inbox& inbox);
    ~WebPort() override;

    bool fetch(FetchOrder order, FetchLoop::Extra extra, std::uint64_t lane) override;
    bool resolve(ResolveOrder order) override;
    void cancel_all() override;
    void stop() override;

private:
    /// What one fetch thread has.
    struct Lane {
        explicit Lane(std::shared_ptr<const PageRules> rules) : reader(std::move(rules)) {}
        PageReader reader;
        PageReading reading;
        LinkFilter told;
        std::vector<Event> ready;  ///< of this round
        std::unique_ptr<FetchLoop> loop;
    };

    WebPort(WebPortOptions options, const Outputs& outputs, Inbox& inbox)
        : options_(std::move(options)), outputs_(outputs), inbox_(inbox) {}
    /// An order that waits for the address of the host to which its robots.txt has moved.
    struct Moved {
        FetchOrder order;
        std::uint64_t lane = 0;
    };
    bool resolve_moved(FetchOrder order, std::uint64_t lane);
    void moved_resolved(const Resolved& resolved);
    void done(Lane& lane, const FetchAnswer& answer);
    void hand_over(Lane& lane);
    void page_done(Lane& lane, const FetchAnswer& answer);
    void robots_done(Lane& lane, const FetchAnswer& answer);

    const WebPortOptions options_;
    const Outputs& outputs_;
    Inbox& inbox_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    std::unique_ptr<Resolver> resolver_;
    Mutex moved_mutex_{"crawl.moved_robots"};
    std::unordered_map<HostId, Moved> moved_ SLUICE_GUARDED_BY(moved_mutex_);
};

}  // namespace sluice::crawl
