// SPDX-License-Identifier: Apache-2.0
// Scope: which URLs belong to a crawl at all, by scheme, host, path and pattern, and which rule
// said so. Not whether they may be fetched now (robots, politeness), and not their shape
// (url/canonical.h).
#pragma once

#include "kernel/base/result.h"
#include "modules/crawl/core/url/url.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

struct ScopeConfig {
    /// Host names as in URLs ("example.org", "[2001:db8::1]"), with ":port" for that port only.
    std::vector<std::string> hosts;
    /// Names that count with everything below them ("example.org", "www.example.org").
    std::vector<std::string> domains;
    /// Neither hosts nor domains matter.
    bool any_host = false;
    /// Beginnings of paths; none: all paths.
    std::vector<std::string> paths;
    std::vector<std::string> paths_excluded;
    /// Patterns in RE2's syntax, searched for in the whole URL; none: all URLs.
    std::vector<std::string> patterns;
    std::vector<std::string> patterns_excluded;
    bool https_only = false;
};

/// The rule that decided.
enum class ScopeRule : std::uint8_t {
    inside,  ///< none was against it
    scheme,
    host,
    path,              ///< is below none of the paths
    path_excluded,     ///< is below the one named
    pattern,           ///< matches none of the patterns
    pattern_excluded,  ///< matches the one named
};

struct ScopeVerdict {
    ScopeRule rule = ScopeRule::inside;
    std::string_view which;  ///< path or pattern, as configured; lives as long as the scope
    [[nodiscard]] bool inside() const { return rule == ScopeRule::inside; }
};
/// "excluded by the pattern \\.pdf$", for people.
std::string to_string(const ScopeVerdict& verdict);

inline constexpr std::size_t scope_rules_max = 1'000;  ///< of each kind
inline constexpr std::size_t scope_pattern_bytes_max = 1'000;

/// Immutable; any number of threads may ask.
class Scope {
public:
    /// Errors: invalid (a pattern that RE2 refuses, a host that no URL has), exhausted (too many).
    static Result<Scope> make(ScopeConfig config);
    Scope(Scope&&) noexcept;
    Scope& operator=(Scope&&) noexcept;
    ~Scope();

    /// Takes time in proportion to the URL for each pattern, whatever the pattern.
    [[nodiscard]] ScopeVerdict verdict(const Url& url) const;
    [[nodiscard]] const ScopeConfig& config() const;

private:
    struct Compiled;
    explicit Scope(std::unique_ptr<const Compiled> compiled);
    std::unique_ptr<const Compiled> compiled_;
};

}  // namespace sluice::crawl
