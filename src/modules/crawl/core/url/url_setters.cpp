// SPDX-License-Identifier: Apache-2.0
// The setters of the standard: the parser's states with a "state override". They take a URL apart
// and write it anew; no crawl uses them often.
#include "modules/crawl/core/url/host.h"
#include "modules/crawl/core/url/url_parser.h"

#include <algorithm>
#include <utility>

namespace sluice::crawl {

/// A URL as separate parts.
class UrlParts {
public:
    explicit UrlParts(const Url& url)
        : scheme(url.scheme()),
          kind(url.scheme_),
          host_kind(url.host_kind_),
          username(url.username()),
          password(url.password()),
          host(url.hostname()),
          port(url.port_number()),
          path(url.pathname()),
          opaque_path(url.opaque_path_),
          has_query(url.query().has_value()),
          has_fragment(url.fragment().has_value()) {
        if (has_query) query = *url.query();
        if (has_fragment) fragment = *url.fragment();
    }

    [[nodiscard]] bool special() const { return kind != Scheme::other; }
    [[nodiscard]] bool may_have_port() const {
        return host_kind != HostKind::none && host_kind != HostKind::empty && kind != Scheme::file;
    }
    [[nodiscard]] bool has_credentials() const { return !username.empty() || !password.empty(); }

    void set_port(std::uint32_t value) {
        port = static_cast<std::uint16_t>(value);
        if (special() && *port == default_port(kind)) port.reset();
    }

    /// Writes the URL anew.
    void write(Url& url) const {
        url.clear();
        std::string& href = url.href_;
        const auto here = [&href] { return static_cast<std::uint32_t>(href.size()); };
        href = scheme;
        url.scheme_end_ = here();
        href += ':';
        url.username_end_ = url.host_start_ = here();
        if (host_kind != HostKind::none) {
            href += "//";
            href += username;
            url.username_end_ = here();
            if (!password.empty()) href.append(":").append(password);
            if (has_credentials()) href += '@';
            url.host_start_ = here();
            href += host;
        }
        url.host_end_ = here();
        if (port) href.append(":").append(std::to_string(*port));
        if (host_kind == HostKind::none && !opaque_path && path.starts_with("//")) href += "/.";
        url.path_start_ = here();
        href += path;
        if (has_query) url.search_start_ = here(), href.append("?").append(query);
        if (has_fragment) url.hash_start_ = here(), href.append("#").append(fragment);
        if (port) url.port_ = *port;
        url.scheme_ = kind;
        url.host_kind_ = host_kind;
        url.opaque_path_ = opaque_path;
    }

    std::string scheme;
    Scheme kind;
    HostKind host_kind;
    std::string username;
    std::string password;
    std::string host;
    std::optional<std::uint16_t> port;
    std::string path;
    bool opaque_path;
    // Not optional strings: GCC 12 takes them for uninitialized.
    bool has_query;
    bool has_fragment;
    std::string query;
    std::string fragment;
};

namespace {

/// A setter's value without tabs and newlines and in valid UTF-8.
class Value {
public:
    explicit Value(std::string_view text)
        : fits_(text.size() <= url_input_bytes_max),
          text_(fits_ ? clean_input(text, buffer_) : "") {}
    Value(const Value&) = delete;
    Value& operator=(const Value&) = delete;
    ~Value() = default;
    [[nodiscard]] bool fits() const { return fits_; }
    [[nodiscard]] std::string_view text() const { return text_; }

private:
    std::string buffer_;
    bool fits_;
    std::string_view text_;
};

std::string encoded_userinfo(std::string_view value) {
    std::string out;
    append_encoded(is_utf8(value) ? std::string(value) : to_scalar_values(value),
                   EncodeSet::userinfo, out);
    return out;
}

/// Where the host ends: at a slash, "?", "#", or at a colon outside brackets.
std::size_t host_length(std::string_view text, bool special, bool stop_at_colon) {
    bool inside = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '/' || c == '?' || c == '#' || (c == '\\' && special)) return i;
        if (c == ':' && !inside && stop_at_colon) return i;
        if (c == '[') inside = true;
        if (c == ']') inside = false;
    }
    return text.size();
}

/// The file host state.
bool set_file_host(UrlParts& parts, std::string_view text) {
    std::string host;
    HostKind kind = HostKind::empty;
    text = text.substr(0, host_length(text, true, false));
    if (!text.empty() && append_host(text, false, host, kind) != UrlFault::none) return false;
    if (host == "localhost") host.clear();
    parts.host_kind = host.empty() ? HostKind::empty : kind;
    parts.host = std::move(host);
    return true;
}

/// The host state, or the hostname state, which takes no port.
bool set_host_of(UrlParts& parts, std::string_view text, bool with_port) {
    if (parts.kind == Scheme::file) return set_file_host(parts, text);
    const std::size_t end = host_length(text, parts.special(), true);
    const bool colon = end < text.size() && text[end] == ':';
    if (colon && (end == 0 || !with_port)) return false;
    if (end == 0 && (parts.special() || parts.has_credentials() || parts.port)) return false;
    std::string host;
    HostKind kind = HostKind::empty;
    if (end > 0 && append_host(text.substr(0, end), !parts.special(), host, kind) != UrlFault::none)
        return false;
    parts.host = std::move(host);
    parts.host_kind = kind;
    if (!colon) return true;
    std::size_t digits = 0;
    const auto port = read_port(text.substr(end + 1), digits);
    if (port && digits > 0) parts.set_port(*port);
    return true;
}

/// Whether the scheme may become the other one.
bool may_change_scheme(const UrlParts& parts, Scheme to) {
    if (parts.special() != (to != Scheme::other)) return false;
    if (to == Scheme::file && (parts.has_credentials() || parts.port)) return false;
    return parts.kind != Scheme::file || parts.host_kind != HostKind::empty;
}

}  // namespace

bool Url::set_href(std::string_view value) {
    Url url;
    if (parse_url_into(url, value) != UrlFault::none) return false;
    *this = std::move(url);
    return true;
}

bool Url::set_protocol(std::string_view value) {
    const Value cleaned(value);
    const std::string_view text = cleaned.text().substr(0, cleaned.text().find(':'));
    if (empty() || text.empty() || !is_alpha(text.front())) return false;
    const bool named = std::all_of(text.begin(), text.end(), [](char c) {
        return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
    });
    if (!named) return false;
    std::string scheme(text);
    std::transform(scheme.begin(), scheme.end(), scheme.begin(), lower);
    UrlParts parts(*this);
    const Scheme kind = scheme_of(scheme);
    if (!may_change_scheme(parts, kind)) return false;
    parts.scheme = std::move(scheme);
    parts.kind = kind;
    if (parts.port) parts.set_port(*parts.port);
    // The standard leaves the path as it is, and the URL would not be what it is read as.
    if (kind == Scheme::file && parts.path.size() > 1 &&
        starts_with_drive_letter(std::string_view(parts.path).substr(1)))
        parts.path[2] = ':';
    parts.write(*this);
    return true;
}

bool Url::set_username(std::string_view value) {
    UrlParts parts(*this);
    if (!parts.may_have_port() || value.size() > url_input_bytes_max) return false;
    parts.username = encoded_userinfo(value);
    parts.write(*this);
    return true;
}

bool Url::set_password(std::string_view value) {
    UrlParts parts(*this);
    if (!parts.may_have_port() || value.size() > url_input_bytes_max) return false;
    parts.password = encoded_userinfo(value);
    parts.write(*this);
    return true;
}

bool Url::set_host(std::string_view value) {
    const Value text(value);
    UrlParts parts(*this);
    if (empty() || opaque_path_ || !text.fits() || !set_host_of(parts, text.text(), true))
        return false;
    parts.write(*this);
    return true;
}

bool Url::set_hostname(std::string_view value) {
    const Value text(value);
    UrlParts parts(*this);
    if (empty() || opaque_path_ || !text.fits() || !set_host_of(parts, text.text(), false))
        return false;
    parts.write(*this);
    return true;
}

bool Url::set_port(std::string_view value) {
    UrlParts parts(*this);
    if (!parts.may_have_port()) return false;
    if (value.empty()) {
        parts.port.reset();
    } else {
        const Value text(value);
        std::size_t digits = 0;
        const auto port = read_port(text.text(), digits);
        if (!port || digits == 0) return false;
        parts.set_port(*port);
    }
    parts.write(*this);
    return true;
}

bool Url::set_pathname(std::string_view value) {
    const Value cleaned(value);
    if (empty() || opaque_path_ || !cleaned.fits()) return false;
    UrlParts parts(*this);
    std::string_view text = cleaned.text();
    const bool slash = text.starts_with('/') || (parts.special() && text.starts_with('\\'));
    parts.path.clear();
    if (slash) text.remove_prefix(1);
    if (slash || parts.special() || !text.empty())
        append_path(text, {parts.kind, 0}, parts.path);
    else if (parts.host_kind == HostKind::none)
        parts.path = "/";
    parts.write(*this);
    return true;
}

bool Url::set_search(std::string_view value) {
    if (empty()) return false;
    const Value cleaned(value.starts_with('?') ? value.substr(1) : value);
    if (!cleaned.fits()) return false;
    UrlParts parts(*this);
    parts.query.clear();
    parts.has_query = !value.empty();
    append_query(cleaned.text(), parts.kind, nullptr, parts.query);
    parts.write(*this);
    return true;
}

bool Url::set_hash(std::string_view value) {
    if (empty()) return false;
    const Value cleaned(value.starts_with('#') ? value.substr(1) : value);
    if (!cleaned.fits()) return false;
    UrlParts parts(*this);
    parts.fragment.clear();
    parts.has_fragment = !value.empty();
    append_encoded(cleaned.text(), EncodeSet::fragment, parts.fragment);
    parts.write(*this);
    return true;
}

}  // namespace sluice::crawl
