// SPDX-License-Identifier: Apache-2.0
// A URL as browsers understand it: the parser, the parts and the setters of the URL standard
// (https://url.spec.whatwg.org/, state of August 2026). Not the rules by which a crawl calls two
// URLs one: those are in canonical.h.
#pragma once

#include "kernel/base/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// Why a text is no URL.
enum class UrlFault : std::uint8_t {
    none,
    too_long,               ///< more than url_input_bytes_max
    relative_without_base,  ///< no scheme, and no base that one could resolve it against
    host_missing,
    host_invalid,    ///< a byte that no host may have, or a "[" without "]"
    domain_invalid,  ///< refused by UTS 46
    ipv4_invalid,
    ipv6_invalid,
    port_invalid,
};

/// The fault as a short sentence without a full stop.
std::string_view to_string(UrlFault fault);

/// Longer texts are refused; a crawl has its own, much lower limit (canonical.h).
inline constexpr std::size_t url_input_bytes_max = std::size_t{16} << 20U;

/// The special schemes of the standard; all others are `other`.
enum class Scheme : std::uint8_t { http, https, ws, wss, ftp, file, other };

/// The port that a scheme has when none is written, 0 if it has none.
std::uint16_t default_port(Scheme scheme);

enum class HostKind : std::uint8_t { none, empty, domain, ipv4, ipv6, opaque };

/// Writes the query of a URL in the encoding of its document (only those that are not UTF-8 need
/// one).
class QueryEncoder {
public:
    struct Step {
        std::size_t taken = 0;      ///< bytes of UTF-8 that are done, with the missing character
        std::uint32_t missing = 0;  ///< a character that the encoding lacks, 0 if there was none
    };
    QueryEncoder() = default;
    QueryEncoder(const QueryEncoder&) = delete;
    QueryEncoder& operator=(const QueryEncoder&) = delete;
    virtual ~QueryEncoder() = default;
    /// Appends the bytes of `utf8` (valid UTF-8, may be empty) up to its end or up to the first
    /// character that the encoding lacks; called again for the rest after such a one. At the end an
    /// encoding with states is back in its first one.
    virtual Step encode(std::string_view utf8, std::string& out) = 0;
};

struct UrlOptions {
    /// Not owned; nullptr is UTF-8.
    QueryEncoder* query_encoder = nullptr;
};

/// One URL: its serialisation and where its parts begin. A default-constructed one is empty: no
/// URL, all parts "".
class Url {
public:
    /// The whole URL.
    [[nodiscard]] std::string_view href() const { return href_; }
    /// "https", lower case.
    [[nodiscard]] std::string_view scheme() const { return view(0, scheme_end_); }
    /// The scheme with its colon.
    [[nodiscard]] std::string_view protocol() const;
    [[nodiscard]] std::string_view username() const;
    [[nodiscard]] std::string_view password() const;
    /// The host with ":port", where one is written.
    [[nodiscard]] std::string_view host() const;
    /// The host; an IPv6 address has its brackets.
    [[nodiscard]] std::string_view hostname() const { return view(host_start_, host_end_); }
    /// The port as text, "" if it is the scheme's own.
    [[nodiscard]] std::string_view port() const;
    [[nodiscard]] std::string_view pathname() const { return view(path_start_, path_end()); }
    /// The query with its "?"; "" if there is none or an empty one.
    [[nodiscard]] std::string_view search() const;
    /// The fragment with its "#"; "" if there is none or an empty one.
    [[nodiscard]] std::string_view hash() const;
    /// The query without "?", nothing if there is none.
    [[nodiscard]] std::optional<std::string_view> query() const;
    /// The fragment without "#", nothing if there is none.
    [[nodiscard]] std::optional<std::string_view> fragment() const;
    /// "https://example.com", or "null" for a scheme without origins.
    [[nodiscard]] std::string origin() const;

    /// The URL up to its fragment.
    [[nodiscard]] std::string_view without_fragment() const;
    /// Path and query, with the "?" of an empty query: the target of a request.
    [[nodiscard]] std::string_view request_target() const;
    /// The port written in the URL.
    [[nodiscard]] std::optional<std::uint16_t> port_number() const;
    /// The port written in the URL or the scheme's own; 0 if neither is there.
    [[nodiscard]] std::uint16_t effective_port() const;

    [[nodiscard]] bool empty() const { return href_.empty(); }
    /// Makes it empty; keeps its memory for the next parse_url_into().
    void clear();
    [[nodiscard]] Scheme scheme_kind() const { return scheme_; }
    [[nodiscard]] bool is_special() const { return scheme_ != Scheme::other; }
    [[nodiscard]] bool is_http() const { return scheme_ <= Scheme::https; }
    [[nodiscard]] HostKind host_kind() const { return host_kind_; }
    [[nodiscard]] bool has_host() const { return host_kind_ != HostKind::none; }
    [[nodiscard]] bool has_credentials() const { return host_start_ != username_end_; }
    /// "mailto:x" and its like: the path has no segments, and nothing but a fragment resolves
    /// against it.
    [[nodiscard]] bool has_opaque_path() const { return opaque_path_; }

    // The setters of the standard. False: the value was refused and the URL is as it was (but
    // set_host(), which keeps a good host even if the port behind it is none).
    bool set_href(std::string_view value);
    bool set_protocol(std::string_view value);
    bool set_username(std::string_view value);
    bool set_password(std::string_view value);
    bool set_host(std::string_view value);
    bool set_hostname(std::string_view value);
    bool set_port(std::string_view value);
    bool set_pathname(std::string_view value);
    bool set_search(std::string_view value);
    bool set_hash(std::string_view value);
    /// Cheaper than set_hash("").
    void remove_fragment();

    friend bool operator==(const Url& a, const Url& b) { return a.href_ == b.href_; }

    /// Whether the offsets agree with the text; tests and fuzzers ask.
    [[nodiscard]] bool is_consistent() const;

private:
    friend class UrlParser;
    friend class UrlParts;
    static constexpr std::uint32_t absent = 0xFFFFFFFF;

    [[nodiscard]] std::string_view view(std::size_t from, std::size_t to) const {
        return std::string_view(href_.data() + from, to - from);
    }
    [[nodiscard]] std::size_t query_end() const {
        return hash_start_ == absent ? href_.size() : hash_start_;
    }
    [[nodiscard]] std::size_t path_end() const {
        return search_start_ == absent ? query_end() : search_start_;
    }

    // https://user:pass@example.com:1234/foo/bar?baz#quux
    //      |     |      |          |    |       |   |
    //      |     |      |          |    |       |   hash_start_
    //      |     |      |          |    |       search_start_
    //      |     |      |          |    path_start_
    //      |     |      |          host_end_
    //      |     |      host_start_
    //      |     username_end_
    //      scheme_end_
    // Without credentials username_end_ is host_start_. Without a host both and host_end_ stand
    // behind the colon, and
    // "/." may stand before the path (it keeps "//" there from being read as a host).
    std::string href_;
    std::uint32_t scheme_end_ = 0;
    std::uint32_t username_end_ = 0;
    std::uint32_t host_start_ = 0;
    std::uint32_t host_end_ = 0;
    std::uint32_t path_start_ = 0;
    std::uint32_t search_start_ = absent;
    std::uint32_t hash_start_ = absent;
    std::uint32_t port_ = absent;
    Scheme scheme_ = Scheme::other;
    HostKind host_kind_ = HostKind::none;
    bool opaque_path_ = false;
};

/// Parses `input` (UTF-8; what is not becomes U+FFFD) into `out`, whose memory is used again.
/// `base` must not be `out`. After a fault `out` is empty.
UrlFault parse_url_into(Url& out, std::string_view input, const Url* base = nullptr,
                        UrlOptions options = {});
/// The same as a value. Errors: invalid; exhausted if the text is too long.
Result<Url> parse_url(std::string_view input, const Url* base = nullptr, UrlOptions options = {});

}  // namespace sluice::crawl
