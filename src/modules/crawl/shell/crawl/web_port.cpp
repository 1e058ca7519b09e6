// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/crawl/web_port.h"

#include "kernel/base/ascii.h"
#include "kernel/sync/clock.h"
#include "modules/crawl/core/frontier/host.h"

#include <iterator>
#include <optional>
#include <string>
#include <utility>

namespace sluice::crawl {
namespace {

constexpr std::size_t ready_max = 32;  // so that the owner begins while pages are still read

/// Under which a host that only has somebody's robots.txt is resolved. The frontier counts its
/// hosts from 1 and never comes here.
HostId moved_id(Ticket ticket) { return HostId((std::uint64_t{1} << 63U) | ticket.value()); }
bool is_moved(HostId id) { return (id.value() >> 63U) != 0; }

}  // namespace

Result<std::unique_ptr<WebPort>> WebPort::start(WebPortOptions options, const Outputs& outputs,
                                                Inbox& inbox) {
    std::unique_ptr<WebPort> port(new WebPort(std::move(options), outputs, inbox));
    WebPort* const self = port.get();
    SLUICE_TRY(port->resolver_, Resolver::start(port->options_.names, [self](Resolved resolved) {
                   if (is_moved(resolved.host)) {
                       self->moved_resolved(resolved);
                   } else {
                       (void)self->inbox_.push(Event{std::move(resolved)});
                   }
               }));
    for (std::uint32_t i = 0; i < port->options_.workers; ++i) {
        Lane* const lane =
            port->lanes_.emplace_back(std::make_unique<Lane>(port->options_.rules)).get();
        SLUICE_TRY(lane->loop,
                   FetchLoop::start(
                       port->options_.fetch, "crawl-fetch-" + std::to_string(i),
                       [self, lane](FetchAnswer&& answer) { self->done(*lane, answer); },
                       [self, lane] { self->hand_over(*lane); }));
    }
    return port;
}

WebPort::~WebPort() { stop(); }

bool WebPort::fetch(FetchOrder order, FetchLoop::Extra extra, std::uint64_t lane) {
    if (order.robots && order.address.empty()) return resolve_moved(std::move(order), lane);
    return lanes_[lane % lanes_.size()]->loop->fetch(std::move(order), std::move(extra));
}

bool WebPort::resolve_moved(FetchOrder order, std::uint64_t lane) {
    const HostId id = moved_id(order.ticket);
    std::string origin(origin_of(order.url));
    {
        MutexLock lock(moved_mutex_);
        moved_.emplace(id, Moved{std::move(order), lane});
    }
    if (!resolver_->resolve({id, std::move(origin)})) moved_resolved({id, {}});
    return true;
}

/// On the resolver's thread, or whoever cancels. Without an address the fetch ends as one whose
/// name has none.
void WebPort::moved_resolved(const Resolved& resolved) {
    std::optional<Moved> moved;
    {
        MutexLock lock(moved_mutex_);
        const auto found = moved_.find(resolved.host);
        if (found == moved_.end()) return;  // cancelled meanwhile
        moved = std::move(found->second);
        moved_.erase(found);
    }
    if (!resolved.addresses.empty()) moved->order.address = resolved.addresses.front();
    (void)lanes_[moved->lane % lanes_.size()]->loop->fetch(std::move(moved->order), {});
}

bool WebPort::resolve(ResolveOrder order) { return resolver_->resolve(std::move(order)); }

void WebPort::cancel_all() {
    std::vector<HostId> waiting;
    {
        MutexLock lock(moved_mutex_);
        for (const auto& [id, moved] : moved_) waiting.push_back(id);
    }
    for (const HostId id : waiting) moved_resolved({id, {}});
    for (const auto& lane : lanes_) lane->loop->cancel_all();
}

// A thread that brings an event does not wait: the inbox is closed, or has room for it.
void WebPort::stop() {
    for (const auto& lane : lanes_)
        if (lane->loop) lane->loop->stop();
    if (resolver_) resolver_->stop();
}

void WebPort::done(Lane& lane, const FetchAnswer& answer) {
    answer.order.robots ? robots_done(lane, answer) : page_done(lane, answer);
    if (lane.ready.size() >= ready_max) hand_over(lane);
}

/// Together, so that the owner is woken once and writes one batch of them. The inbox has room; once
/// it is closed nobody wants to know any more.
void WebPort::hand_over(Lane& lane) {
    if (lane.ready.empty()) return;
    (void)inbox_.push_all(lane.ready);
    lane.ready.clear();
}

void WebPort::page_done(Lane& lane, const FetchAnswer& answer) {
    PageReading& reading = lane.reading;
    lane.reader.read(answer, wall_now(), reading);
    const PageEnd::Kind kind = reading.end.kind;
    PageDone done;
    if (kind != PageEnd::Kind::put_back) {
        const std::string extracted = options_.extract && kind == PageEnd::Kind::fetched
                                          ? options_.extract(answer, reading)
                                          : std::string();
        done.rendered = outputs_.render(answer, reading, extracted);
        const bool had = kind == PageEnd::Kind::fetched;
        if (had && options_.on_page) options_.on_page(answer, reading);
        if (!had && kind != PageEnd::Kind::redirected && options_.on_error)
            options_.on_error(answer, reading);
    }
    // Only now: the outputs speak of all that a page has.
    if (kind == PageEnd::Kind::retry || kind == PageEnd::Kind::put_back) {
        reading.end.found.clear();  // the frontier does not take them then
    } else {
        lane.told.keep_news(reading.end.found);
    }
    if (options_.cookies) {
        for (const HttpHeader& header : answer.headers)
            if (equals_ignoring_case(header.name, "set-cookie"))
                done.cookies.push_back(header.value);
    }
    if (options_.remember_pages && kind != PageEnd::Kind::put_back) {
        const bool whole = answer.status == 200 || answer.status == 304;
        PageMemory& memory = done.memory.emplace();
        memory.depth = answer.order.depth;
        memory.kind = answer.order.kind;
        if (whole) memory.etag = answer.header("etag");
        if (whole) memory.last_modified = answer.header("last-modified");
        done.not_modified = answer.status == 304;
    }
    if (!done.cookies.empty() || done.memory) done.url = answer.order.url;
    // Few of the links are news; what held all of them is used again.
    std::vector<Found> news(std::make_move_iterator(reading.end.found.begin()),
                            std::make_move_iterator(reading.end.found.end()));
    std::swap(news, reading.end.found);
    done.end = std::move(reading.end);
    reading.end.found = std::move(news);
    lane.ready.emplace_back(std::move(done));
}

void WebPort::robots_done(Lane& lane, const FetchAnswer& answer) {
    RobotsDone done;
    done.cancelled = answer.fault == FetchFault::cancelled;
    if (done.cancelled) {
        done.end.ticket = answer.order.ticket;
    } else {
        done.end = lane.reader.read_robots(answer, wall_now());
        done.rendered = outputs_.render_robots(answer);
    }
    lane.ready.emplace_back(std::move(done));
}

}  // namespace sluice::crawl
