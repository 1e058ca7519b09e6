// SPDX-License-Identifier: Apache-2.0
// CookieJar: the cookies of a crawl by RFC 6265, with the Public Suffix List and with limits. From
// its successor draft it takes that Secure cookies come from secure servers only, and the name
// prefixes. One owner; knows no clock and no file.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "modules/crawl/core/http/cookie.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

class PublicSuffixes;

struct CookieLimits {
    std::size_t cookie_bytes_max = 4096;  ///< Name and value of one.
    std::size_t domain_count_max = 50;    ///< Of one domain; then the oldest goes.
    std::size_t count_max = 10'000;       ///< In all; then the oldest goes.
    std::size_t bytes_max = 8 << 20;      ///< In all, names, values, paths and domains.
    std::size_t header_bytes_max = 8192;  ///< Of one Cookie header; further cookies are not sent.
};

/// The request that brought or sends cookies.
struct CookieRequest {
    std::string_view host;        ///< As the URL parser writes it: lower case, no port.
    std::string_view path = "/";  ///< With or without query.
    bool secure = false;          ///< https.
};

class CookieJar {
public:
    /// Without `suffixes` only domains without a dot count as public. `suffixes` must outlive the
    /// jar.
    explicit CookieJar(CookieLimits limits = {}, const PublicSuffixes* suffixes = nullptr)
        : limits_(limits), suffixes_(suffixes) {}

    /// Takes one Set-Cookie header of the answer to `request`. False if it was refused; a cookie
    /// that has expired removes the one of its name, and that is true.
    bool set(const CookieRequest& request, std::string_view header, WallTime now);
    /// The value of the Cookie header for `request`, longer paths first; empty if there is none.
    [[nodiscard]] std::string header(const CookieRequest& request, WallTime now) const;
    /// Forgets what has expired.
    void expire(WallTime now);

    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

    /// All cookies in a durable form, also those of a session: a crawl that is resumed goes on.
    [[nodiscard]] std::string encode() const;
    /// Replaces the content by what encode() gave. Errors: corrupt (the jar is then empty).
    Status decode(std::string_view bytes);

private:
    struct Cookie {
        std::string name;
        std::string value;
        std::string path;
        WallTime expires = WallTime::max();
        std::uint64_t sequence = 0;  ///< Order of creation; kept when the value is replaced.
        bool host_only = false;
        bool secure = false;
        bool http_only = false;
    };
    using Domain = std::map<std::string, std::vector<Cookie>, std::less<>>::iterator;

    [[nodiscard]] bool is_public(std::string_view domain) const;
    [[nodiscard]] bool accepts(const CookieRequest& request, SetCookie& cookie) const;
    void store(const std::string& domain, Cookie cookie, WallTime now);
    void make_room(const std::string& domain, WallTime now);
    void remove(std::vector<Cookie>& cookies, std::size_t index, std::size_t domain_bytes);
    void remove_oldest();
    static std::size_t bytes_of(const Cookie& cookie, std::size_t domain_bytes);

    CookieLimits limits_;
    const PublicSuffixes* suffixes_;
    std::map<std::string, std::vector<Cookie>, std::less<>> domains_;
    std::uint64_t sequence_ = 0;
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace sluice::crawl
