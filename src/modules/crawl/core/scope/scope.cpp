// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/scope/scope.h"

#include <re2/re2.h>

#include <algorithm>
#include <functional>
#include <unordered_set>
#include <utility>

namespace sluice::crawl {
namespace {

// RE2's memory for one pattern: its program and the states it has met.
constexpr std::int64_t pattern_memory_max = 1 << 20;

using Patterns = std::vector<std::unique_ptr<RE2>>;

Result<Patterns> compile(const std::vector<std::string>& texts) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(pattern_memory_max);
    Patterns patterns;
    for (const std::string& text : texts) {
        if (text.size() > scope_pattern_bytes_max)
            return fail(Code::exhausted,
                        "a pattern may have " + std::to_string(scope_pattern_bytes_max) + " bytes");
        patterns.push_back(std::make_unique<RE2>(text, options));
        if (!patterns.back()->ok())
            return fail(Code::invalid, "the pattern \"" + text +
                                           "\" is not one of RE2: " + patterns.back()->error());
    }
    return patterns;
}

// The form that hosts have in URLs.
Result<std::string> host_as_in_urls(const std::string& text) {
    auto url = parse_url("http://" + text + "/");
    if (!url || url->host().empty() || url->request_target() != "/" || url->has_credentials())
        return fail(Code::invalid, "\"" + text + "\" is no host; give a name, or name:port");
    return std::string(url->host());
}

/// Whether `name` is `domain` or below it.
bool is_below(std::string_view name, std::string_view domain) {
    if (!name.ends_with(domain)) return false;
    return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

const std::string* prefix_of(const std::vector<std::string>& prefixes, std::string_view path) {
    const auto it = std::find_if(prefixes.begin(), prefixes.end(),
                                 [&](const std::string& one) { return path.starts_with(one); });
    return it == prefixes.end() ? nullptr : &*it;
}

/// Finds texts without making strings of them.
struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
        return std::hash<std::string_view>{}(text);
    }
};

}  // namespace

struct Scope::Compiled {
    ScopeConfig config;
    std::unordered_set<std::string, TextHash, std::equal_to<>> hosts;
    Patterns patterns, patterns_excluded;

    [[nodiscard]] bool names(std::string_view host) const {
        constexpr std::size_t few = 4;  // sooner compared than hashed
        if (hosts.size() > few) return hosts.contains(host);
        return std::any_of(hosts.begin(), hosts.end(),
                           [&](const auto& one) { return one == host; });
    }
    [[nodiscard]] bool has_host(const Url& url) const {
        if (config.any_host) return true;
        // Without a port all ports are meant.
        if (names(url.hostname()) || names(url.host())) return true;
        return std::any_of(config.domains.begin(), config.domains.end(),
                           [&](const auto& one) { return is_below(url.hostname(), one); });
    }
};

Scope::Scope(std::unique_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
Scope::Scope(Scope&&) noexcept = default;
Scope& Scope::operator=(Scope&&) noexcept = default;
Scope::~Scope() = default;

const ScopeConfig& Scope::config() const { return compiled_->config; }

Result<Scope> Scope::make(ScopeConfig config) {
    for (const auto* rules : {&config.hosts, &config.domains, &config.paths, &config.paths_excluded,
                              &config.patterns, &config.patterns_excluded}) {
        if (rules->size() > scope_rules_max)
            return fail(Code::exhausted, "a crawl may have " + std::to_string(scope_rules_max) +
                                             " rules of one kind, not " +
                                             std::to_string(rules->size()));
    }
    auto compiled = std::make_unique<Compiled>();
    for (const std::string& text : config.hosts) {
        auto host = host_as_in_urls(text);
        if (!host) return std::move(host).error();
        compiled->hosts.insert(*std::move(host));
    }
    for (std::string& text : config.domains) {
        auto host = host_as_in_urls(text);
        if (!host) return std::move(host).error();
        text = *std::move(host);
    }
    auto patterns = compile(config.patterns);
    if (!patterns) return std::move(patterns).error();
    auto excluded = compile(config.patterns_excluded);
    if (!excluded) return std::move(excluded).error();
    compiled->patterns = *std::move(patterns);
    compiled->patterns_excluded = *std::move(excluded);
    compiled->config = std::move(config);
    return Scope(std::move(compiled));
}

ScopeVerdict Scope::verdict(const Url& url) const {
    const Compiled& rules = *compiled_;
    if (!url.is_http() || (rules.config.https_only && url.scheme_kind() != Scheme::https))
        return {ScopeRule::scheme, {}};
    if (!rules.has_host(url)) return {ScopeRule::host, {}};
    if (const auto* out = prefix_of(rules.config.paths_excluded, url.pathname()))
        return {ScopeRule::path_excluded, *out};
    if (!rules.config.paths.empty() && prefix_of(rules.config.paths, url.pathname()) == nullptr)
        return {ScopeRule::path, {}};
    const std::string_view whole = url.without_fragment();
    const re2::StringPiece text(whole.data(), whole.size());
    const auto matches = [&](const auto& pattern) { return RE2::PartialMatch(text, *pattern); };
    for (std::size_t i = 0; i < rules.patterns_excluded.size(); ++i) {
        if (matches(rules.patterns_excluded[i]))
            return {ScopeRule::pattern_excluded, rules.config.patterns_excluded[i]};
    }
    if (!rules.patterns.empty() &&
        std::none_of(rules.patterns.begin(), rules.patterns.end(), matches))
        return {ScopeRule::pattern, {}};
    return {};
}

std::string to_string(const ScopeVerdict& verdict) {
    switch (verdict.rule) {
        case ScopeRule::inside: return "in scope";
        case ScopeRule::scheme: return "its scheme is not one of this crawl";
        case ScopeRule::host: return "its host is not one of this crawl";
        case ScopeRule::path: return "its path is below none of the paths";
        case ScopeRule::path_excluded: return "excluded by the path " + std::string(verdict.which);
        case ScopeRule::pattern: return "it matches none of the patterns";
        case ScopeRule::pattern_excluded:
            return "excluded by the pattern " + std::string(verdict.which);
    }
    return {};
}

}  // namespace sluice::crawl
