// SPDX-License-Identifier: Apache-2.0
// What the owner tells others: progress, figures, the table of hosts, the summary.
#include "kernel/sync/clock.h"
#include "modules/crawl/shell/crawl/owner.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace sluice::crawl {
namespace {

constexpr Duration publish_every = 100ms;
/// Counting what the hosts do takes at most one part in so many of the owner's time.
constexpr int publish_share = 50;

}  // namespace

/// Not more often than it is worth: the hosts are counted one by one.
void Owner::publish(bool at_end) {
    if (!unpublished_ && tell_at_ == no_deadline && !at_end) return;
    const Instant now = monotonic_now();
    const bool tells = options_.on_progress && now >= tell_at_;
    if (!at_end && !tells && (!unpublished_ || now < publish_at_)) return;
    CrawlProgress progress;
    progress.state = paused_ ? CrawlState::paused : CrawlState::running;
    if (stopped_for_) progress.state = CrawlState::draining;
    if (cancelled_) progress.state = CrawlState::cancelling;
    if (at_end) progress.state = CrawlState::ended;
    progress.totals = frontier_.totals();
    progress.pages_run = progress.totals.fetched - before_.fetched;
    progress.bytes_run = progress.totals.bytes - before_.bytes;
    progress.in_flight = orders_out_;
    progress.hosts = frontier_.host_counts();
    progress.depths.events = inbox_.counters().depth;
    progress.depths.events_max = inbox_.capacity();
    progress.depths.resolving = resolving_;
    progress.depths.names = names_.size();
    progress.depths.loaded = frontier_.loaded_urls();
    progress.running = now - begun_;
    const bool idle = orders_out_ == 0 && resolving_ == 0 && !stopped_for_ && !paused_;
    if (const auto wake = frontier_.next_wake(); idle && wake)
        progress.idle_until = deadline_after(*wake - clock_.now());
    if (metrics_) metrics_->show(progress, std::exchange(shown_, progress.totals));
    if (tells || (at_end && options_.on_progress)) {
        options_.on_progress(progress);
        tell_at_ = now + options_.progress_every;
    }
    progress_.store(progress);
    unpublished_ = false;
    publish_at_ = now + std::max(publish_every, (monotonic_now() - now) * publish_share);
}

std::vector<HostProgress> Owner::hosts(std::size_t count_max) {
    const auto question = std::make_shared<HostsQuestion>();
    question->count_max = count_max;
    {
        MutexLock lock(wishes_mutex_);
        if (!running_) {
            const RoleScope scope(role_);
            return host_table(count_max);
        }
        questions_.push_back(question);
        has_wishes_ = true;
    }
    wake();
    std::vector<HostProgress> answer;
    (void)question->answer.pop(answer);  // is never closed
    return answer;
}

void Owner::answer_questions() {
    std::vector<std::shared_ptr<HostsQuestion>> questions;
    {
        MutexLock lock(wishes_mutex_);
        questions.swap(questions_);
    }
    for (const auto& question : questions)
        (void)question->answer.try_push(host_table(question->count_max));
}

std::vector<HostProgress> Owner::host_table(std::size_t count_max) const {
    std::vector<const Host*> hosts;
    frontier_.each_host([&](const Host& host) { hosts.push_back(&host); });
    const auto middle =
        hosts.begin() + static_cast<std::ptrdiff_t>(std::min(count_max, hosts.size()));
    std::partial_sort(hosts.begin(), middle, hosts.end(), [](const Host* a, const Host* b) {
        return a->fetched != b->fetched ? a->fetched > b->fetched : a->id < b->id;
    });
    std::vector<HostProgress> table;
    for (auto at = hosts.begin(); at != middle; ++at) {
        const Host& host = **at;
        HostProgress row;
        row.origin = host.origin;
        if (host.address < host.addresses.size()) row.address = host.addresses[host.address];
        row.known = host.known;
        row.queued = std::accumulate(host.stored.begin(), host.stored.end(), std::uint64_t{0});
        row.fetched = host.fetched;
        row.failed = host.failed;
        row.excluded = host.excluded;
        row.bytes = host.bytes;
        row.running = host.running;
        row.latency = host.pace.latency();
        row.delay = frontier_.delay_of(host);
        row.paused_until = host.pace.paused_until();
        row.waits_for = frontier_.waits_for(host);
        table.push_back(std::move(row));
    }
    return table;
}

CrawlSummary Owner::summary() const {
    CrawlSummary summary;
    summary.end = frontier_.is_finished() ? CrawlEnd::complete : *stopped_for_;
    summary.totals = frontier_.totals();
    summary.pages_run = summary.totals.fetched - before_.fetched;
    summary.bytes_run = summary.totals.bytes - before_.bytes;
    summary.hosts = frontier_.host_counts().known;
    summary.took = monotonic_now() - begun_;
    summary.ended = clock_.now();
    return summary;
}

}  // namespace sluice::crawl
