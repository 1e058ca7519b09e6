// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_html kernel_sync
// Speed of reading HTML: bench_crawl_html FOLDER reads every .html file below the folder, then all
// of them from memory in several ways. Prints one line each: the best of five rounds.
#include "kernel/sync/clock.h"
#include "modules/crawl/core/html/html_tokenizer.h"
#include "modules/crawl/core/html/link_extractor.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::crawl;

constexpr int rounds = 5;
constexpr double seconds_wanted = 0.4;

struct Pages {
    std::vector<std::string> texts;
    double bytes = 0;
};

Pages read_pages(const char* folder) {
    Pages out;
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
        if (!entry.is_regular_file() || entry.path().extension() != ".html") continue;
        std::ifstream file(entry.path(), std::ios::binary);
        out.texts.emplace_back(std::istreambuf_iterator<char>(file),
                               std::istreambuf_iterator<char>());
        out.bytes += static_cast<double>(out.texts.back().size());
    }
    return out;
}

class Counter : public LinkSink, public HtmlTokenSink {
public:
    void on_link(const Link& link) override { count += link.href.empty() ? 0 : 1; }
    void on_words(std::string_view piece) override { bytes += piece.size(); }
    void on_tag(const HtmlTag& /*tag*/) override { ++count; }
    void on_text(std::string_view text) override { bytes += text.size(); }

    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
};

// Runs `read` over all pages until enough time has gone, `rounds` times; prints the best round.
void measure(const char* name, const Pages& pages,
             const std::function<std::uint64_t(const std::string&)>& read) {
    double best = 1e9;
    std::uint64_t found = 0;
    for (int round = 0; round < rounds; ++round) {
        int repeats = 0;
        double seconds = 0;
        const Instant begin = monotonic_now();
        do {
            found = 0;
            for (const std::string& page : pages.texts) found += read(page);
            ++repeats;
            seconds = to_seconds(monotonic_now() - begin);
        } while (seconds < seconds_wanted);
        best = std::min(best, seconds / repeats);
    }
    std::printf("%-44s %8.0f MB/s %9.2f us/page %10llu found\n", name, pages.bytes / best / 1e6,
                best * 1e6 / static_cast<double>(pages.texts.size()),
                static_cast<unsigned long long>(found));
}

std::uint64_t extract(const std::string& page, const LinkOptions& options, std::size_t piece) {
    Counter counter;
    LinkExtractor extractor(counter, options);
    for (std::size_t at = 0; at < page.size(); at += piece)
        extractor.feed(std::string_view(page).substr(at, piece));
    extractor.finish();
    return counter.count;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: bench_crawl_html FOLDER\n");
        return 2;
    }
    const Pages pages = read_pages(argv[1]);
    if (pages.texts.empty()) {
        std::fprintf(stderr, "no .html files below %s\n", argv[1]);
        return 2;
    }
    std::printf("%zu pages, %.1f MB\n", pages.texts.size(), pages.bytes / 1e6);
    measure("memchr of \"<\" (the ceiling)", pages, [](const std::string& page) {
        std::uint64_t count = 0;
        const char* p = page.data();
        const char* const end = p + page.size();
        while ((p = static_cast<const char*>(
                    std::memchr(p, '<', static_cast<std::size_t>(end - p)))) != nullptr) {
            ++count;
            ++p;
        }
        return count;
    });
    const LinkOptions pages_only{.kinds = only(LinkKind::anchor) | only(LinkKind::area) |
                                          only(LinkKind::frame) | only(LinkKind::canonical) |
                                          only(LinkKind::next) | only(LinkKind::refresh)};
    constexpr std::size_t whole = ~std::size_t{0} / 2;
    measure("links to pages", pages,
            [&](const std::string& page) { return extract(page, pages_only, whole); });
    measure("links of every kind", pages,
            [&](const std::string& page) { return extract(page, {}, whole); });
    measure("links of every kind, pieces of 16 KiB", pages,
            [&](const std::string& page) { return extract(page, {}, 16384); });
    measure("links of every kind, pieces of 100 bytes", pages,
            [&](const std::string& page) { return extract(page, {}, 100); });
    measure("links of every kind, and the words", pages,
            [&](const std::string& page) { return extract(page, {.words = true}, whole); });
    measure("every token (HtmlTokenizer)", pages, [](const std::string& page) {
        Counter counter;
        HtmlTokenizer tokenizer(counter);
        tokenizer.feed(page);
        tokenizer.finish();
        return counter.count;
    });
    return 0;
}
