// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_url
// How many links a second the URL parser resolves:
//   bench_crawl_url [--seconds N] [FILE.html | FOLDER]...
// The links are the values of href and src in the files, each resolved against the address of its
// own file; without files they are a made-up mix. One thread, one output whose memory is used
// again.
#include "modules/crawl/core/url/canonical.h"
#include "modules/crawl/core/url/url.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sluice::crawl;
using Clock = std::chrono::steady_clock;

struct Page {
    Url base;
    std::vector<std::string> links;
};

void add_links(std::string_view html, std::string_view key, std::vector<std::string>& out) {
    for (std::size_t at = html.find(key); at != html.npos; at = html.find(key, at)) {
        at += key.size();
        const std::size_t end = html.find('"', at);
        if (end == html.npos) return;
        out.emplace_back(html.substr(at, end - at));
        at = end;
    }
}

void add_file(const std::filesystem::path& path, std::vector<Page>& pages) {
    std::ifstream file(path, std::ios::binary);
    const std::string html(std::istreambuf_iterator<char>(file), {});
    auto base = parse_url("https://docs.example.org" + path.generic_string());
    if (!base) return;
    Page page{*std::move(base), {}};
    add_links(html, "href=\"", page.links);
    add_links(html, "src=\"", page.links);
    if (!page.links.empty()) pages.push_back(std::move(page));
}

std::vector<Page> read_pages(const std::vector<std::string>& names) {
    std::vector<Page> pages;
    for (const std::string& name : names) {
        if (!std::filesystem::is_directory(name)) {
            add_file(name, pages);
            continue;
        }
        for (const auto& entry : std::filesystem::recursive_directory_iterator(name))
            if (entry.is_regular_file() && entry.path().extension() == ".html")
                add_file(entry.path(), pages);
    }
    return pages;
}

/// Links as pages have them: most of them short and relative, a few absolute, with queries,
/// fragments, other hosts.
std::vector<Page> make_pages() {
    std::vector<Page> pages;
    for (int p = 0; p < 100; ++p) {
        const std::string number = std::to_string(p);
        auto base = parse_url("https://www.example.com/section-" + number + "/chapter/page-" +
                              number + ".html");
        Page page{*std::move(base), {}};
        for (int i = 0; i < 20; ++i) {
            const std::string n = std::to_string(i);
            page.links.insert(page.links.end(),
                              {"page-" + n + ".html", "../index.html", "#part-" + n,
                               "/static/style-" + n + ".css", "page-" + n + ".html#section-of-it",
                               "/search?q=word&page=" + n,
                               "https://www.example.com/section-" + n + "/chapter/other.html",
                               "https://cdn.example.net/assets/img/" + n + "/picture.png",
                               "../../section-" + n + "/", "//static.example.org/a.js"});
        }
        pages.push_back(std::move(page));
    }
    return pages;
}

struct Totals {
    std::uint64_t links = 0;
    std::uint64_t faults = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
};

template <class Resolve>
void measure(const char* name, const std::vector<Page>& pages, double seconds,
             const Resolve& resolve) {
    Totals totals;
    Url out;
    const Clock::time_point start = Clock::now();
    double spent = 0;
    while (spent < seconds) {
        for (const Page& page : pages) {
            for (const std::string& link : page.links) {
                totals.faults += resolve(out, link, page.base) ? 0 : 1;
                totals.bytes_in += link.size();
                totals.bytes_out += out.href().size();
            }
            totals.links += page.links.size();
        }
        spent = std::chrono::duration<double>(Clock::now() - start).count();
    }
    const auto links = static_cast<double>(totals.links);
    std::printf(
        "%-28s %6.2f M links/s, %4.0f ns a link (%.0f bytes in, %.0f out, %.2f %% refused)\n", name,
        links / spent / 1e6, spent / links * 1e9, static_cast<double>(totals.bytes_in) / links,
        static_cast<double>(totals.bytes_out) / links,
        static_cast<double>(totals.faults) / links * 100);
}

void run(const std::vector<Page>& pages, double seconds) {
    std::size_t links = 0;
    for (const Page& page : pages) links += page.links.size();
    std::printf("%zu pages, %zu links\n", pages.size(), links);
    measure("resolve, one output", pages, seconds,
            [](Url& out, std::string_view link, const Url& base) {
                return parse_url_into(out, link, &base) == UrlFault::none;
            });
    measure("resolve, a new URL each", pages, seconds,
            [](Url& out, std::string_view link, const Url& base) {
                Url url;
                const bool good = parse_url_into(url, link, &base) == UrlFault::none;
                out = std::move(url);
                return good;
            });
    measure("resolve, canonical, shape", pages, seconds,
            [](Url& out, std::string_view link, const Url& base) {
                return resolve_link(out, link, &base).refusal == UrlRefusal::none;
            });
    std::vector<Page> absolute = pages;
    for (Page& page : absolute) {
        for (std::string& link : page.links) {
            const auto url = parse_url(link, &page.base);
            if (url) link = url->href();
        }
    }
    measure("parse absolute, one output", absolute, seconds,
            [](Url& out, std::string_view link, const Url&) {
                return parse_url_into(out, link) == UrlFault::none;
            });
}

}  // namespace

int main(int count, char** values) {
    std::vector<std::string> names(values + 1, values + count);
    double seconds = 2;
    if (names.size() >= 2 && names[0] == "--seconds") {
        seconds = std::strtod(names[1].c_str(), nullptr);
        names.erase(names.begin(), names.begin() + 2);
    }
    const std::vector<Page> pages = names.empty() ? make_pages() : read_pages(names);
    if (pages.empty()) {
        std::fprintf(stderr, "no links in these files\n");
        return 1;
    }
    run(pages, seconds);
    return 0;
}
