// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/politeness/pace.h"

#include "kernel/algo/backoff.h"
#include "modules/crawl/core/politeness/faults.h"

#include <algorithm>

namespace sluice::crawl {

Duration Pace::delay(const PaceConfig& config) const {
    const double scaled = static_cast<double>(latency_.count()) * config.latency_factor;
    const double most = static_cast<double>(config.latency_delay_max.count());
    const Duration by_latency{static_cast<Duration::rep>(std::min(scaled, most))};
    Duration delay = std::max(config.delay, by_latency);
    if (!planted(config.faults, Fault::crawl_delay_ignored))
        delay = std::max(delay, std::min(crawl_delay_, config.crawl_delay_max));
    return delay;
}

// A Crawl-delay counts from the last start, also from that of the robots.txt that asked for it.
WallTime Pace::next(const PaceConfig& config) const {
    const bool asked = crawl_delay_ > Duration::zero();
    const auto burst = static_cast<std::int64_t>(std::max(config.burst, 1U));
    const Duration delay_now = delay(config);
    const WallTime by_rate = asked ? last_start_ + delay_now : full_at_ - delay_now * (burst - 1);
    return std::max(by_rate, paused_until_);
}

void Pace::started(const PaceConfig& config, WallTime now) {
    last_start_ = now;
    full_at_ = std::max(full_at_, now) + delay(config);
}

void Pace::assume_spent(const PaceConfig& config, WallTime now) {
    last_start_ = std::max(last_start_, now);
    full_at_ = std::max(full_at_, now + delay(config) * static_cast<std::int64_t>(config.burst));
}

void Pace::set_delay(const PaceConfig& config) {
    full_at_ = last_start_ + delay(config) * static_cast<std::int64_t>(std::max(config.burst, 1U));
}

void Pace::answered(const PaceConfig& config, const Answer& answer, WallTime now,
                    std::uint64_t random) {
    if (answer.kind == Answer::Kind::dead) {
        if (++dead_ < config.dead_connects_max) {
            paused_until_ = std::max(
                paused_until_, now + exponential_delay(config.backoff_base, config.backoff_cap,
                                                       dead_ - 1, random));
            return;
        }
        dead_ = 0;
        ++parks_;
        paused_until_ = std::max(paused_until_, now + config.park);
        return;
    }
    dead_ = 0;
    parks_ = 0;
    if (answer.latency > Duration::zero())
        latency_ = latency_ == Duration::zero() ? answer.latency
                                                : latency_ + (answer.latency - latency_) / 8;
    if (answer.kind == Answer::Kind::fine) {
        if (backoff_ > 0) --backoff_;
        return;
    }
    if (planted(config.faults, Fault::retry_after_ignored)) return;
    const Duration wait =
        answer.retry_after
            ? std::clamp(*answer.retry_after, Duration::zero(), config.retry_after_max)
            : exponential_delay(config.backoff_base, config.backoff_cap, backoff_, random);
    ++backoff_;
    paused_until_ = std::max(paused_until_, now + wait);
}

void Pace::put(std::string& out) const {
    for (const std::int64_t number : {to_ns(last_start_), to_ns(full_at_), to_ns(paused_until_),
                                      latency_.count(), crawl_delay_.count()})
        put_varint(out, static_cast<std::uint64_t>(number));
    for (const std::uint32_t number : {backoff_, dead_, parks_}) put_varint(out, number);
}

Pace Pace::read(ByteReader& in) {
    Pace pace;
    pace.last_start_ = wall_from_ns(static_cast<std::int64_t>(in.varint()));
    pace.full_at_ = wall_from_ns(static_cast<std::int64_t>(in.varint()));
    pace.paused_until_ = wall_from_ns(static_cast<std::int64_t>(in.varint()));
    pace.latency_ = Duration{static_cast<std::int64_t>(in.varint())};
    pace.crawl_delay_ = Duration{static_cast<std::int64_t>(in.varint())};
    pace.backoff_ = static_cast<std::uint32_t>(in.varint());
    pace.dead_ = static_cast<std::uint32_t>(in.varint());
    pace.parks_ = static_cast<std::uint32_t>(in.varint());
    return pace;
}

}  // namespace sluice::crawl
