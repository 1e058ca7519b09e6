// SPDX-License-Identifier: Apache-2.0
// Dates of sitemaps and feeds.
#include "kernel/base/ascii.h"
#include "modules/crawl/core/http/date.h"
#include "modules/crawl/core/sitemap/sitemap.h"

#include <algorithm>

namespace sluice::crawl {

namespace {

bool digits(std::string_view text, std::size_t from, std::size_t count) {
    if (text.size() < from + count) return false;
    const auto part = text.substr(from, count);
    return std::all_of(part.begin(), part.end(), is_ascii_digit);
}

/// The offset of "+0200" at the end, 0 where there is none.
Duration zone_of(std::string_view text) {
    if (text.size() < 6) return Duration{0};
    const std::string_view zone = text.substr(text.size() - 5);
    if ((zone[0] != '+' && zone[0] != '-') || !digits(zone, 1, 4)) return Duration{0};
    const Duration offset = std::chrono::hours{(zone[1] - '0') * 10 + (zone[2] - '0')} +
                            std::chrono::minutes{(zone[3] - '0') * 10 + (zone[4] - '0')};
    return zone[0] == '+' ? offset : -offset;
}

}  // namespace

Result<WallTime> parse_sitemap_date(std::string_view text) {
    text = trim_ascii(text);
    if (!digits(text, 0, 4) || (text.size() > 4 && text[4] != '-')) {
        SLUICE_TRY(const WallTime local, parse_cookie_date(text));
        return local - zone_of(text);
    }
    std::string full(text);
    if (full.size() == 4) full += "-01";
    if (full.size() == 7) full += "-01";
    if (full.size() == 10) full += "T00:00:00Z";
    // "2005-01-01T12:00+02:00": seconds may be missing, and the zone.
    if (full.size() >= 16 && (full.size() == 16 || full[16] != ':')) full.insert(16, ":00");
    const std::string_view behind =
        std::string_view(full).substr(std::min<std::size_t>(19, full.size()));
    if (behind.find_first_of("Zz+-") == std::string_view::npos) full += 'Z';
    if (full.size() > 10 && full[10] == ' ') full[10] = 'T';
    // "+0200" as many write it
    if (zone_of(full) != Duration{0} || full.ends_with("+0000")) full.insert(full.size() - 2, ":");
    return parse_rfc3339(full);
}

}  // namespace sluice::crawl
