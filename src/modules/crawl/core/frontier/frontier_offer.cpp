// SPDX-License-Identifier: Apache-2.0
// What is found: seen before, refused, or queued.
#include "kernel/base/check.h"
#include "modules/crawl/core/frontier/frontier.h"
#include "modules/crawl/core/politeness/faults.h"

#include <algorithm>

namespace sluice::crawl {
namespace {

/// Most links are found on their own host: the path is enough then, and begins with a slash.
std::string_view without_origin(std::string_view url, std::string_view origin) {
    const bool same =
        url.size() > origin.size() && url[origin.size()] == '/' && url.starts_with(origin);
    return same ? url.substr(origin.size()) : url;
}

}  // namespace

std::optional<std::string> Frontier::must_look_up(const Found& found) {
    const Fingerprint print = fingerprint(found);
    // Also while memory is whole: what is asked for stays in the younger half, and what is offered
    // before this may turn the halves over.
    if (seen_.find(print) != Seen::no || seen_.is_whole()) return std::nullopt;
    if (planted(config_.faults, Fault::seen_cache_lies)) return std::nullopt;
    return seen_key(print);
}

void Frontier::offer_all(const std::vector<Found>& found, std::string_view referrer, WallTime now,
                         Decision& out) {
    for (const Found& one : found) offer(one, referrer, now, out);
}

std::optional<Exclusion> Frontier::refuse(const Found& found) const {
    if (found.excluded) return found.excluded;
    if (found.hops > config_.hops_max && !planted(config_.faults, Fault::redirect_loops))
        return Exclusion::redirects;
    if (found.depth > config_.depth_max && !planted(config_.faults, Fault::depth_not_checked))
        return Exclusion::depth;
    const bool known = by_origin_.contains(origin_of(found.url));
    if (!known && hosts_.size() >= config_.hosts_max) return Exclusion::hosts;
    return std::nullopt;
}

// A URL that was too deep, or too many redirects away, is taken when it is found nearer; until then
// it counts as excluded.
void Frontier::offer(const Found& found, std::string_view referrer, WallTime now, Decision& out) {
    const Fingerprint print = fingerprint(found);
    Seen before = seen_.find(print);
    if (before == Seen::no && !seen_.is_whole()) before = found.stored.value_or(Seen::no);
    if (before == Seen::taken) return;
    const auto why = refuse(found);
    Seen state = Seen::taken;
    if (why == Exclusion::depth) state = Seen::too_deep;
    if (why == Exclusion::redirects) state = Seen::too_far;
    if (state != Seen::taken && before != Seen::no) return;
    totals_changed_ = true;
    if (before == Seen::no) ++totals_.seen;
    if (before == Seen::too_deep) --totals_.excluded[static_cast<std::size_t>(Exclusion::depth)];
    if (before == Seen::too_far) --totals_.excluded[static_cast<std::size_t>(Exclusion::redirects)];
    seen_.set(print, state);
    if (!planted(config_.faults, Fault::seen_not_written))
        out.writes.push_back({seen_key(print), std::string(1, static_cast<char>(state))});
    if (why) {
        ++totals_.excluded[static_cast<std::size_t>(*why)];
        return;
    }
    Host& host = *host_for(origin_of(found.url), found.domain);
    QueuedUrl url;
    url.referrer = without_origin(referrer, host.origin);
    enqueue(host, found, std::move(url), now, out);
}

Host* Frontier::host_for(std::string_view origin, const std::string& domain) {
    const auto known = by_origin_.find(origin);
    if (known != by_origin_.end()) return known->second;
    auto made = std::make_unique<Host>();
    Host* host = made.get();
    host->id = HostId(totals_.next_host++);
    host->origin = origin;
    host->domain = domain;
    if (restored_at_) host->pace.assume_spent(config_.pace, *restored_at_);
    by_origin_.emplace(host->origin, host);
    hosts_.emplace(host->id, std::move(made));
    return host;
}

void Frontier::enqueue(Host& host, const Found& found, QueuedUrl url, WallTime now, Decision& out) {
    url.seq = host.next_seq++;
    url.path = path_of(found.url);
    url.depth = found.depth;
    // A part of the host that brings nothing new waits behind everything else.
    const bool stale = host.novelty && host.novelty->is_stale(url.path);
    const std::uint8_t urgency = stale ? urgency_last : std::min(found.urgency, urgency_last);
    url.urgency = urgency;
    url.hops = found.hops;
    url.kind = found.kind;
    ++host.known;
    ++totals_.pending;
    add_entry(host, urgency, std::move(url), out);
    nudge(host, now);
}

void Frontier::add_entry(Host& host, std::uint8_t queue, QueuedUrl url, Decision& out) {
    out.writes.push_back({queue_key(host.id, queue, url.seq), queue_record(url)});
    ++host.stored[queue];
    UrlWindow& window = host.window(queue);
    const std::size_t before = window.size();
    window.add(std::move(url), window_max());
    loaded_ = loaded_ - before + window.size();
    touch(host);
}

// Few URLs of each host are enough once many hosts have some.
std::size_t Frontier::window_max() const {
    return loaded_ + asked_ < config_.loaded_urls_max ? config_.window_urls
                                                      : config_.window_urls_min;
}

}  // namespace sluice::crawl
