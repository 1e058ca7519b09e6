// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/politeness/rates.h"

#include "kernel/base/bytes.h"

#include <bit>

namespace sluice::crawl {
namespace {

constexpr std::uint64_t rates_version = 1;

void put_time(std::string& out, Duration time) {
    put_varint(out, static_cast<std::uint64_t>(time.count()));
}
Duration read_time(ByteReader& in) { return Duration{static_cast<std::int64_t>(in.varint())}; }

void put_rate(std::string& out, const std::optional<TokenBucketLimit>& rate) {
    put_varint(out, rate ? 1 : 0);
    if (!rate) return;
    put_varint(out, rate->tokens);
    put_time(out, rate->per);
    put_varint(out, rate->burst);
}
std::optional<TokenBucketLimit> read_rate(ByteReader& in) {
    if (in.varint() == 0) return std::nullopt;
    TokenBucketLimit rate;
    rate.tokens = in.varint();
    rate.per = read_time(in);
    rate.burst = in.varint();
    return rate;
}

/// Everything but how many requests may run at once.
void put_pace_and_rates(std::string& out, const Rates& rates) {
    const PaceConfig& pace = rates.pace;
    for (const Duration time :
         {pace.delay, pace.latency_delay_max, pace.crawl_delay_max, pace.backoff_base,
          pace.backoff_cap, pace.retry_after_max, pace.park})
        put_time(out, time);
    for (const std::uint32_t count : {pace.burst, pace.dead_connects_max, pace.parks_max})
        put_varint(out, count);
    put_varint(out, std::bit_cast<std::uint64_t>(pace.latency_factor));
    for (const GateLimit* gate : {&rates.gates.address, &rates.gates.domain, &rates.gates.crawl})
        put_rate(out, gate->rate);
    put_varint(out, rates.gates.patience);
}

Rates read_pace_and_rates(ByteReader& in) {
    Rates rates;
    PaceConfig& pace = rates.pace;
    for (Duration* time :
         {&pace.delay, &pace.latency_delay_max, &pace.crawl_delay_max, &pace.backoff_base,
          &pace.backoff_cap, &pace.retry_after_max, &pace.park})
        *time = read_time(in);
    for (std::uint32_t* count : {&pace.burst, &pace.dead_connects_max, &pace.parks_max})
        *count = static_cast<std::uint32_t>(in.varint());
    pace.latency_factor = std::bit_cast<double>(in.varint());
    for (GateLimit* gate : {&rates.gates.address, &rates.gates.domain, &rates.gates.crawl})
        gate->rate = read_rate(in);
    rates.gates.patience = static_cast<std::uint32_t>(in.varint());
    return rates;
}

}  // namespace

std::string rates_key() { return "P"; }

std::string rates_record(const Rates& rates, const Rates& begun_with) {
    std::string out, before;
    put_varint(out, rates_version);
    put_pace_and_rates(before, begun_with);
    put_string(out, before);
    put_pace_and_rates(out, rates);
    for (const GateLimit* gate : {&rates.gates.address, &rates.gates.domain, &rates.gates.crawl})
        put_varint(out, gate->running_max);
    return out;
}

Result<std::optional<Rates>> read_rates(std::string_view record, const Rates& begun_with) {
    std::string now;
    put_pace_and_rates(now, begun_with);
    ByteReader in(record);
    const bool known = in.varint() == rates_version;
    const bool same = in.string() == now;
    Rates rates = read_pace_and_rates(in);
    for (GateLimit* gate : {&rates.gates.address, &rates.gates.domain, &rates.gates.crawl})
        gate->running_max = static_cast<std::uint32_t>(in.varint());
    if (!known || !in.ok() || !in.at_end())
        return fail(Code::corrupt, "the crawl's rates, changed while it ran, cannot be read");
    return same ? std::optional(rates) : std::nullopt;
}

}  // namespace sluice::crawl
