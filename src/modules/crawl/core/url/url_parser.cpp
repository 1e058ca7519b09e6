// SPDX-License-Identifier: Apache-2.0
// The basic URL parser, without its state override: the states of the standard are functions that
// write the serialisation from left to right. Paths and queries are in url_path.cpp, hosts in
// host.cpp.
#include "modules/crawl/core/url/url_parser.h"

#include "modules/crawl/core/url/host.h"

#include <utility>

namespace sluice::crawl {

class UrlParser {
public:
    UrlParser(Url& out, const Url* base, UrlOptions options)
        : out_(out), href_(out.href_), base_(base), options_(options) {}

    UrlFault parse(std::string_view input) {
        if (const std::size_t colon = scheme_length(input); colon != 0)
            return parse_absolute(input, colon);
        if (base_ == nullptr || base_->empty()) return UrlFault::relative_without_base;
        if (base_->has_opaque_path()) {
            if (!input.starts_with('#')) return UrlFault::relative_without_base;
            copy_base(base_->query_end());
            return parse_rest(input);
        }
        if (base_->scheme_kind() == Scheme::file) {
            start_scheme("file");
            return parse_file(input);
        }
        return parse_relative(input);
    }

private:
    [[nodiscard]] bool special() const { return out_.scheme_ != Scheme::other; }
    [[nodiscard]] bool is_slash(char c) const { return c == '/' || (c == '\\' && special()); }
    [[nodiscard]] std::uint32_t here() const { return static_cast<std::uint32_t>(href_.size()); }
    [[nodiscard]] PathContext path_context() const { return {out_.scheme_, out_.path_start_}; }

    /// Bytes before the colon of a scheme at the front, 0 if there is none.
    static std::size_t scheme_length(std::string_view input) {
        if (input.empty() || !is_alpha(input.front())) return 0;
        for (std::size_t i = 1; i < input.size(); ++i) {
            const char c = input[i];
            if (is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.') continue;
            return c == ':' ? i : 0;
        }
        return 0;
    }

    void start_scheme(std::string_view scheme) {
        href_.assign(scheme);
        for (char& c : href_) c = lower(c);
        out_.scheme_ = scheme_of(href_);
        out_.scheme_end_ = here();
        href_ += ':';
        no_host();
    }

    void no_host() {
        out_.username_end_ = out_.host_start_ = out_.host_end_ = out_.path_start_ = here();
    }

    UrlFault parse_absolute(std::string_view input, std::size_t colon) {
        start_scheme(input.substr(0, colon));
        const std::string_view rest = input.substr(colon + 1);
        if (out_.scheme_ == Scheme::file) return parse_file(rest);
        if (special()) {
            const bool same = base_ != nullptr && base_->scheme_ == out_.scheme_;
            if (same && !rest.starts_with("//")) return parse_relative(rest);
            return parse_special_authority(rest);
        }
        if (rest.starts_with("//")) return parse_authority(rest.substr(2));
        if (rest.starts_with('/')) return parse_path(rest.substr(1));
        out_.opaque_path_ = true;
        const std::size_t end = rest.find_first_of("?#");
        append_opaque_path(rest.substr(0, end), end != std::string_view::npos, href_);
        return parse_rest(rest.substr(end == std::string_view::npos ? rest.size() : end));
    }

    UrlFault parse_special_authority(std::string_view rest) {
        while (!rest.empty() && (rest.front() == '/' || rest.front() == '\\'))
            rest.remove_prefix(1);
        return parse_authority(rest);
    }

    /// The base's serialisation up to `end`, with its parts.
    void copy_base(std::size_t end) {
        href_.assign(base_->href_, 0, end);
        out_.scheme_end_ = base_->scheme_end_;
        out_.username_end_ = base_->username_end_;
        out_.host_start_ = base_->host_start_;
        out_.host_end_ = base_->host_end_;
        out_.path_start_ = base_->path_start_;
        out_.port_ = base_->port_;
        out_.scheme_ = base_->scheme_;
        out_.host_kind_ = base_->host_kind_;
        out_.opaque_path_ = base_->opaque_path_;
        if (base_->search_start_ < end) out_.search_start_ = base_->search_start_;
    }

    /// Without the "/." that may stand before the path of a URL without host.
    void copy_base_authority() {
        const std::size_t end = base_->has_host() ? base_->path_start_ : base_->host_end_;
        copy_base(end);
        out_.path_start_ = here();
    }

    UrlFault parse_relative(std::string_view input) {
        const char c = input.empty() ? '\0' : input.front();
        out_.scheme_ = base_->scheme_;
        if (!input.empty() && is_slash(c)) {
            const std::string_view rest = input.substr(1);
            if (!rest.empty() && is_slash(rest.front())) {
                start_scheme(base_->scheme());
                return special() ? parse_special_authority(rest) : parse_authority(rest.substr(1));
            }
            copy_base_authority();
            return parse_path(rest);
        }
        if (input.empty()) return copy_base(base_->query_end()), UrlFault::none;
        if (c == '#') return copy_base(base_->query_end()), parse_rest(input);
        if (c == '?') return copy_base(base_->path_end()), parse_rest(input);
        copy_base_authority();
        copy_base_folder();
        return parse_path(input);
    }

    /// The base's path without its last segment.
    void copy_base_folder() {
        href_ += base_->pathname();
        shorten_path(path_context(), href_);
    }

    UrlFault parse_authority(std::string_view rest) {
        std::size_t end = 0;
        std::size_t at_sign = std::string_view::npos;
        for (; end < rest.size(); ++end) {
            const char c = rest[end];
            if (c == '/' || c == '?' || c == '#' || (c == '\\' && special())) break;
            if (c == '@') at_sign = end;
        }
        href_ += "//";
        out_.username_end_ = out_.host_start_ = here();
        std::string_view authority = rest.substr(0, end);
        if (at_sign != std::string_view::npos) {
            append_credentials(authority.substr(0, at_sign));
            authority.remove_prefix(at_sign + 1);
            if (authority.empty()) return UrlFault::host_missing;
        }
        if (const UrlFault fault = parse_host_and_port(authority); fault != UrlFault::none)
            return fault;
        return parse_path_start(rest.substr(end));
    }

    void append_credentials(std::string_view text) {
        const std::size_t colon = text.find(':');
        append_encoded(text.substr(0, colon), EncodeSet::userinfo, href_);
        out_.username_end_ = here();
        if (colon != std::string_view::npos && colon + 1 < text.size()) {
            href_ += ':';
            append_encoded(text.substr(colon + 1), EncodeSet::userinfo, href_);
        }
        const bool any = href_.size() > out_.host_start_;
        if (any) href_ += '@';
        out_.host_start_ = here();
    }

    UrlFault parse_host_and_port(std::string_view authority) {
        bool inside = false;
        std::size_t colon = 0;
        for (; colon < authority.size(); ++colon) {
            const char c = authority[colon];
            if (c == ':' && !inside) break;
            if (c == '[') inside = true;
            if (c == ']') inside = false;
        }
        const std::string_view host = authority.substr(0, colon);
        const bool has_colon = colon < authority.size();
        out_.host_kind_ = HostKind::empty;
        if (host.empty()) {
            if (special() || has_colon) return UrlFault::host_missing;
        } else if (const UrlFault fault = append_host(host, !special(), href_, out_.host_kind_);
                   fault != UrlFault::none) {
            return fault;
        }
        out_.host_end_ = here();
        return has_colon ? parse_port(authority.substr(colon + 1)) : UrlFault::none;
    }

    UrlFault parse_port(std::string_view text) {
        std::size_t digits = 0;
        const auto port = read_port(text, digits);
        if (!port || digits != text.size()) return UrlFault::port_invalid;
        if (text.empty() || (special() && *port == default_port(out_.scheme_)))
            return UrlFault::none;
        out_.port_ = *port;
        href_ += ':';
        href_ += std::to_string(*port);
        return UrlFault::none;
    }

    UrlFault parse_path_start(std::string_view rest) {
        out_.path_start_ = here();
        if (special()) {
            if (!rest.empty() && (rest.front() == '/' || rest.front() == '\\'))
                rest.remove_prefix(1);
            return parse_path(rest);
        }
        if (!rest.starts_with('/')) return parse_rest(rest);  // "?", "#" or nothing
        return parse_path(rest.substr(1));
    }

    /// The path state: segments up to "?" or "#".
    UrlFault parse_path(std::string_view rest) {
        const PathScan scanned = scan_path(rest);
        append_path(rest.substr(0, scanned.length), scanned, path_context(), href_);
        if (!out_.has_host() && href_.compare(out_.path_start_, 2, "//") == 0) {
            href_.insert(out_.path_start_, "/.");
            out_.path_start_ += 2;
        }
        return parse_rest(rest.substr(scanned.length));
    }

    /// Nothing, or "?query#fragment", or one of both.
    UrlFault parse_rest(std::string_view rest) {
        if (rest.starts_with('?')) {
            const std::size_t end = rest.find('#');
            out_.search_start_ = here();
            href_ += '?';
            append_query(rest.substr(1, end == std::string_view::npos ? end : end - 1),
                         out_.scheme_, options_.query_encoder, href_);
            rest.remove_prefix(end == std::string_view::npos ? rest.size() : end);
        }
        if (rest.empty()) return UrlFault::none;
        out_.hash_start_ = here();
        href_ += '#';
        append_encoded(rest.substr(1), EncodeSet::fragment, href_);
        return UrlFault::none;
    }

    /// The file state; "file:" is already written.
    UrlFault parse_file(std::string_view rest) {
        href_ += "//";
        no_host();
        out_.host_kind_ = HostKind::empty;
        const bool from_base = base_ != nullptr && base_->scheme_ == Scheme::file;
        if (!rest.empty() && is_slash(rest.front())) {
            rest.remove_prefix(1);
            if (!rest.empty() && is_slash(rest.front())) return parse_file_host(rest.substr(1));
            if (from_base) take_base_host();
            if (from_base && !starts_with_drive_letter(rest)) take_base_drive();
            return parse_path(rest);
        }
        if (!from_base) return parse_path(rest);
        if (rest.empty()) return copy_base(base_->query_end()), UrlFault::none;
        if (rest.front() == '#') return copy_base(base_->query_end()), parse_rest(rest);
        if (rest.front() == '?') return copy_base(base_->path_end()), parse_rest(rest);
        take_base_host();
        if (!starts_with_drive_letter(rest)) copy_base_folder();
        return parse_path(rest);
    }

    void take_base_host() { copy_base_authority(); }

    /// "/C:" of the base, if its path begins with a drive.
    void take_base_drive() {
        const std::string_view path = base_->pathname();
        const bool drive = path.size() >= 3 && is_alpha(path[1]) && path[2] == ':' &&
                           (path.size() == 3 || path[3] == '/');
        if (drive) href_ += path.substr(0, 3);
    }

    UrlFault parse_file_host(std::string_view rest) {
        const std::size_t end = std::min(rest.find_first_of("/\\?#"), rest.size());
        const std::string_view host = rest.substr(0, end);
        if (is_drive_letter(host)) return parse_path(rest);
        if (!host.empty()) {
            const UrlFault fault = append_host(host, false, href_, out_.host_kind_);
            if (fault != UrlFault::none) return fault;
            if (std::string_view(href_).substr(out_.host_start_) == "localhost") {
                href_.resize(out_.host_start_);
                out_.host_kind_ = HostKind::empty;
            }
        }
        out_.host_end_ = here();
        return parse_path_start(rest.substr(end));
    }

    Url& out_;
    std::string& href_;
    const Url* base_;
    UrlOptions options_;
};

Scheme scheme_of(std::string_view name) {
    constexpr std::pair<std::string_view, Scheme> special[] = {
        {"https", Scheme::https}, {"http", Scheme::http}, {"ws", Scheme::ws},
        {"wss", Scheme::wss},     {"ftp", Scheme::ftp},   {"file", Scheme::file}};
    for (const auto& [text, scheme] : special)
        if (text == name) return scheme;
    return Scheme::other;
}

UrlFault parse_url_into(Url& out, std::string_view input, const Url* base, UrlOptions options) {
    out.clear();
    if (input.size() > url_input_bytes_max) return UrlFault::too_long;
    while (!input.empty() && static_cast<unsigned char>(input.front()) <= ' ')
        input.remove_prefix(1);
    while (!input.empty() && static_cast<unsigned char>(input.back()) <= ' ')
        input.remove_suffix(1);
    std::string buffer;
    const std::string_view text = clean_input(input, buffer);
    const UrlFault fault = UrlParser(out, base, options).parse(text);
    if (fault != UrlFault::none) out.clear();
    return fault;
}

Result<Url> parse_url(std::string_view input, const Url* base, UrlOptions options) {
    Url url;
    const UrlFault fault = parse_url_into(url, input, base, options);
    if (fault == UrlFault::none) return url;
    const Code code = fault == UrlFault::too_long ? Code::exhausted : Code::invalid;
    return fail(code, "not a URL: " + std::string(to_string(fault)));
}

}  // namespace sluice::crawl
