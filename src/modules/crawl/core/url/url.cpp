// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/url/url.h"

#include "modules/crawl/core/url/url_parser.h"

namespace sluice::crawl {

std::string_view to_string(UrlFault fault) {
    switch (fault) {
        case UrlFault::none: return "no fault";
        case UrlFault::too_long: return "the text is too long";
        case UrlFault::relative_without_base: return "relative, and there is no base for it";
        case UrlFault::host_missing: return "the host is missing";
        case UrlFault::host_invalid: return "the host has a character that no host may have";
        case UrlFault::domain_invalid: return "the domain is refused by UTS 46";
        case UrlFault::ipv4_invalid: return "the host ends in a number but is no IPv4 address";
        case UrlFault::ipv6_invalid: return "the host in brackets is no IPv6 address";
        case UrlFault::port_invalid: return "the port is no number up to 65535";
    }
    return "unknown";
}

std::uint16_t default_port(Scheme scheme) {
    switch (scheme) {
        case Scheme::http:
        case Scheme::ws: return 80;
        case Scheme::https:
        case Scheme::wss: return 443;
        case Scheme::ftp: return 21;
        case Scheme::file:
        case Scheme::other: return 0;
    }
    return 0;
}

void Url::clear() {
    href_.clear();
    scheme_end_ = username_end_ = host_start_ = host_end_ = path_start_ = 0;
    search_start_ = hash_start_ = port_ = absent;
    scheme_ = Scheme::other;
    host_kind_ = HostKind::none;
    opaque_path_ = false;
}

std::string_view Url::protocol() const { return empty() ? href() : view(0, scheme_end_ + 1); }

std::string_view Url::username() const {
    return has_credentials() ? view(scheme_end_ + 3, username_end_) : std::string_view();
}

std::string_view Url::password() const {
    if (!has_credentials() || href_[username_end_] != ':') return {};
    return view(username_end_ + 1, host_start_ - 1);
}

std::string_view Url::host() const {
    return has_host() ? view(host_start_, path_start_) : std::string_view();
}

std::string_view Url::port() const {
    return port_ == absent ? std::string_view() : view(host_end_ + 1, path_start_);
}

std::string_view Url::search() const {
    const std::size_t end = query_end();
    return search_start_ == absent || search_start_ + 1 == end ? std::string_view()
                                                               : view(search_start_, end);
}

std::string_view Url::hash() const {
    return hash_start_ == absent || hash_start_ + 1 == href_.size()
               ? std::string_view()
               : view(hash_start_, href_.size());
}

std::optional<std::string_view> Url::query() const {
    if (search_start_ == absent) return std::nullopt;
    return view(search_start_ + 1, query_end());
}

std::optional<std::string_view> Url::fragment() const {
    if (hash_start_ == absent) return std::nullopt;
    return view(hash_start_ + 1, href_.size());
}

void Url::remove_fragment() {
    href_.resize(query_end());
    hash_start_ = absent;
}

std::string_view Url::without_fragment() const { return view(0, query_end()); }

std::string_view Url::request_target() const { return view(path_start_, query_end()); }

std::optional<std::uint16_t> Url::port_number() const {
    if (port_ == absent) return std::nullopt;
    return static_cast<std::uint16_t>(port_);
}

std::uint16_t Url::effective_port() const {
    return port_ == absent ? default_port(scheme_) : static_cast<std::uint16_t>(port_);
}

std::string Url::origin() const {
    if (scheme() == "blob") {
        const auto inner = parse_url(pathname());
        return inner && inner->is_http() ? inner->origin() : "null";
    }
    if (!is_special() || scheme_ == Scheme::file) return "null";
    std::string text(protocol());
    text.append("//").append(host());
    return text;
}

bool Url::is_consistent() const {
    if (empty()) return *this == Url();
    const bool ordered = scheme_end_ < username_end_ && username_end_ <= host_start_ &&
                         host_start_ <= host_end_ && host_end_ <= path_start_ &&
                         path_start_ <= path_end() && path_end() <= query_end() &&
                         query_end() <= href_.size();
    if (!ordered || href_[scheme_end_] != ':' || scheme_of(scheme()) != scheme_) return false;
    if (search_start_ != absent && href_[search_start_] != '?') return false;
    if (hash_start_ != absent && href_[hash_start_] != '#') return false;
    if (has_host() != (view(scheme_end_, host_start_).starts_with("://"))) return false;
    if (has_credentials() && href_[host_start_ - 1] != '@') return false;
    if (is_special() && (opaque_path_ || !has_host() || !pathname().starts_with('/'))) return false;
    const std::string_view between = view(host_end_, path_start_);
    if (!has_host()) return between.empty() || (between == "/." && pathname().starts_with("//"));
    if (hostname().empty() && (scheme_ <= Scheme::ftp || port_ != absent)) return false;
    return between == (port_ == absent ? std::string() : ":" + std::to_string(port_));
}

}  // namespace sluice::crawl
