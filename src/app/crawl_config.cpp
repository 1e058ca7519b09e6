// SPDX-License-Identifier: Apache-2.0
#include "app/crawl_config.h"

#include "app/version.h"
#include "kernel/base/text.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>

namespace sluice::app {

namespace {

constexpr std::size_t seeds_bytes_max = 64U << 20U;
constexpr std::size_t hosts_bytes_max = 16U << 20U;
constexpr double gentle_factor = 5;
constexpr int total_timeout_factor = 10;

struct Count {
    const char* flag;
    const std::string& text;
    std::uint64_t least = 1;
    std::uint64_t most = UINT64_MAX;
};

Result<std::uint64_t> read_number(const Count& count) {
    const auto number = parse_int(count.text);
    if (number && *number >= 0 && static_cast<std::uint64_t>(*number) >= count.least &&
        static_cast<std::uint64_t>(*number) <= count.most)
        return static_cast<std::uint64_t>(*number);
    const bool open = count.most == UINT64_MAX;
    return fail(Code::invalid, std::string(count.flag) + " must be a whole number " +
                                   (open ? "of at least " : "from ") + std::to_string(count.least) +
                                   (open ? "" : " to " + std::to_string(count.most)) + ", not '" +
                                   count.text + "'");
}

/// Leaves the setting alone when nothing was typed.
template <class Number>
Status read_count(const Count& count, Number& into) {
    if (count.text.empty()) return {};
    SLUICE_TRY(const std::uint64_t number, read_number(count));
    into = static_cast<Number>(number);
    return {};
}

Status read_size(const char* flag, const std::string& text, std::uint64_t& into) {
    if (text.empty()) return {};
    auto size = parse_size(text);
    if (!size || *size == 0)
        return fail(Code::invalid, std::string(flag) + " '" + text +
                                       "' is no size: write 500KiB, 10MiB, 2GiB or bytes");
    into = *size;
    return {};
}

Status read_duration(const char* flag, const std::string& text, Duration& into) {
    if (text.empty()) return {};
    if (text == "0") {
        into = Duration{0};
        return {};
    }
    auto duration = parse_duration(text);
    if (!duration)
        return fail(Code::invalid, std::string(flag) + " '" + text +
                                       "' is no duration: write 250ms, 90s, 5m or 1h30m");
    into = *duration;
    return {};
}

Result<std::string> read_text_file(const char* flag, const std::string& path, std::size_t most) {
    std::ifstream file(path, std::ios::binary);
    std::istream& in = path == "-" ? std::cin : file;
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (path != "-" && !file)
        return fail(Code::invalid, std::string(flag) + ": cannot read " + path);
    if (text.size() > most)
        return fail(Code::invalid, std::string(flag) + ": " + path + " is larger than " +
                                       std::to_string(most >> 20U) + " MiB");
    return text;
}

Status read_seeds(const CrawlArguments& typed, crawl::CrawlConfig& config) {
    config.seeds = typed.seeds;
    config.sitemap_seeds = typed.sitemaps;
    if (!typed.seeds_file.empty()) {
        SLUICE_TRY(const std::string text,
                   read_text_file("--seeds", typed.seeds_file, seeds_bytes_max));
        for (std::string_view line : split(text, '\n')) {
            line = trim(line);
            if (!line.empty() && line.front() != '#') config.seeds.emplace_back(line);
        }
    }
    if (config.seeds.empty() && config.sitemap_seeds.empty() && typed.recrawl_of.empty())
        return fail(Code::invalid,
                    "no URL to begin with\n  such as:  sluice crawl https://example.org --out "
                    "example --pages 100\n  'sluice crawl --help' has more examples");
    return {};
}

Status read_bounds(const CrawlArguments& typed, CrawlPlan& plan) {
    crawl::FrontierConfig& frontier = plan.config.frontier;
    SLUICE_TRY_STATUS(read_count({"--depth", typed.depth, 0, 1'000'000}, frontier.depth_max));
    SLUICE_TRY_STATUS(read_count({"--pages", typed.pages}, frontier.pages_max));
    SLUICE_TRY_STATUS(read_count({"--host-pages", typed.host_pages}, frontier.host_pages_max));
    SLUICE_TRY_STATUS(read_count({"--hosts", typed.hosts}, frontier.hosts_max));
    SLUICE_TRY_STATUS(read_size("--bytes", typed.bytes, frontier.bytes_max));
    SLUICE_TRY_STATUS(read_size("--body", typed.body, frontier.body_max));
    if (!typed.time.empty()) {
        Duration time{0};
        SLUICE_TRY_STATUS(read_duration("--time", typed.time, time));
        plan.config.time_max = time;
        plan.limits.time = time;
    }
    plan.limits.pages = frontier.pages_max;
    plan.limits.bytes = frontier.bytes_max;
    return {};
}

/// The hosts of the seeds, each with the port that it names.
Status add_seed_hosts(const std::vector<std::string>& seeds, std::vector<std::string>& hosts) {
    for (const std::string& seed : seeds) {
        crawl::Url url;
        const bool has_scheme = seed.find("://") != std::string::npos;
        const auto verdict =
            crawl::resolve_link(url, has_scheme ? seed : "http://" + seed, nullptr);
        if (verdict.refusal != crawl::UrlRefusal::none)
            return fail(Code::invalid, "'" + seed + "' is no URL that can be crawled (" +
                                           std::string(to_string(verdict.refusal)) +
                                           "); such as:  https://example.org/");
        std::string host(url.host());
        if (std::find(hosts.begin(), hosts.end(), host) == hosts.end())
            hosts.push_back(std::move(host));
    }
    return {};
}

Status read_scope(const CrawlArguments& typed, crawl::CrawlConfig& config) {
    SLUICE_TRY_STATUS(add_seed_hosts(config.seeds, config.scope.hosts));
    SLUICE_TRY_STATUS(add_seed_hosts(config.sitemap_seeds, config.scope.hosts));
    config.scope.hosts.insert(config.scope.hosts.end(), typed.include_hosts.begin(),
                              typed.include_hosts.end());
    config.scope.domains = typed.domains;
    config.scope.any_host = typed.any_host;
    config.scope.paths = typed.paths;
    config.scope.paths_excluded = typed.exclude_paths;
    config.scope.patterns = typed.includes;
    config.scope.patterns_excluded = typed.excludes;
    config.scope.https_only = typed.https_only;
    if (typed.resources)
        config.page.follow = crawl::all_link_kinds & ~crawl::only(crawl::LinkKind::hint);
    config.page.links.canonical.drop_tracking = typed.drop_tracking;
    config.page.links.canonical.sort_query = typed.sort_query;
    auto scope = crawl::Scope::make(config.scope);  // so that a wrong pattern is told at once
    return scope ? Status{} : Status{std::move(scope).error()};
}

Status read_rate(const char* flag, const std::string& text, std::optional<TokenBucketLimit>& into) {
    if (text.empty()) return {};
    auto rate = parse_rate(text);
    if (!rate) return std::move(rate).error().in(flag);
    into = *rate;
    return {};
}

/// One host's pace: --delay or --host-rate.
Status read_pace(const CrawlArguments& typed, crawl::PaceConfig& pace) {
    if (!typed.delay.empty()) {
        SLUICE_TRY_STATUS(read_duration("--delay", typed.delay, pace.delay));
        if (pace.delay == Duration{0}) pace.latency_factor = 0;
    }
    std::optional<TokenBucketLimit> rate;
    SLUICE_TRY_STATUS(read_rate("--host-rate", typed.host_rate, rate));
    if (rate) {
        pace.delay = rate->per;
        pace.burst = static_cast<std::uint32_t>(rate->burst);
        if (pace.burst > 1)
            pace.latency_factor = 0;  // 20 a second and more: the user's own servers
    }
    if (typed.gentle) pace.latency_factor = gentle_factor;
    return {};
}

Status read_politeness(const CrawlArguments& typed, crawl::CrawlConfig& config) {
    crawl::FrontierConfig& frontier = config.frontier;
    SLUICE_TRY_STATUS(read_pace(typed, frontier.pace));
    SLUICE_TRY_STATUS(read_rate("--address-rate", typed.address_rate, frontier.gates.address.rate));
    SLUICE_TRY_STATUS(read_rate("--domain-rate", typed.domain_rate, frontier.gates.domain.rate));
    SLUICE_TRY_STATUS(read_rate("--rate", typed.rate, frontier.gates.crawl.rate));
    SLUICE_TRY_STATUS(read_count({"--connections-per-host", typed.connections_per_host, 1, 1000},
                                 frontier.host_running_max));
    SLUICE_TRY_STATUS(
        read_count({"--connections", typed.connections, 1, 10'000}, config.connections_max));
    SLUICE_TRY_STATUS(read_count({"--attempts", typed.attempts, 1, 10}, frontier.attempts_max));
    SLUICE_TRY_STATUS(read_duration("--retry-delay", typed.retry_delay, frontier.retry_base));
    frontier.ignore_robots = typed.ignore_robots;
    config.page.obey_nofollow = !typed.ignore_nofollow;
    config.page.sitemaps = !typed.no_sitemaps;
    config.cookies = !typed.no_cookies;
    config.fetch.user_agent =
        typed.user_agent.empty() ? "sluice/" + std::string(version) : typed.user_agent;
    config.page.agent = std::string(crawl::robots_token(config.fetch.user_agent));
    if (config.page.agent.empty())
        return fail(Code::invalid,
                    "--user-agent must begin with a name of letters, '-' or '_', "
                    "such as 'mybot/1.0 (+https://example.org/bot)': robots.txt "
                    "files speak to that name");
    return {};
}

Status read_outputs(const CrawlArguments& typed, CrawlPlan& plan) {
    crawl::CrawlConfig& config = plan.config;
    config.outputs.pages = !typed.no_jsonl;
    config.outputs.warc = typed.warc;
    config.outputs.graphml = typed.graphml;
    config.outputs.edges = typed.edges || typed.graphml;
    config.outputs.report = typed.report;
    config.outputs.software = "sluice/" + std::string(version);
    config.outputs.user_agent = config.fetch.user_agent;
    config.outputs.obeys_robots = !typed.ignore_robots;
    config.page.near_duplicates = typed.near_duplicates;
    if (!typed.extracts.empty()) {
        auto rules = crawl::ExtractRules::parse(typed.extracts);
        if (!rules) return std::move(rules).error().in("--extract");
        plan.extract = std::make_shared<const crawl::ExtractRules>(*std::move(rules));
    }
    return {};
}

Status read_names(const CrawlArguments& typed, crawl::CrawlConfig& config) {
    for (const std::string& text : typed.resolves) {
        SLUICE_TRY(NameAddresses entry, parse_resolve(text));
        config.names.fixed.emplace_back(std::move(entry.name), std::move(entry.addresses));
    }
    if (!typed.hosts_file.empty()) {
        SLUICE_TRY(const std::string text,
                   read_text_file("--hosts-file", typed.hosts_file, hosts_bytes_max));
        auto entries = parse_hosts(text);
        if (!entries) return std::move(entries).error().in("--hosts-file " + typed.hosts_file);
        for (NameAddresses& entry : *entries)
            config.names.fixed.emplace_back(std::move(entry.name), std::move(entry.addresses));
    }
    config.names.servers = typed.dns_servers;
    return {};
}

Status read_tls(const CrawlArguments& typed, crawl::FetchTls& tls) {
    tls.ca_file = typed.ca_file;
    tls.insecure_hosts = typed.insecure_hosts;
    for (const std::string& text : typed.client_certs) {
        const std::size_t equals = text.find('=');
        const std::size_t comma = text.find(',', equals == std::string::npos ? 0 : equals);
        if (equals == std::string::npos || equals == 0 || comma == std::string::npos)
            return fail(Code::invalid,
                        "--client-cert '" + text + "': write it as HOST=CERT.pem,KEY.pem");
        tls.certificates.push_back({.hosts = text.substr(0, equals),
                                    .certificate_file = text.substr(equals + 1, comma - equals - 1),
                                    .key_file = text.substr(comma + 1),
                                    .key_password = {}});
    }
    return {};
}

Status read_network(const CrawlArguments& typed, crawl::CrawlConfig& config) {
    auto rules = AddressRules::make({"*"}, typed.allow_nets);
    if (!rules) return std::move(rules).error().in("--allow-net");
    config.fetch.rules = *rules;
    config.names.rules = *rules;
    SLUICE_TRY_STATUS(read_names(typed, config));
    SLUICE_TRY_STATUS(read_tls(typed, config.fetch.tls));
    // Whoever names a proxy allows it, wherever it is.
    config.fetch.proxy.url = typed.proxy;
    if (!typed.proxy.empty()) config.fetch.proxy.networks = {"0.0.0.0/0", "::/0"};
    for (const std::string& text : typed.headers) {
        SLUICE_TRY(crawl::HttpHeader header, parse_header(text));
        config.fetch.extra_headers.push_back(std::move(header));
    }
    for (const std::string& text : typed.auths) {
        SLUICE_TRY(crawl::FetchCredentials credentials,
                   parse_auth(text, [](const char* name) { return std::getenv(name); }));
        config.fetch.credentials.push_back(std::move(credentials));
    }
    Duration timeout{0};
    SLUICE_TRY_STATUS(read_duration("--timeout", typed.timeout, timeout));
    if (timeout <= Duration{0}) return fail(Code::invalid, "--timeout must be more than zero");
    config.fetch.connect_timeout = timeout;
    config.fetch.first_byte_timeout = timeout;
    config.fetch.idle_timeout = timeout;
    config.fetch.speed_window = timeout;
    config.fetch.total_timeout = timeout * total_timeout_factor;
    config.fetch.http2 = !typed.http1;
    return {};
}

Status read_run(const CrawlArguments& typed, CrawlPlan& plan) {
    crawl::CrawlConfig& config = plan.config;
    if (typed.out.empty())
        return fail(Code::invalid,
                    "--out FOLDER is needed: the crawl's queue and outputs live "
                    "there\n  such as:  --out example");
    config.folder = typed.out;
    config.resume = typed.resume;
    config.remember_pages = typed.remember_pages;
    config.recrawl_of = typed.recrawl_of;
    SLUICE_TRY_STATUS(read_count({"--workers", typed.workers, 1, 64}, config.workers));
    if (typed.sync == "page")
        config.sync_every = Duration{0};
    else
        SLUICE_TRY_STATUS(read_duration("--sync", typed.sync, config.sync_every));
    SLUICE_TRY_STATUS(read_duration("--drain-timeout", typed.drain_timeout, config.drain_timeout));
    if (typed.json && typed.quiet)
        return fail(Code::invalid, "--json and --quiet do not go together");
    plan.json = typed.json;
    plan.quiet = typed.quiet;
    return {};
}

}  // namespace

Result<CrawlPlan> read_crawl_plan(const CrawlArguments& arguments) {
    CrawlPlan plan;
    SLUICE_TRY_STATUS(read_seeds(arguments, plan.config));
    SLUICE_TRY_STATUS(read_run(arguments, plan));
    SLUICE_TRY_STATUS(read_bounds(arguments, plan));
    SLUICE_TRY_STATUS(read_scope(arguments, plan.config));
    SLUICE_TRY_STATUS(read_politeness(arguments, plan.config));
    SLUICE_TRY_STATUS(read_outputs(arguments, plan));
    SLUICE_TRY_STATUS(read_network(arguments, plan.config));
    return plan;
}

}  // namespace sluice::app
