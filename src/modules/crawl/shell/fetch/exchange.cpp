// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/fetch/exchange.h"

#include "kernel/sync/clock.h"

#include <algorithm>
#include <utility>

namespace sluice::crawl {

namespace {

/// Memory of a body that is kept for the next one.
constexpr std::size_t spare_body_max = 128 * 1024;

}  // namespace

bool is_plain_text(std::string_view text, bool with_blanks) {
    return std::all_of(text.begin(), text.end(), [with_blanks](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte > 0x20 ? byte != 0x7F : with_blanks && (c == ' ' || c == '\t');
    });
}

void Exchange::begin_exchange(FetchOrder order) {
    answer_.order = std::move(order);
    began_ = phase_began_ = monotonic_now();
    phase_ = Phase::connecting;
    again_ = false;
}

bool Exchange::check_address() {
    const std::string& ordered = answer_.order.address;
    if (ordered.empty()) return refuse(FetchFault::dns, "its name has no address to connect to");
    if (ordered != address_text_) {
        address_text_ = ordered;
        address_.clear();
        const auto parsed = IpAddress::parse(ordered);
        if (!parsed) return refuse(FetchFault::blocked, "no address to connect to");
        ip_ = *parsed;
        if (shared_.config.rules.allows_address(ip_)) address_ = ip_.text();
    }
    return !address_.empty() ||
           refuse(FetchFault::blocked, "the outbound policy does not allow " + ordered);
}

bool Exchange::write_extras(const FetchLoop::Extra& extra, std::string (&lines)[extras_max]) {
    const std::pair<std::string_view, const std::string&> fields[extras_max] = {
        {"Cookie: ", extra.cookie},
        {"If-None-Match: ", extra.if_none_match},
        {"If-Modified-Since: ", extra.if_modified_since},
        {"Referer: ", extra.referer}};
    for (std::size_t i = 0; i < extras_max; ++i) {
        const auto& [name, value] = fields[i];
        lines[i].clear();
        if (value.empty()) continue;
        if (!is_plain_text(value, true)) {
            return refuse(FetchFault::protocol,
                          "a value of the request has control characters in it");
        }
        lines[i] = name;
        lines[i] += value;
    }
    return true;
}

void Exchange::heard(std::size_t bytes) {
    phase_began_ = monotonic_now();
    if (phase_ != Phase::receiving) {
        phase_ = Phase::receiving;
        answer_.latency = phase_began_ - began_;
        speed_since_ = phase_began_;
        speed_bytes_ = 0;
    }
    speed_bytes_ += bytes;
}

void Exchange::begin_asking() {
    phase_ = Phase::asking;
    phase_began_ = monotonic_now();
}

bool Exchange::refuse(FetchFault fault, std::string detail) {
    answer_.fault = fault;
    answer_.detail = std::move(detail);
    return false;
}

void Exchange::abort(FetchFault fault, std::string detail) {
    answer_.took = monotonic_now() - began_;
    refuse(fault, std::move(detail));
}

void Exchange::recycle() {
    auto body = std::move(answer_.body);
    auto headers = std::move(answer_.headers);
    auto head = std::move(answer_.request_head);
    body.clear();
    headers.clear();
    head.clear();
    if (body.capacity() > spare_body_max) body = {};
    answer_ = FetchAnswer{};
    answer_.body = std::move(body);
    answer_.headers = std::move(headers);
    answer_.request_head = std::move(head);
}

ResponseHead::Limits Exchange::head_limits() const {
    return {shared_.config.header_bytes_max, shared_.config.header_count_max};
}

std::string Exchange::head_problem(ResponseHead::Verdict verdict) const {
    if (verdict == ResponseHead::Verdict::too_many_fields)
        return "more than " + std::to_string(shared_.config.header_count_max) + " headers";
    return "the headers are longer than the limit of " +
           std::to_string(shared_.config.header_bytes_max) + " bytes";
}

Instant Exchange::deadline() const {
    const auto& config = shared_.config;
    Instant at = began_ + config.total_timeout;
    switch (phase_) {
        case Phase::connecting: at = std::min(at, began_ + config.connect_timeout); break;
        case Phase::asking: at = std::min(at, phase_began_ + config.first_byte_timeout); break;
        case Phase::receiving:
            at = std::min(at, phase_began_ + config.idle_timeout);
            if (config.speed_min > 0) at = std::min(at, speed_since_ + config.speed_window);
            break;
    }
    return at;
}

std::optional<std::string> Exchange::lateness(Instant now) {
    const auto& config = shared_.config;
    if (now >= began_ + config.total_timeout) return "not complete in time";
    switch (phase_) {
        case Phase::connecting:
            if (now >= began_ + config.connect_timeout) return "no connection in time";
            break;
        case Phase::asking:
            if (now >= phase_began_ + config.first_byte_timeout) return "no answer in time";
            break;
        case Phase::receiving:
            if (now >= phase_began_ + config.idle_timeout) return "the answer has stopped coming";
            if (config.speed_min > 0 && now >= speed_since_ + config.speed_window) {
                const auto seconds = to_seconds(now - speed_since_);
                if (static_cast<double>(speed_bytes_) <
                    static_cast<double>(config.speed_min) * seconds) {
                    return "the answer comes too slowly";
                }
                speed_since_ = now;
                speed_bytes_ = 0;
            }
            break;
    }
    return std::nullopt;
}

}  // namespace sluice::crawl
