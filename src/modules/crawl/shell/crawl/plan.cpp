// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/crawl/plan.h"

#include "kernel/base/text.h"
#include "kernel/store/file_io.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace sluice::crawl {
namespace {

constexpr Bytes suffix_list_max = mib(16);
constexpr std::uint32_t workers_max = 64;
constexpr std::uint32_t connections_most = 16'384;
constexpr std::size_t seeds_max = 1'000'000;
constexpr Duration progress_every_min = 10ms;

Status check_numbers(const CrawlConfig& config) {
    const auto within = [](std::string_view name, std::uint64_t value,
                           std::uint64_t most) -> Status {
        if (value >= 1 && value <= most) return {};
        return fail(Code::invalid, "a crawl may have 1 to " + std::to_string(most) + " " +
                                       std::string(name) + ", not " + std::to_string(value));
    };
    SLUICE_TRY_STATUS(within("workers", config.workers, workers_max));
    SLUICE_TRY_STATUS(within("connections", config.connections_max, connections_most));
    SLUICE_TRY_STATUS(within("names at once", config.resolving_max, connections_most));
    SLUICE_TRY_STATUS(
        within("seeds", config.seeds.size() + config.sitemap_seeds.size(), seeds_max));
    for (const Duration time :
         {config.drain_timeout, config.sync_every, config.time_max.value_or(Duration::zero())})
        if (time < Duration::zero()) return fail(Code::invalid, "a time is negative");
    if (config.progress_every < progress_every_min)
        return fail(Code::invalid, "progress can be told every 10 ms, not more often");
    return {};
}

Result<std::shared_ptr<const PublicSuffixes>> read_suffixes(const std::string& path) {
    if (path.empty()) return std::shared_ptr<const PublicSuffixes>();
    const auto text = FileIo().read_file(path, suffix_list_max);
    if (!text)
        return fail(Code::not_found,
                    "the Public Suffix List cannot be read (Debian has it in the "
                    "package publicsuffix): " +
                        text.error().message);
    SLUICE_TRY(auto list, PublicSuffixes::parse(*text));
    return std::shared_ptr<const PublicSuffixes>(
        std::make_shared<const PublicSuffixes>(std::move(list)));
}

/// A seed as a person types it. Credentials in it are taken out: they are given by host.
Result<Url> read_seed(const std::string& text, const LinkRules& rules) {
    const std::string whole = text.find("://") == std::string::npos ? "http://" + text : text;
    Url url;
    const LinkVerdict verdict = resolve_link(url, whole, nullptr, rules);
    if (verdict.refusal == UrlRefusal::none && url.has_credentials()) {
        url.set_username("");
        url.set_password("");
    }
    if (verdict.refusal == UrlRefusal::none && url.is_http()) return url;
    return fail(Code::invalid, "the seed \"" + text + "\" cannot be crawled: " +
                                   std::string(to_string(verdict.refusal)));
}

struct Seeds {
    std::vector<Url> urls;
    std::vector<UrlKind> kinds;
};

Result<Seeds> read_seeds(const CrawlConfig& config) {
    Seeds seeds;
    for (const auto* texts : {&config.seeds, &config.sitemap_seeds}) {
        const UrlKind kind = texts == &config.seeds ? UrlKind::page : UrlKind::sitemap;
        for (const std::string& text : *texts) {
            SLUICE_TRY(auto url, read_seed(text, config.page.links));
            seeds.urls.push_back(std::move(url));
            seeds.kinds.push_back(kind);
        }
    }
    return seeds;
}

Result<PageRules> make_rules(CrawlConfig& config, const Seeds& seeds,
                             const CrawlCallbacks& callbacks) {
    PageRules rules = config.page;
    SLUICE_TRY(rules.suffixes, read_suffixes(config.suffix_list));
    if (config.scope.hosts.empty() && config.scope.domains.empty() && !config.scope.any_host) {
        for (const Url& url : seeds.urls) config.scope.hosts.emplace_back(url.host());
        auto& hosts = config.scope.hosts;
        std::sort(hosts.begin(), hosts.end());
        hosts.erase(std::unique(hosts.begin(), hosts.end()), hosts.end());
    }
    SLUICE_TRY(auto scope, Scope::make(config.scope));
    rules.scope = std::make_shared<const Scope>(std::move(scope));
    rules.allow = callbacks.allow;
    rules.keep_links = rules.keep_links || config.outputs.edges || config.outputs.graphml;
    return rules;
}

Found find(const Url& url, const PageRules& rules) {
    Found found;
    found.url = url.without_fragment();
    found.domain =
        rules.suffixes ? rules.suffixes->registered_domain(url.hostname()) : url.hostname();
    if (!rules.scope->verdict(url).inside() || (rules.allow && !rules.allow(url)))
        found.excluded = Exclusion::scope;
    return found;
}

std::vector<Found> offers(const Seeds& seeds, const PageRules& rules) {
    std::vector<Found> all;
    for (std::size_t i = 0; i < seeds.urls.size(); ++i) {
        all.push_back(find(seeds.urls[i], rules));
        all.back().kind = seeds.kinds[i];
    }
    return all;
}

std::string numbers(std::initializer_list<std::uint64_t> all) {
    std::string text;
    for (const std::uint64_t one : all) {
        if (!text.empty()) text += ' ';
        text += std::to_string(one);
    }
    return text;
}

// What decides which URLs are known and what the files hold. Everything else (rates, limits, times,
// threads) may be another in each run.
CrawlSettings fixed_settings(const CrawlConfig& config) {
    const auto flag = [](bool value) { return value ? std::string("yes") : std::string(); };
    const ScopeConfig& scope = config.scope;
    const CanonicalRules& canonical = config.page.links.canonical;
    const ShapeLimits& shape = config.page.links.shape;
    CrawlSettings settings;
    settings.fixed = {
        {"seeds", join(config.seeds, " ")},
        {"sitemaps given", join(config.sitemap_seeds, " ")},
        {"hosts", join(scope.hosts, " ")},
        {"domains", join(scope.domains, " ")},
        {"any host", flag(scope.any_host)},
        {"paths", join(scope.paths, " ")},
        {"excluded paths", join(scope.paths_excluded, " ")},
        {"patterns", join(scope.patterns, " ")},
        {"excluded patterns", join(scope.patterns_excluded, " ")},
        {"https only", flag(scope.https_only)},
        {"depth", std::to_string(config.frontier.depth_max)},
        {"redirects", std::to_string(config.frontier.hops_max)},
        {"hosts at most", std::to_string(config.frontier.hosts_max)},
        {"canonical form",
         numbers({canonical.normalise_percent, canonical.drop_session_ids,
                  canonical.drop_empty_query, canonical.drop_tracking, canonical.sort_query,
                  canonical.merge_slashes, canonical.drop_host_dot})},
        {"URL shape",
         numbers({shape.bytes_max, shape.segments_max, shape.repeats_max, shape.query_keys_max})},
        {"kinds of links", std::to_string(config.page.follow)},
        {"nofollow ignored", flag(!config.page.obey_nofollow)},
        {"sitemaps ignored", flag(!config.page.sitemaps)},
        {"agent", config.page.agent},
        {"recrawl of", config.recrawl_of},
        {"pages.jsonl", flag(config.outputs.pages)},
        {"WARC", flag(config.outputs.warc)},
        {"edges.csv", flag(config.outputs.edges)},
    };
    settings.remembered = config.remember;
    return settings;
}

/// One number for what several parts are told.
void agree(CrawlConfig& config, const CrawlCallbacks& callbacks) {
    GateLimit& crawl = config.frontier.gates.crawl;
    crawl.running_max = crawl.running_max == 0
                            ? config.connections_max
                            : std::min(crawl.running_max, config.connections_max);
    config.fetch.connections_max = crawl.running_max;
    config.fetch.requests_max = std::max<std::size_t>(config.fetch.requests_max, crawl.running_max);
    config.fetch.keep_request_head = config.fetch.keep_request_head || config.outputs.warc;
    config.names.rules = config.fetch.rules;
    config.names.queue_max = std::max<std::size_t>(config.names.queue_max, config.resolving_max);
    config.outputs.edges = config.outputs.edges || config.outputs.graphml;
    config.outputs.user_agent = config.fetch.user_agent;
    config.outputs.obeys_robots = !config.frontier.ignore_robots;
    config.page.keep_body =
        config.page.keep_body && (callbacks.on_page || callbacks.on_error || callbacks.extract);
}

}  // namespace

Result<CrawlPlan> make_plan(CrawlConfig config, const CrawlCallbacks& callbacks) {
    SLUICE_TRY_STATUS(check_numbers(config));
    agree(config, callbacks);
    SLUICE_TRY(const Seeds seeds, read_seeds(config));
    SLUICE_TRY(auto rules, make_rules(config, seeds, callbacks));
    CrawlPlan plan;
    plan.seeds = offers(seeds, rules);
    plan.rules = std::make_shared<const PageRules>(std::move(rules));
    plan.judge = [rules = plan.rules](std::string_view text) {
        Url url;
        const LinkVerdict verdict = resolve_link(url, text, nullptr, rules->links);
        if (verdict.refusal == UrlRefusal::none) return find(url, *rules);
        Found found;
        found.url = text;
        found.excluded = Exclusion::shape;
        return found;
    };
    plan.settings = fixed_settings(config);
    plan.config = std::move(config);
    return plan;
}

}  // namespace sluice::crawl
