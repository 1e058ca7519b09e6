// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_page kernel_sync
// Speed of reading answers as a fetch thread does: 10,000 generated pages of 8.7 kB with 20 links
// each, or every .html file below the folder named. Prints one line each: the best of five rounds.
#include "kernel/base/random.h"
#include "kernel/sync/clock.h"
#include "modules/crawl/core/page/page_reader.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::crawl;

constexpr int rounds = 5;
constexpr std::size_t pages_made = 10'000;
constexpr std::size_t links_made = 20;
constexpr std::size_t page_bytes = 8'700;

FetchAnswer answer_of(std::string url, std::string body) {
    FetchAnswer answer;
    answer.order.url = std::move(url);
    answer.order.body_max = 10 << 20;
    answer.status = 200;
    answer.headers = {{"Server", "nginx"},
                      {"Date", "Sat, 01 Aug 2026 10:00:00 GMT"},
                      {"Content-Type", "text/html"},
                      {"Content-Length", std::to_string(body.size())},
                      {"Last-Modified", "Sat, 01 Aug 2026 09:00:00 GMT"},
                      {"Connection", "keep-alive"},
                      {"ETag", "\"66ab\""}};
    answer.body = std::move(body);
    return answer;
}

std::string page_url(std::uint64_t number) {
    return "/d" + std::to_string(number % 100) + "/page" + std::to_string(number) + ".html";
}

std::vector<FetchAnswer> make_site() {
    Random random(1);
    std::vector<FetchAnswer> out;
    for (std::size_t i = 0; i < pages_made; ++i) {
        std::string body =
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
            "<title>Page " +
            std::to_string(i) +
            "</title><link rel=\"stylesheet\" href=\"/style.css\"></head><body>\n";
        for (std::size_t link = 0; link < links_made; ++link) {
            body += "<p class=\"t\">";
            while (body.size() < page_bytes * (link + 1) / links_made - 80)
                body += "some words of text that nobody reads ";
            body += "<a href=\"" + page_url(random.below(pages_made)) + "\">a link</a></p>\n";
        }
        out.push_back(answer_of("http://127.0.0.1:8080" + page_url(i), body + "</body></html>\n"));
    }
    return out;
}

std::vector<FetchAnswer> read_folder(const char* folder) {
    std::vector<FetchAnswer> out;
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
        if (!entry.is_regular_file() || entry.path().extension() != ".html") continue;
        std::ifstream file(entry.path(), std::ios::binary);
        std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
        out.push_back(answer_of(
            "http://127.0.0.1:8080/" + entry.path().lexically_relative(folder).generic_string(),
            std::move(text)));
    }
    return out;
}

PageRules rules() {
    PageRules out;
    out.scope = std::make_shared<const Scope>(Scope::make({.hosts = {"127.0.0.1:8080"}}).value());
    out.keep_body = false;
    return out;
}

void measure(const char* name, const std::vector<FetchAnswer>& pages, PageRules with) {
    PageReader reader(std::make_shared<const PageRules>(std::move(with)));
    PageReading reading;
    double best = 1e9;
    double bytes = 0;
    std::size_t found = 0;
    for (int round = 0; round < rounds; ++round) {
        found = 0;
        bytes = 0;
        const Instant begin = monotonic_now();
        for (const FetchAnswer& page : pages) {
            reader.read(page, WallTime{Duration{0}}, reading);
            found += reading.end.found.size();
            bytes += static_cast<double>(page.body.size());
        }
        best = std::min(best, to_seconds(monotonic_now() - begin));
    }
    std::printf("%-40s %8.2f us/page %8.0f MB/s %6.1f found/page\n", name,
                best * 1e6 / static_cast<double>(pages.size()), bytes / best / 1e6,
                static_cast<double>(found) / static_cast<double>(pages.size()));
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<FetchAnswer> pages = argc > 1 ? read_folder(argv[1]) : make_site();
    if (pages.empty()) {
        std::fprintf(stderr, "no .html files below %s\n", argv[1]);
        return 2;
    }
    measure("links to pages", pages, rules());
    PageRules with = rules();
    with.keep_body = true;
    measure("and a copy of the body", pages, with);
    with = rules();
    with.keep_links = true;
    measure("links of every kind kept", pages, with);
    with = rules();
    with.near_duplicates = true;
    measure("and Simhash", pages, with);
    with = rules();
    with.scope = std::make_shared<const Scope>(
        Scope::make({.hosts = {"127.0.0.1:8080"}, .patterns_excluded = {"\\.pdf$"}}).value());
    measure("one pattern", pages, with);
    return 0;
}
