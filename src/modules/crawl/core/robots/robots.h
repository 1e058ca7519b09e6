// SPDX-License-Identifier: Apache-2.0
// Robots: a robots.txt read as RFC 9309 says and as Google's matcher does (group merging, longest
// pattern, index.html as folder, misspelt directives). Deviations, all where the RFC asks for more:
// "/robots.txt" itself is always allowed, UTF-16 with a byte order mark is understood, Crawl-delay
// and Request-rate are kept. Not the fetching (robots_fetch.h).
#pragma once

#include "modules/crawl/core/robots/robots_line.h"
#include "modules/crawl/core/robots/robots_rules.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

/// A Sitemap line; it speaks to everyone, wherever it stands.
struct RobotsSitemap {
    std::uint32_t line = 0;
    std::string url;  ///< As written; may be relative.
    friend bool operator==(const RobotsSitemap&, const RobotsSitemap&) = default;
};

/// Sitemap lines kept of one file; further ones are left out.
inline constexpr std::size_t robots_sitemaps_max = 1000;

class Robots {
public:
    /// What the file says to the crawler with this product token ("Sluicebot"), without regard to
    /// case. A group counts if its User-agent, up to the first character that is no letter, "-" or
    /// "_", is the token.
    [[nodiscard]] RobotsRules for_agent(std::string_view agent) const;

    [[nodiscard]] const std::vector<RobotsSitemap>& sitemaps() const { return sitemaps_; }
    /// The product tokens named in the file, in lower case, without repeats and without "*".
    [[nodiscard]] std::vector<std::string> agents() const;

private:
    friend Robots parse_robots(std::string_view body);

    struct Line {
        std::uint32_t begin = 0;  ///< Of the value, in text_.
        std::uint32_t size = 0;
        std::uint32_t number = 0;
        RobotsDirective directive = RobotsDirective::user_agent;
    };
    [[nodiscard]] std::string_view value_of(const Line& line) const {
        return std::string_view(text_).substr(line.begin, line.size);
    }

    std::string text_;
    std::vector<Line> lines_;
    std::vector<RobotsSitemap> sitemaps_;
};

/// Reads any bytes; nothing in them is an error. At most robots_bytes_max of them are looked at.
Robots parse_robots(std::string_view body);

/// The product token at the front of a User-Agent header: "Sluicebot" of "Sluicebot/1.2 (+…)".
std::string_view robots_token(std::string_view user_agent);

/// Path, parameters and query of an absolute URL, as Google's matcher cuts them out: what
/// RobotsRules::verdict is asked for. At least "/".
std::string robots_path(std::string_view url);

}  // namespace sluice::crawl
