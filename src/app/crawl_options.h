// SPDX-License-Identifier: Apache-2.0
// The words of `sluice crawl`, as typed. Both programs know them: `sluice` for its help and shell
// completion, sluice-worker, which links the crawler, to run it.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace sluice::app {

/// As typed: numbers are read later, so that an error can name the flag and what it takes.
struct CrawlArguments {
    std::vector<std::string> seeds;
    std::string seeds_file;
    std::vector<std::string> sitemaps;
    std::string out;
    bool resume = false;
    bool adjust = false;
    bool remember_pages = false;
    std::string recrawl_of;
    std::string explain;

    // Bounds.
    std::string depth = "20";
    std::string pages;
    std::string bytes;
    std::string time;
    std::string host_pages;
    std::string hosts = "100000";
    std::string body = "10MiB";

    // Scope.
    std::vector<std::string> include_hosts;
    std::vector<std::string> domains;
    bool any_host = false;
    std::vector<std::string> paths;
    std::vector<std::string> exclude_paths;
    std::vector<std::string> includes;
    std::vector<std::string> excludes;
    bool https_only = false;
    bool resources = false;
    bool drop_tracking = false;
    bool sort_query = false;

    // Politeness.
    std::string rate;
    std::string host_rate;
    std::string address_rate;
    std::string domain_rate;
    std::string delay;
    std::string connections_per_host = "1";
    std::string connections = "256";
    std::string attempts = "3";
    std::string retry_delay = "10s";
    bool gentle = false;
    bool ignore_robots = false;
    bool ignore_nofollow = false;
    bool no_sitemaps = false;
    bool no_cookies = false;
    std::string user_agent;

    // Outputs.
    bool no_jsonl = false;
    bool warc = false;
    bool edges = false;
    bool graphml = false;
    bool report = false;
    bool near_duplicates = false;
    std::vector<std::string> extracts;

    // Network.
    std::vector<std::string> allow_nets;
    std::string proxy;
    std::string ca_file;
    std::vector<std::string> client_certs;
    std::vector<std::string> insecure_hosts;
    std::vector<std::string> auths;
    std::vector<std::string> headers;
    std::vector<std::string> resolves;
    std::string hosts_file;
    std::vector<std::string> dns_servers;
    std::string timeout = "30s";
    bool http1 = false;

    // The run.
    std::string workers = "1";
    std::string sync = "100ms";
    std::string drain_timeout = "30s";
    bool json = false;
    bool quiet = false;

    /// The flags that were typed ("--items").
    std::set<std::string> given;
};

/// Adds them to a command, with its help.
void add_crawl_options(CLI::App& command, CrawlArguments& arguments);

/// After parsing: fills `given`.
void note_given(const CLI::App& command, CrawlArguments& arguments);

/// The words of an earlier run and those typed now: a flag that is typed again replaces all of its
/// earlier ones, and so do seeds; everything else stays. Both without the command's name.
std::vector<std::string> merge_words(const std::vector<std::string>& before,
                                     const std::vector<std::string>& now);
/// What a later run needs of these words; `seeds` stand for those typed and those of a file.
std::vector<std::string> words_to_keep(const std::vector<std::string>& words,
                                       const std::vector<std::string>& seeds);

}  // namespace sluice::app
