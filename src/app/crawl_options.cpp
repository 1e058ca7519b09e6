// SPDX-License-Identifier: Apache-2.0
#include "app/crawl_options.h"

#include <CLI/CLI.hpp>

#include <algorithm>

namespace sluice::app {

namespace {

constexpr const char* examples =
    "Examples\n"
    "  A first look: at most 100 pages, one request a second (the default):\n"
    "    sluice crawl https://example.org --out example --pages 100\n"
    "  A section of a site, for the archive, with a picture at the end:\n"
    "    sluice crawl https://example.org/docs/ --path /docs/ --out docs --warc --report\n"
    "  Titles and prices out of a shop's product pages:\n"
    "    sluice crawl https://shop.example --include '/product/[0-9]+$' --out shop \\\n"
    "      --extract title=css:h1 --extract 'price=css:.price'\n"
    "  All hosts of a domain, at most 5 requests a second to all of them together:\n"
    "    sluice crawl https://www.example.org --domain example.org --domain-rate 5 --out all\n"
    "  A server on this machine (private addresses are refused unless named):\n"
    "    sluice crawl http://localhost:8080 --allow-net 127.0.0.0/8 --delay 0 --out local\n"
    "  Stopped, killed or at a limit? It goes on where it was, as it was begun:\n"
    "    sluice crawl --resume --out example --pages 1000\n"
    "  Too fast for its owner? While it runs, and for good:\n"
    "    sluice crawl --adjust --out example --host-rate 30/min\n"
    "  Why was this page (not) fetched?\n"
    "    sluice crawl --out example --explain https://example.org/private/\n"
    "\n"
    "Ctrl-C: starts nothing more, waits for the requests in flight, can be resumed. Again: "
    "cancels\n"
    "them at once; they are fetched again when resumed. Nothing is lost by either, nor by "
    "SIGKILL.\n"
    "A RATE is 5 (a second), 90/min or 200/h; a SIZE 500KiB, 10MiB; a DURATION 250ms, 90s, 1h30m.\n"
    "Exit codes: 0 complete, or stopped and resumable; 1 an error, or the books do not balance;\n"
    "2 wrong usage. More: docs/crawler.md";

/// A flag with a value, in the group that was named last.
class Adder {
public:
    explicit Adder(CLI::App& command) : command_(command) {}
    void group(std::string name) { group_ = std::move(name); }
    CLI::Option* value(const char* flag, std::string& into, const char* type, const char* help) {
        CLI::Option* option = command_.add_option(flag, into, help)->type_name(type)->group(group_);
        option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
        if (!into.empty()) option->default_str(into);
        return option;
    }
    CLI::Option* list(const char* flag, std::vector<std::string>& into, const char* type,
                      const char* help) {
        return command_.add_option(flag, into, help)
            ->type_name(type)
            ->group(group_)
            ->expected(1)
            ->allow_extra_args(false)  // the next word may be a seed
            ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
    CLI::Option* flag(const char* name, bool& into, const char* help) {
        return command_.add_flag(name, into, help)->group(group_);
    }

private:
    CLI::App& command_;
    std::string group_ = "Options";
};

void add_run(Adder& add, CrawlArguments& a) {
    add.value("-o,--out", a.out, "FOLDER",
              "Where the crawl lives: its queue, its outputs, what a resume needs (required)");
    add.flag("--resume", a.resume,
             "Go on with the crawl in --out, as it was begun; flags given again replace those for "
             "this run");
    add.flag("--adjust", a.adjust,
             "Change the rates of the crawl that runs in --out, now and for later runs of it");
    add.value("--seeds", a.seeds_file, "FILE", "More seeds, one a line; -: standard input");
    add.list("--sitemap", a.sitemaps, "URL",
             "Begin with the pages of this sitemap; those in robots.txt are read anyway");
    add.flag("--remember-pages", a.remember_pages,
             "Keep what a later --recrawl-of needs to ask only for what has changed");
    add.value("--recrawl-of", a.recrawl_of, "FOLDER",
              "Ask again for the pages of that crawl, which had --remember-pages");
    add.value("--workers", a.workers, "COUNT", "Threads that fetch and read pages, 1 to 64");
    add.value("--sync", a.sync, "DURATION|page",
              "How often it becomes safe against power cuts; page: each batch of pages (SIGKILL "
              "loses nothing either way)");
    add.value("--drain-timeout", a.drain_timeout, "DURATION",
              "How long the requests in flight may take after the first Ctrl-C or a limit");
    add.value("--explain", a.explain, "URL",
              "Fetch nothing; say why this URL was, was not, or would (not) be fetched");
    add.flag("--json", a.json, "Events as JSON lines on standard output instead of a summary");
    add.flag("-q,--quiet", a.quiet, "No progress, no summary");
}

void add_bounds(Adder& add, CrawlArguments& a) {
    add.group("Bounds");
    add.value("--depth", a.depth, "COUNT", "Links away from a seed");
    add.value("--pages", a.pages, "COUNT", "Pages fetched, of all runs (default: no limit)");
    add.value("--bytes", a.bytes, "SIZE", "Bytes of bodies, of all runs (default: no limit)");
    add.value("--time", a.time, "DURATION", "Of this run (default: no limit)");
    add.value("--host-pages", a.host_pages, "COUNT", "URLs of one host (default: no limit)");
    add.value("--hosts", a.hosts, "COUNT", "Hosts in all");
    add.value("--body", a.body, "SIZE", "Bytes of one body; the rest is cut off");
}

void add_scope(Adder& add, CrawlArguments& a) {
    add.group("Scope (default: the hosts of the seeds)");
    add.list("--include-host", a.include_hosts, "HOST[:PORT]",
             "This host belongs to the crawl, too; may be repeated, as all of these");
    add.list("--domain", a.domains, "NAME", "This name and every name below it");
    add.flag("--any-host", a.any_host, "Wherever links lead");
    add.list("--path", a.paths, "PREFIX", "Only paths that begin so");
    add.list("--exclude-path", a.exclude_paths, "PREFIX", "No paths that begin so");
    add.list("--include", a.includes, "RE2", "Only URLs in which this is found");
    add.list("--exclude", a.excludes, "RE2", "No URLs in which this is found");
    add.flag("--https-only", a.https_only, "No http:// URLs");
    add.flag("--resources", a.resources, "Fetch pictures, scripts, styles, media, too");
    add.flag("--drop-tracking", a.drop_tracking, "URLs without utm_… and other campaign keys");
    add.flag("--sort-query", a.sort_query, "?b=1&a=2 and ?a=2&b=1 are the same page");
}

void add_politeness(Adder& add, CrawlArguments& a) {
    add.group("Politeness");
    CLI::Option* host_rate = add.value("--host-rate", a.host_rate, "RATE",
                                       "Requests to one host (default: 1 a second; slower if the "
                                       "host is slow or asks for it)");
    add.value("--delay", a.delay, "DURATION",
              "The same as the pause between two requests; 0: none, for servers of your own")
        ->excludes(host_rate);
    add.value("--address-rate", a.address_rate, "RATE", "Requests to one IP address");
    add.value("--domain-rate", a.domain_rate, "RATE", "Requests to one registered domain");
    add.value("--rate", a.rate, "RATE", "Requests of the whole crawl");
    add.value("--connections-per-host", a.connections_per_host, "COUNT",
              "Requests at once to one host");
    add.value("--connections", a.connections, "COUNT", "Requests at once in all, 1 to 10000");
    add.flag("--gentle", a.gentle, "The pause is at least five times the host's latency, not one");
    add.value("--attempts", a.attempts, "COUNT", "For one URL, 1 to 10");
    add.value("--retry-delay", a.retry_delay, "DURATION",
              "Before the second attempt; doubled each time");
    add.flag("--ignore-robots", a.ignore_robots,
             "Do not read robots.txt; only where you are allowed to");
    add.flag("--ignore-nofollow", a.ignore_nofollow, "Follow nofollow links, too");
    add.flag("--no-sitemaps", a.no_sitemaps, "Links only");
    add.flag("--no-cookies", a.no_cookies, "Keep none");
    add.value("--user-agent", a.user_agent, "TEXT",
              "Who you are; its first word is looked up in robots.txt (default: sluice/VERSION)");
}

void add_outputs(Adder& add, CrawlArguments& a) {
    add.group("Outputs, in --out (default: pages.jsonl)");
    add.flag("--warc", a.warc, "crawl-NNNNN.warc.gz and index.cdxj: requests and answers");
    add.flag("--edges", a.edges, "edges.csv: who links to whom");
    add.flag("--graphml", a.graphml, "graph.graphml: the same for graph programs");
    add.flag("--report", a.report, "report.html: a page with charts, in one file");
    add.list("--extract", a.extracts, "NAME=css:…|xpath:…",
             "A field of each page, in pages.jsonl; may be repeated");
    add.flag("--near-duplicates", a.near_duplicates,
             "Pages that look like others come last (for sites that make up pages)");
    add.flag("--no-jsonl", a.no_jsonl, "No pages.jsonl");
}

void add_network(Adder& add, CrawlArguments& a) {
    add.group("Network");
    add.list("--allow-net", a.allow_nets, "CIDR",
             "Addresses that may be asked although they are private (127.0.0.0/8, 10.1.2.3)");
    add.list("--resolve", a.resolves, "NAME=ADDRESS", "Do not look this name up");
    add.value("--hosts-file", a.hosts_file, "FILE", "Names and addresses, as in /etc/hosts");
    add.list("--dns-server", a.dns_servers, "ADDRESS[:PORT]", "Instead of the system's");
    add.value("--timeout", a.timeout, "DURATION",
              "To connect, to the first byte, and between bytes; ten times as long for all");
    add.value("--proxy", a.proxy, "URL", "http://…, https://…, socks5://…");
    add.list("--header", a.headers, "'NAME: VALUE'", "Sent with every request");
    add.list("--auth", a.auths, "HOST=KIND:…",
             "basic:USER:{env:VARIABLE}, digest:…, ntlm:… or bearer:{env:VARIABLE}");
    add.value("--cacert", a.ca_file, "FILE", "PEM file of the authorities to trust");
    add.list("--client-cert", a.client_certs, "HOST=CERT.pem,KEY.pem",
             "A certificate of your own for this host");
    add.list("--insecure-host", a.insecure_hosts, "HOST", "Accept any certificate there");
    add.flag("--http1", a.http1, "No HTTP/2");
}

/// A flag with its value, or a seed.
struct Item {
    std::string flag;  ///< "--pages"; empty: a seed
    std::vector<std::string> words;
};

/// The long name of the flag that a word is ("--pages" of "--pages=5"); empty if it is none.
std::string flag_of(const std::string& word) {
    if (word.starts_with("--")) return word.size() > 2 ? word.substr(0, word.find('=')) : "";
    if (word.starts_with("-o")) return "--out";
    return word == "-q" ? "--quiet" : "";
}

std::vector<Item> items_of(const std::vector<std::string>& words) {
    CLI::App command;
    CrawlArguments unused;
    add_crawl_options(command, unused);
    std::vector<Item> items;
    for (std::size_t i = 0; i < words.size(); ++i) {
        Item item{.flag = flag_of(words[i]), .words = {words[i]}};
        const CLI::Option* option =
            item.flag.empty() ? nullptr : command.get_option_no_throw(item.flag);
        const bool holds_value =
            words[i].find('=') != std::string::npos || (words[i] != "-o" && words[i][1] != '-');
        if (option != nullptr && option->get_items_expected_max() > 0 && !holds_value &&
            i + 1 < words.size())
            item.words.push_back(words[++i]);
        items.push_back(std::move(item));
    }
    return items;
}

}  // namespace

void add_crawl_options(CLI::App& command, CrawlArguments& arguments) {
    command.add_option("URL", arguments.seeds, "Where it begins")->expected(-1);
    Adder add(command);
    add_run(add, arguments);
    add_bounds(add, arguments);
    add_scope(add, arguments);
    add_politeness(add, arguments);
    add_outputs(add, arguments);
    add_network(add, arguments);
    command.footer(examples);
}

void note_given(const CLI::App& command, CrawlArguments& arguments) {
    for (const CLI::Option* option : command.get_options())
        if (option->count() > 0) arguments.given.insert(option->get_name());
}

std::vector<std::string> merge_words(const std::vector<std::string>& before,
                                     const std::vector<std::string>& now) {
    std::set<std::string> replaced{"--resume", "--out", "--explain", "--adjust"};
    for (const Item& item : items_of(now)) replaced.insert(item.flag);
    // One of these takes the other's place.
    if (replaced.contains("--delay")) replaced.insert("--host-rate");
    if (replaced.contains("--host-rate")) replaced.insert("--delay");
    std::vector<std::string> merged;
    for (const Item& item : items_of(before)) {
        if (replaced.contains(item.flag)) continue;
        merged.insert(merged.end(), item.words.begin(), item.words.end());
    }
    merged.insert(merged.end(), now.begin(), now.end());
    return merged;
}

std::vector<std::string> words_to_keep(const std::vector<std::string>& words,
                                       const std::vector<std::string>& seeds) {
    std::vector<std::string> kept;
    for (const Item& item : items_of(words)) {
        if (item.flag.empty() || item.flag == "--seeds" || item.flag == "--resume" ||
            item.flag == "--adjust" || item.flag == "--explain")
            continue;
        kept.insert(kept.end(), item.words.begin(), item.words.end());
    }
    kept.insert(kept.end(), seeds.begin(), seeds.end());
    return kept;
}

}  // namespace sluice::app
