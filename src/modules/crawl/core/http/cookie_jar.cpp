// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/http/cookie_jar.h"

#include "kernel/base/ascii.h"
#include "kernel/base/bytes.h"
#include "modules/crawl/core/http/public_suffix.h"

#include <algorithm>
#include <utility>

namespace sluice::crawl {

namespace {

constexpr char format_version = 1;

/// RFC 6265, 5.1.3.
bool domain_matches(std::string_view host, std::string_view domain) {
    if (host == domain) return true;
    return host.size() > domain.size() && host.ends_with(domain) &&
           host[host.size() - domain.size() - 1] == '.' && !is_address(host);
}

}  // namespace

bool CookieJar::is_public(std::string_view domain) const {
    if (suffixes_ != nullptr) return suffixes_->is_suffix(domain);
    return domain.find('.') == std::string_view::npos;
}

/// RFC 6265, 5.3 steps 4 to 10; makes the cookie host-only where the domain is its own suffix.
bool CookieJar::accepts(const CookieRequest& request, SetCookie& cookie) const {
    const std::size_t size = cookie.name.size() + cookie.value.size();
    if (size > limits_.cookie_bytes_max || cookie.path.size() > limits_.cookie_bytes_max) {
        return false;
    }
    if (cookie.secure && !request.secure) return false;
    if (!cookie.domain.empty() && is_public(cookie.domain)) {
        if (cookie.domain != request.host) return false;
        cookie.domain.clear();
    }
    if (!cookie.domain.empty() && !domain_matches(request.host, cookie.domain)) return false;
    if (starts_with_ignoring_case(cookie.name, "__Secure-") && !cookie.secure) return false;
    if (starts_with_ignoring_case(cookie.name, "__Host-")) {
        return cookie.secure && cookie.domain.empty() && cookie.path == "/";
    }
    return true;
}

bool CookieJar::set(const CookieRequest& request, std::string_view header, WallTime now) {
    auto parsed = parse_set_cookie(header);
    if (!parsed || request.host.empty() || !accepts(request, *parsed)) return false;
    Cookie cookie{.name = std::move(parsed->name),
                  .value = std::move(parsed->value),
                  .path = std::move(parsed->path),
                  .host_only = parsed->domain.empty(),
                  .secure = parsed->secure,
                  .http_only = parsed->http_only};
    if (cookie.path.empty()) cookie.path = default_cookie_path(request.path);
    if (parsed->max_age) {
        const bool for_ever = WallTime::max() - now <= *parsed->max_age;
        cookie.expires = for_ever ? WallTime::max() : now + *parsed->max_age;
    } else if (parsed->expires) {
        cookie.expires = *parsed->expires;
    }
    store(parsed->domain.empty() ? std::string(request.host) : parsed->domain, std::move(cookie),
          now);
    return true;
}

std::size_t CookieJar::bytes_of(const Cookie& cookie, std::size_t domain_bytes) {
    return cookie.name.size() + cookie.value.size() + cookie.path.size() + domain_bytes;
}

void CookieJar::remove(std::vector<Cookie>& cookies, std::size_t index, std::size_t domain_bytes) {
    bytes_ -= bytes_of(cookies[index], domain_bytes);
    --count_;
    cookies.erase(cookies.begin() + static_cast<std::ptrdiff_t>(index));
}

void CookieJar::store(const std::string& domain, Cookie cookie, WallTime now) {
    cookie.sequence = ++sequence_;
    auto at = domains_.find(domain);
    if (at != domains_.end()) {
        std::vector<Cookie>& all = at->second;
        const auto same = std::find_if(all.begin(), all.end(), [&](const Cookie& other) {
            return other.name == cookie.name && other.path == cookie.path &&
                   other.host_only == cookie.host_only;
        });
        if (same != all.end()) {
            cookie.sequence = same->sequence;
            remove(all, static_cast<std::size_t>(same - all.begin()), domain.size());
        }
        if (all.empty()) domains_.erase(at);
    }
    if (cookie.expires <= now) return;
    const std::size_t size = bytes_of(cookie, domain.size());
    if (size > limits_.bytes_max) return;
    make_room(domain, now);
    while (count_ > 0 && (count_ >= limits_.count_max || bytes_ + size > limits_.bytes_max)) {
        remove_oldest();
    }
    bytes_ += size;
    ++count_;
    domains_[domain].push_back(std::move(cookie));
}

/// Lets the oldest cookies of a domain that is full go, the expired ones of all first.
void CookieJar::make_room(const std::string& domain, WallTime now) {
    if (count_ >= limits_.count_max) expire(now);
    const auto at = domains_.find(domain);
    if (at == domains_.end()) return;
    std::vector<Cookie>& all = at->second;
    while (!all.empty() && all.size() >= limits_.domain_count_max) {
        const auto oldest = std::min_element(
            all.begin(), all.end(),
            [](const Cookie& a, const Cookie& b) { return a.sequence < b.sequence; });
        remove(all, static_cast<std::size_t>(oldest - all.begin()), domain.size());
    }
    if (all.empty()) domains_.erase(at);
}

void CookieJar::remove_oldest() {
    Domain where = domains_.end();
    std::size_t index = 0;
    for (auto at = domains_.begin(); at != domains_.end(); ++at) {
        for (std::size_t i = 0; i < at->second.size(); ++i) {
            const bool older =
                where == domains_.end() || at->second[i].sequence < where->second[index].sequence;
            if (!older) continue;
            where = at;
            index = i;
        }
    }
    if (where == domains_.end()) return;
    remove(where->second, index, where->first.size());
    if (where->second.empty()) domains_.erase(where);
}

void CookieJar::expire(WallTime now) {
    for (auto at = domains_.begin(); at != domains_.end();) {
        std::vector<Cookie>& all = at->second;
        for (std::size_t i = all.size(); i-- > 0;) {
            if (all[i].expires <= now) remove(all, i, at->first.size());
        }
        at = all.empty() ? domains_.erase(at) : std::next(at);
    }
}

std::string CookieJar::header(const CookieRequest& request, WallTime now) const {
    std::vector<const Cookie*> sent;
    std::string_view domain = request.host;
    while (!domain.empty()) {
        if (const auto at = domains_.find(domain); at != domains_.end()) {
            for (const Cookie& cookie : at->second) {
                if (cookie.host_only && domain.size() != request.host.size()) continue;
                if (cookie.secure && !request.secure) continue;
                if (cookie.expires <= now) continue;
                if (cookie_path_matches(request.path, cookie.path)) sent.push_back(&cookie);
            }
        }
        const std::size_t dot = domain.find('.');
        if (dot == std::string_view::npos || is_address(request.host)) break;
        domain.remove_prefix(dot + 1);
    }
    std::sort(sent.begin(), sent.end(), [](const Cookie* a, const Cookie* b) {
        if (a->path.size() != b->path.size()) return a->path.size() > b->path.size();
        return a->sequence < b->sequence;
    });
    std::string out;
    for (const Cookie* cookie : sent) {
        const std::size_t size = cookie->name.size() + cookie->value.size() + 3;
        if (out.size() + size > limits_.header_bytes_max) continue;
        if (!out.empty()) out += "; ";
        out += cookie->name;
        out += '=';
        out += cookie->value;
    }
    return out;
}

std::string CookieJar::encode() const {
    std::string out(1, format_version);
    put_varint(out, sequence_);
    put_varint(out, domains_.size());
    for (const auto& [domain, cookies] : domains_) {
        put_string(out, domain);
        put_varint(out, cookies.size());
        for (const Cookie& cookie : cookies) {
            put_string(out, cookie.name);
            put_string(out, cookie.value);
            put_string(out, cookie.path);
            put_big_endian(out, static_cast<std::uint64_t>(to_ns(cookie.expires)));
            put_varint(out, cookie.sequence);
            put_varint(out, (cookie.host_only ? 1U : 0U) | (cookie.secure ? 2U : 0U) |
                                (cookie.http_only ? 4U : 0U));
        }
    }
    return out;
}

Status CookieJar::decode(std::string_view bytes) {
    domains_.clear();
    count_ = bytes_ = 0;
    ByteReader in(bytes);
    const std::string_view version = in.take(1);
    bool good = in.ok() && version[0] == format_version;
    sequence_ = in.varint();
    const std::uint64_t domain_count = in.varint();
    for (std::uint64_t d = 0; good && d < domain_count; ++d) {
        const std::string domain(in.string());
        const std::uint64_t cookie_count = in.varint();
        for (std::uint64_t i = 0; good && i < cookie_count; ++i) {
            Cookie cookie;
            cookie.name = in.string();
            cookie.value = in.string();
            cookie.path = in.string();
            cookie.expires = wall_from_ns(static_cast<std::int64_t>(in.big_endian()));
            cookie.sequence = in.varint();
            const std::uint64_t flags = in.varint();
            cookie.host_only = (flags & 1) != 0;
            cookie.secure = (flags & 2) != 0;
            cookie.http_only = (flags & 4) != 0;
            good = in.ok() && flags < 8 && !domain.empty() && !cookie.name.empty() &&
                   cookie.sequence <= sequence_ && count_ < limits_.count_max;
            if (!good) break;
            bytes_ += bytes_of(cookie, domain.size());
            ++count_;
            domains_[domain].push_back(std::move(cookie));
        }
        good = good && in.ok();
    }
    if (good && in.ok() && in.at_end() && bytes_ <= limits_.bytes_max) return {};
    domains_.clear();
    count_ = bytes_ = 0;
    sequence_ = 0;
    return fail(Code::corrupt, "damaged cookie jar");
}

}  // namespace sluice::crawl
