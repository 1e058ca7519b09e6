// SPDX-License-Identifier: Apache-2.0
// The frontier's records on disk. A change of any of them gets a new version number here, and
// readers keep reading the old ones.
#include "kernel/base/bytes.h"
#include "kernel/base/check.h"
#include "modules/crawl/core/frontier/host.h"
#include "modules/crawl/core/frontier/seen_set.h"

#include <algorithm>

namespace sluice::crawl {
namespace {

constexpr std::uint64_t version = 1;
constexpr std::uint64_t queue_version = 2;  // 1 had no referrer
constexpr auto written_off_last = static_cast<std::uint64_t>(WrittenOff::given_up);
// First letters of the keys.
constexpr char host_letter = 'H', queue_letter = 'Q', robots_letter = 'R', seen_letter = 'S',
               totals_letter = 'T';

Error corrupt(std::string_view what) {
    return fail(Code::corrupt, "the crawl's " + std::string(what) + " cannot be read");
}

}  // namespace

std::string_view origin_of(std::string_view url) {
    const std::size_t scheme = url.find("://");
    SLUICE_CHECK(scheme != std::string_view::npos);
    return url.substr(0, url.find('/', scheme + 3));
}

std::string_view host_name_of(std::string_view origin) {
    origin.remove_prefix(std::min(origin.find("://") + 3, origin.size()));
    // A colon inside brackets belongs to the address.
    const std::size_t port = origin.rfind(':');
    const bool has_port = port != origin.npos && origin.find(']', port) == origin.npos;
    return has_port ? origin.substr(0, port) : origin;
}

std::string_view path_of(std::string_view url) { return url.substr(origin_of(url).size()); }

std::string host_key(HostId host) {
    std::string key(1, host_letter);
    put_big_endian(key, host.value());
    return key;
}

std::string host_record(const Host& host) {
    std::string out;
    put_varint(out, version);
    put_string(out, host.origin);
    put_string(out, host.domain);
    for (const std::uint64_t count : host.stored) put_varint(out, count);
    put_varint(out, host.next_seq);
    host.pace.put(out);
    put_varint(out, static_cast<std::uint64_t>(host.written_off));
    for (const std::uint64_t count :
         {host.known, host.fetched, host.failed, host.excluded, host.bytes})
        put_varint(out, count);
    return out;
}

Result<Host> read_host(std::string_view key, std::string_view record) {
    ByteReader name(key), in(record);
    Host host;
    const bool is_host = name.take(1) == std::string_view(&host_letter, 1);
    host.id = HostId(name.big_endian());
    if (!is_host || !name.ok() || in.varint() != version) return corrupt("record of a host");
    host.origin = in.string();
    host.domain = in.string();
    for (std::uint64_t& count : host.stored) count = in.varint();
    host.next_seq = in.varint();
    host.pace = Pace::read(in);
    const std::uint64_t written_off = in.varint();
    for (std::uint64_t* count :
         {&host.known, &host.fetched, &host.failed, &host.excluded, &host.bytes})
        *count = in.varint();
    if (!in.ok() || !in.at_end() || written_off > written_off_last)
        return corrupt("record of a host");
    host.written_off = static_cast<WrittenOff>(written_off);
    return host;
}

std::string robots_key(HostId host) {
    std::string key(1, robots_letter);
    put_big_endian(key, host.value());
    return key;
}

std::string robots_record(const HostRobots& robots) {
    std::string out;
    put_varint(out, version);
    put_varint(out, robots.rules ? 1 : 0);
    if (robots.rules) put_string(out, robots.rules->encode());
    for (const WallTime time : {robots.expires, robots.failing_since, robots.ask_again})
        put_varint(out, static_cast<std::uint64_t>(to_ns(time)));
    put_varint(out, robots.failures);
    return out;
}

Result<HostRobots> read_robots(std::string_view record) {
    ByteReader in(record);
    if (in.varint() != version) return corrupt("record of a robots.txt");
    HostRobots robots;
    if (in.varint() != 0) {
        auto rules = RobotsRules::decode(in.string());
        if (!rules) return std::move(rules).error();
        robots.rules = std::make_shared<const RobotsRules>(std::move(*rules));
    }
    for (WallTime* time : {&robots.expires, &robots.failing_since, &robots.ask_again})
        *time = wall_from_ns(static_cast<std::int64_t>(in.varint()));
    robots.failures = static_cast<std::uint32_t>(in.varint());
    if (!in.ok() || !in.at_end()) return corrupt("record of a robots.txt");
    return robots;
}

std::string queue_key(HostId host, std::uint8_t queue, std::uint64_t seq) {
    std::string key(1, queue_letter);
    put_big_endian(key, host.value());
    key.push_back(static_cast<char>(queue));
    put_big_endian(key, seq);
    return key;
}

std::string queue_record(const QueuedUrl& url) {
    std::string out;
    put_varint(out, queue_version);
    put_varint(out, url.depth);
    put_varint(out, url.urgency);
    put_varint(out, url.hops);
    put_varint(out, url.attempts);
    put_varint(out, static_cast<std::uint64_t>(url.kind));
    put_string(out, url.path);
    put_string(out, url.referrer);
    return out;
}

Result<QueuedUrl> read_queued(std::string_view key, std::string_view record) {
    ByteReader name(key), in(record);
    QueuedUrl url;
    const bool is_queue = name.take(1) == std::string_view(&queue_letter, 1);
    name.take(9);
    url.seq = name.big_endian();
    const std::uint64_t written_as = in.varint();
    if (!is_queue || !name.ok() || written_as < 1 || written_as > queue_version)
        return corrupt("entry of a queue");
    url.depth = static_cast<std::uint32_t>(in.varint());
    url.urgency = static_cast<std::uint8_t>(in.varint());
    url.hops = static_cast<std::uint8_t>(in.varint());
    url.attempts = static_cast<std::uint8_t>(in.varint());
    const std::uint64_t kind = in.varint();
    url.path = in.string();
    if (written_as > 1) url.referrer = in.string();
    if (!in.ok() || !in.at_end() || kind > 1 || url.urgency >= retry_queue)
        return corrupt("entry of a queue");
    url.kind = static_cast<UrlKind>(kind);
    return url;
}

std::string seen_key(const Fingerprint& print) {
    std::string key(1, seen_letter);
    put_big_endian(key, print.high);
    put_big_endian(key, print.low);
    return key;
}

std::string totals_key() { return std::string(1, totals_letter); }

std::string totals_record(const CrawlTotals& totals) {
    std::string out;
    put_varint(out, version);
    for (const std::uint64_t count :
         {totals.seen, totals.pending, totals.fetched, totals.redirected, totals.retried,
          totals.bytes, totals.robots_fetched, totals.next_host})
        put_varint(out, count);
    for (const std::uint64_t count : totals.failed) put_varint(out, count);
    for (const std::uint64_t count : totals.excluded) put_varint(out, count);
    return out;
}

Result<CrawlTotals> read_totals(std::string_view record) {
    ByteReader in(record);
    if (in.varint() != version) return corrupt("counters");
    CrawlTotals totals;
    for (std::uint64_t* count :
         {&totals.seen, &totals.pending, &totals.fetched, &totals.redirected, &totals.retried,
          &totals.bytes, &totals.robots_fetched, &totals.next_host})
        *count = in.varint();
    for (std::uint64_t& count : totals.failed) count = in.varint();
    for (std::uint64_t& count : totals.excluded) count = in.varint();
    if (!in.ok() || !in.at_end() || !totals.adds_up()) return corrupt("counters");
    return totals;
}

}  // namespace sluice::crawl
