// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_http
// Lines of Set-Cookie headers from several hosts: limits hold, nothing leaves its domain, and the
// durable form is the same jar.
#include "kernel/base/check.h"
#include "modules/crawl/core/http/cookie_jar.h"
#include "modules/crawl/core/http/date.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::crawl;

constexpr CookieLimits limits{.cookie_bytes_max = 64,
                              .domain_count_max = 4,
                              .count_max = 8,
                              .bytes_max = 600,
                              .header_bytes_max = 100};
constexpr std::array<CookieRequest, 4> places = {
    CookieRequest{.host = "a.example.com", .path = "/x/y"},
    CookieRequest{.host = "b.a.example.com", .path = "/x", .secure = true},
    CookieRequest{.host = "127.0.0.1"}, CookieRequest{.host = "other.org", .path = "/?q"}};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    CookieJar jar(limits);
    WallTime now = wall_from_ns(1'300'000'000LL * 1'000'000'000);
    for (std::size_t i = 0; !bytes.empty(); ++i) {
        const std::string_view line = bytes.substr(0, bytes.find('\n'));
        bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
        static_cast<void>(parse_cookie_date(line));
        static_cast<void>(parse_http_date(line, now));
        jar.set(places[i % 3], line, now);
        now += 1s;
        SLUICE_CHECK(jar.size() <= limits.count_max && jar.bytes() <= limits.bytes_max);
    }
    SLUICE_CHECK(jar.header(places[3], now).empty());
    CookieJar other(limits);
    SLUICE_CHECK(other.decode(jar.encode()).has_value());
    for (const CookieRequest& place : places) {
        const std::string header = jar.header(place, now);
        SLUICE_CHECK(header.size() <= limits.header_bytes_max);
        SLUICE_CHECK(other.header(place, now) == header);
    }
    jar.expire(WallTime::max());
    SLUICE_CHECK(jar.size() == 0 && jar.bytes() == 0);
    const std::string raw(reinterpret_cast<const char*>(data), size);
    if (!other.decode(raw)) SLUICE_CHECK(other.size() == 0);
    return 0;
}
