// SPDX-License-Identifier: Apache-2.0
// A crawl's figures for operators.
#pragma once

#include "kernel/observe/metrics.h"
#include "modules/crawl/core/report/progress.h"

#include <cstdint>

namespace sluice::crawl {

class CrawlMetrics {
public:
    explicit CrawlMetrics(Registry& registry)
        : batches_(registry.counter(
              {"sluice_crawl_batches_total", "Batches written to the store of the crawl"})),
          pages_(registry.counter({"sluice_crawl_pages_total", "Pages fetched"})),
          redirects_(registry.counter({"sluice_crawl_redirects_total", "Redirects"})),
          failures_(registry.counter({"sluice_crawl_failures_total", "URLs that failed for good"})),
          retries_(registry.counter({"sluice_crawl_retries_total", "Attempts to be repeated"})),
          robots_(registry.counter({"sluice_crawl_robots_total", "robots.txt files asked for"})),
          bytes_(registry.counter({"sluice_crawl_bytes_total", "Bytes of bodies, as sent"})),
          batch_seconds_(registry.histogram(
              {"sluice_crawl_batch_seconds", "Time to decide and write one batch"})),
          pending_(registry.gauge({"sluice_crawl_pending", "URLs known and not ended"})),
          in_flight_(registry.gauge({"sluice_crawl_in_flight", "Requests under way"})),
          events_(registry.gauge({"sluice_crawl_events", "Ends of requests not yet looked at"})),
          resolving_(registry.gauge({"sluice_crawl_resolving", "Names being resolved"})),
          names_(registry.gauge({"sluice_crawl_names", "Names that wait to be resolved"})),
          loaded_(registry.gauge({"sluice_crawl_loaded", "Queued URLs in memory"})),
          known_(host_gauge(registry, "known")),
          running_(host_gauge(registry, "running")),
          pausing_(host_gauge(registry, "pausing")),
          at_gates_(host_gauge(registry, "at_gates")) {}

    void wrote(Duration took) {
        batches_.add();
        batch_seconds_.observe(took);
    }
    /// `before`: the totals of the last call.
    void show(const CrawlProgress& now, const CrawlTotals& before) {
        pages_.add(now.totals.fetched - before.fetched);
        redirects_.add(now.totals.redirected - before.redirected);
        failures_.add(now.totals.all_failed() - before.all_failed());
        retries_.add(now.totals.retried - before.retried);
        robots_.add(now.totals.robots_fetched - before.robots_fetched);
        bytes_.add(now.totals.bytes - before.bytes);
        set(pending_, now.totals.pending);
        set(in_flight_, now.in_flight);
        set(events_, now.depths.events);
        set(resolving_, now.depths.resolving);
        set(names_, now.depths.names);
        set(loaded_, now.depths.loaded);
        set(known_, now.hosts.known);
        set(running_, now.hosts.running);
        set(pausing_, now.hosts.pausing);
        set(at_gates_, now.hosts.at_gates);
    }

private:
    static Gauge& host_gauge(Registry& registry, std::string_view state) {
        return registry.gauge({"sluice_crawl_hosts", "Hosts, by what they do"}, {{"state", state}});
    }
    static void set(Gauge& gauge, std::uint64_t value) {
        gauge.set(static_cast<std::int64_t>(value));
    }

    Counter &batches_, &pages_, &redirects_, &failures_, &retries_, &robots_, &bytes_;
    HistogramMetric& batch_seconds_;
    Gauge &pending_, &in_flight_, &events_, &resolving_, &names_, &loaded_;
    Gauge &known_, &running_, &pausing_, &at_gates_;
};

}  // namespace sluice::crawl
