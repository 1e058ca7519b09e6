// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/url/canonical.h"

#include "modules/crawl/core/url/percent.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <vector>

namespace sluice::crawl {
namespace {

// Keys of sessions, lower case. "sid" counts only with a value that looks like one.
constexpr std::string_view session_keys[] = {"jsessionid", "phpsessid", "sessionid", "session_id",
                                             "sessid",     "cfid",      "cftoken"};
constexpr std::string_view session_prefix = "aspsessionid";
constexpr std::size_t session_value_min = 16;
constexpr std::string_view tracking_keys[] = {"gclid",  "dclid",  "fbclid", "msclkid", "yclid",
                                              "mc_cid", "mc_eid", "igshid", "gbraid",  "wbraid"};
constexpr std::string_view tracking_prefix = "utm_";
constexpr std::string_view path_session = ";jsessionid=";

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
    return text.size() == lower_case.size() &&
           std::equal(text.begin(), text.end(), lower_case.begin(),
                      [](char a, char b) { return lower(a) == b; });
}

bool starts_ignoring_case(std::string_view text, std::string_view lower_case) {
    return equals_ignoring_case(text.substr(0, lower_case.size()), lower_case);
}

bool is_unreserved(char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

// "%", and what the URL standard leaves as it is in paths and queries and RFC 3986 does not allow
// there.
consteval std::array<bool, 256> make_normalised() {
    std::array<bool, 256> bytes{};
    for (const char c : std::string_view("%[]^`|\\{}")) bytes[static_cast<unsigned char>(c)] = true;
    return bytes;
}

constexpr std::array<bool, 256> normalised = make_normalised();

bool is_normalised(char c) { return normalised[static_cast<unsigned char>(c)]; }

/// Whether append_normal_percent() would change something, or might.
bool has_normalised(std::string_view text) {
    return std::any_of(text.begin(), text.end(), is_normalised);
}

void append_normal_percent(std::string_view text, std::string& out) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            if (is_normalised(text[i]))
                append_percent_byte(text[i], out);
            else
                out += text[i];
        } else if (!is_percent_triplet(text, i)) {
            out += "%25";
        } else {
            const auto byte =
                static_cast<char>(hex_value(text[i + 1]) << 4U | hex_value(text[i + 2]));
            if (is_unreserved(byte))
                out += byte;
            else
                append_percent_byte(byte, out);
            i += 2;
        }
    }
}

bool is_session_part(std::string_view key, std::string_view value) {
    if (starts_ignoring_case(key, session_prefix)) return true;
    if (equals_ignoring_case(key, "sid"))
        return value.size() >= session_value_min &&
               std::all_of(value.begin(), value.end(), is_hex_digit);
    return std::any_of(std::begin(session_keys), std::end(session_keys),
                       [key](std::string_view name) { return equals_ignoring_case(key, name); });
}

bool is_tracking_key(std::string_view key) {
    if (starts_ignoring_case(key, tracking_prefix)) return true;
    return std::any_of(std::begin(tracking_keys), std::end(tracking_keys),
                       [key](std::string_view name) { return equals_ignoring_case(key, name); });
}

bool is_dropped(std::string_view part, const CanonicalRules& rules) {
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string_view key = part.substr(0, equals);
    const std::string_view value = part.substr(std::min(equals + 1, part.size()));
    return (rules.drop_session_ids && is_session_part(key, value)) ||
           (rules.drop_tracking && is_tracking_key(key));
}

/// Calls `take` with each part between "&".
template <class Take>
void for_each_part(std::string_view query, const Take& take) {
    while (true) {
        const std::size_t end = query.find('&');
        take(query.substr(0, end));
        if (end == std::string_view::npos) return;
        query.remove_prefix(end + 1);
    }
}

/// By key, then by what follows.
bool is_before(std::string_view a, std::string_view b) {
    const std::string_view key_a = a.substr(0, a.find('='));
    const std::string_view key_b = b.substr(0, b.find('='));
    return key_a != key_b ? key_a < key_b : a < b;
}

std::string canonical_query(std::string_view query, const CanonicalRules& rules) {
    std::string normal;
    if (rules.normalise_percent && has_normalised(query)) {
        append_normal_percent(query, normal);
        query = normal;
    }
    if (!rules.sort_query && !rules.drop_session_ids && !rules.drop_tracking)
        return std::string(query);
    std::vector<std::string_view> parts;
    bool dropped = false;
    for_each_part(query, [&](std::string_view part) {
        if (is_dropped(part, rules))
            dropped = true;
        else if (!part.empty() || !rules.sort_query)
            parts.push_back(part);
    });
    if (!dropped && !rules.sort_query) return std::string(query);
    if (rules.sort_query) std::sort(parts.begin(), parts.end(), is_before);
    std::string out;
    for (const std::string_view& part : parts) {
        if (&part != &parts.front()) out += '&';
        out += part;
    }
    return out;
}

/// Removes ";jsessionid=…" up to the end of its segment or the next parameter.
void drop_path_session(std::string& path) {
    for (std::size_t at = path.find(';'); at != std::string::npos; at = path.find(';', at)) {
        if (starts_ignoring_case(std::string_view(path).substr(at), path_session))
            path.erase(at, path.find_first_of("/;", at + 1) - at);
        else
            ++at;
    }
}

std::string canonical_path(std::string_view path, const CanonicalRules& rules) {
    std::string out;
    if (rules.normalise_percent)
        append_normal_percent(path, out);
    else
        out = path;
    if (rules.drop_session_ids) drop_path_session(out);
    if (rules.merge_slashes) {
        const auto end = std::unique(out.begin(), out.end(),
                                     [](char a, char b) { return a == '/' && b == '/'; });
        out.erase(end, out.end());
    }
    return out;
}

/// What the rules have to know of a path, found in one go.
struct PathLook {
    bool normalised = false;  ///< append_normal_percent() would change something, or might
    bool semicolon = false;
    bool double_slash = false;
    std::size_t segments = 0;  ///< those that are not empty
};

// As bits of one byte.
constexpr std::uint8_t look_normalised = 1, look_semicolon = 2, look_slash = 4;

consteval std::array<std::uint8_t, 256> make_look() {
    std::array<std::uint8_t, 256> bytes{};
    for (std::size_t c = 0; c < 256; ++c) bytes[c] = normalised[c] ? look_normalised : 0;
    bytes[';'] = look_semicolon;
    bytes['/'] = look_slash;
    return bytes;
}

constexpr std::array<std::uint8_t, 256> look_bytes = make_look();

PathLook look_at(std::string_view path) {
    unsigned found = 0, twice = 0, before = 0;
    std::size_t segments = 0;
    for (const char c : path) {  // without a branch: slashes come when they like
        const unsigned bits = look_bytes[static_cast<unsigned char>(c)];
        found |= bits;
        twice |= before & bits;
        segments += (before & ~bits) / look_slash;
        before = bits & look_slash;
    }
    return {(found & look_normalised) != 0, (found & look_semicolon) != 0, twice != 0, segments};
}

/// Takes the first segment off a path that begins with a slash.
std::string_view take_segment(std::string_view& path) {
    path.remove_prefix(1);
    std::size_t end = 0;
    while (end < path.size() && path[end] != '/') ++end;
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    return segment;
}

constexpr std::size_t few_segments = 16;

/// Whether one segment of the path occurs more than `repeats_max` times.
bool has_repeats(std::string_view path, std::size_t count, std::size_t repeats_max) {
    std::array<std::string_view, few_segments> few;
    std::vector<std::string_view> many(count > few.size() ? count : 0);
    const std::span<std::string_view> segments =
        many.empty() ? std::span(few).first(count) : std::span(many);
    std::size_t filled = 0;
    for (std::string_view rest = path; !rest.empty();)
        if (const std::string_view segment = take_segment(rest); !segment.empty())
            segments[filled++] = segment;
    if (many.empty()) {
        // The one that is one too many has the others before it.
        for (std::size_t i = repeats_max; i < count; ++i) {
            const auto before = segments.first(i);
            const auto same = std::count(before.begin(), before.end(), segments[i]);
            if (static_cast<std::size_t>(same) >= repeats_max) return true;
        }
        return false;
    }
    std::sort(segments.begin(), segments.end());
    for (std::size_t i = repeats_max; i < count; ++i)
        if (segments[i] == segments[i - repeats_max]) return true;
    return false;
}

UrlRefusal check_path(std::string_view path, std::size_t count, const ShapeLimits& limits) {
    if (limits.segments_max != 0 && count > limits.segments_max)
        return UrlRefusal::too_many_segments;
    if (limits.repeats_max == 0 || count <= limits.repeats_max) return UrlRefusal::none;
    return has_repeats(path, count, limits.repeats_max) ? UrlRefusal::repeated_segment
                                                        : UrlRefusal::none;
}

/// Whether a name of at most 63 bytes has an empty label, the only fault that it can have.
bool has_empty_label(std::string_view domain) {
    bool found = domain.empty();
    char before = '.';
    for (const char c : domain) {
        found |= c == '.' && before == '.';
        before = c;
    }
    return found || before == '.';
}

/// Gives what it has found of the path as it is then.
PathLook canonical_parts(Url& url, const CanonicalRules& rules) {
    const std::string_view path = url.pathname();
    PathLook look = look_at(path);
    const bool plain_path = (!rules.normalise_percent || !look.normalised) &&
                            (!rules.drop_session_ids || !look.semicolon) &&
                            (!rules.merge_slashes || !look.double_slash);
    if (!plain_path) {
        const std::string changed = canonical_path(path, rules);
        if (changed != path) url.set_pathname(changed);
        look = look_at(url.pathname());
    }
    if (const auto query = url.query()) {
        const std::string changed = canonical_query(*query, rules);
        if (changed.empty() && (rules.drop_empty_query || !query->empty()))
            url.set_search("");
        else if (changed != *query)
            url.set_search("?" + changed);
    }
    if (rules.drop_host_dot && url.hostname().ends_with('.')) {
        std::string host(url.hostname());
        while (host.size() > 1 && host.ends_with('.')) host.pop_back();
        url.set_hostname(host);
    }
    return look;
}

UrlRefusal check_parts(const Url& url, const ShapeLimits& limits, const PathLook& look) {
    if (url.host_kind() == HostKind::domain && !fits_name_system(url.hostname()))
        return UrlRefusal::host_length;
    if (limits.bytes_max != 0 && url.without_fragment().size() > limits.bytes_max)
        return UrlRefusal::too_long;
    const UrlRefusal path = check_path(url.pathname(), look.segments, limits);
    if (path != UrlRefusal::none) return path;
    if (limits.query_keys_max == 0 || !url.query()) return UrlRefusal::none;
    std::size_t keys = 0;
    for_each_part(*url.query(), [&keys](std::string_view part) { keys += part.empty() ? 0 : 1; });
    return keys > limits.query_keys_max ? UrlRefusal::too_many_query_keys : UrlRefusal::none;
}

}  // namespace

std::string_view to_string(UrlRefusal refusal) {
    switch (refusal) {
        case UrlRefusal::none: return "none";
        case UrlRefusal::not_a_url: return "not_a_url";
        case UrlRefusal::scheme: return "scheme";
        case UrlRefusal::host_length: return "host_length";
        case UrlRefusal::too_long: return "too_long";
        case UrlRefusal::too_many_segments: return "too_many_segments";
        case UrlRefusal::repeated_segment: return "repeated_segment";
        case UrlRefusal::too_many_query_keys: return "too_many_query_keys";
    }
    return "unknown";
}

bool fits_name_system(std::string_view domain) {
    constexpr std::size_t label_max = 63;
    constexpr std::size_t domain_max = 253;
    if (domain.ends_with('.')) domain.remove_suffix(1);
    if (domain.size() <= label_max) return !has_empty_label(domain);
    if (domain.size() > domain_max) return false;
    while (true) {
        const std::size_t end = domain.find('.');
        const std::size_t length = std::min(end, domain.size());
        if (length == 0 || length > label_max) return false;
        if (end == std::string_view::npos) return true;
        domain.remove_prefix(end + 1);
    }
}

void make_canonical(Url& url, const CanonicalRules& rules) {
    url.remove_fragment();
    if (url.is_http()) (void)canonical_parts(url, rules);
}

UrlRefusal check_shape(const Url& url, const ShapeLimits& limits) {
    if (!url.is_http()) return UrlRefusal::scheme;
    return check_parts(url, limits, look_at(url.pathname()));
}

LinkVerdict resolve_link(Url& out, std::string_view link, const Url* base, const LinkRules& rules) {
    const UrlFault fault = parse_url_into(out, link, base, rules.parsing);
    if (fault != UrlFault::none) return {UrlRefusal::not_a_url, fault};
    if (!out.is_http()) return {UrlRefusal::scheme, UrlFault::none};
    out.remove_fragment();
    const PathLook look = canonical_parts(out, rules.canonical);
    return {check_parts(out, rules.shape, look), UrlFault::none};
}

}  // namespace sluice::crawl
