// SPDX-License-Identifier: Apache-2.0
// `sluice crawl`: reads the words, so that mistakes and --help are answered here, and becomes
// sluice-crawler, which links the crawler and its libraries.
#include "app/commands.h"
#include "app/crawl_options.h"
#include "app/helper_programs.h"

#include <CLI/CLI.hpp>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

namespace sluice::app {

namespace {

/// The words behind `sluice crawl`, as the system has them.
std::vector<std::string> words_behind_command() {
    std::ifstream file("/proc/self/cmdline", std::ios::binary);
    const std::string all{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::string> words;
    for (std::size_t at = 0; at < all.size();) {
        const std::size_t end = std::min(all.find('\0', at), all.size());
        words.push_back(all.substr(at, end - at));
        at = end + 1;
    }
    if (words.size() < 2) return {};
    words.erase(words.begin(), words.begin() + 2);
    return words;
}

}  // namespace

void add_crawl(CLI::App& program, int& exit_code) {
    CLI::App* command =
        program.add_subcommand("crawl", "Crawl web sites: bounded, polite, resumable");
    auto arguments = std::make_shared<CrawlArguments>();
    add_crawl_options(*command, *arguments);
    command->callback([arguments, &exit_code] {
        exit_code = become(Helper::crawler, "sluice crawl", words_behind_command());
    });
}

}  // namespace sluice::app
