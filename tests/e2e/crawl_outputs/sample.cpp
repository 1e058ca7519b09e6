// SPDX-License-Identifier: Apache-2.0
// Writes the outputs of a made-up crawl into a folder, with what real servers send: chunked and
// compressed bodies, HTTP/2, the same page twice, 304, redirects, errors, cut bodies. It "crashes"
// now and then: what was appended but not committed is lost, and the outputs are opened again.
#include "kernel/base/random.h"
#include "modules/crawl/core/page/page_reader.h"
#include "modules/crawl/shell/output/outputs.h"

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <vector>

namespace sluice::crawl {
namespace {

constexpr int hosts = 24;
constexpr int pages_of_largest = 400;
constexpr std::uint64_t batch_max = 16;

[[noreturn]] void die(const Error& error) {
    std::cerr << error.text() << "\n";
    std::exit(1);
}

std::string origin(std::uint64_t host) {
    static constexpr const char* names[] = {"docs", "www", "blog", "shop", "wiki", "news"};
    return fmt::format("https://{}.site-{}.test", names[host % 6], host / 6 + 1);
}
int pages_of(std::uint64_t host) { return pages_of_largest / static_cast<int>(host + 1) + 3; }

class Sample {
public:
    explicit Sample(std::string folder, std::uint64_t seed) : random_(seed) {
        config_.folder = std::move(folder);
        config_.warc = config_.edges = config_.graphml = true;
        config_.warc_file_max = mib(1);
        config_.software = "sluice/sample";
        config_.user_agent = "sluice (+https://example.org)";
    }

    void run() {
        open();
        for (std::uint64_t host = 0; host < hosts; ++host) {
            for (int page = 0; page < pages_of(host); ++page) queue_.push_back(fetch(host, page));
        }
        for (std::size_t i = queue_.size(); i > 1; --i)
            std::swap(queue_[i - 1], queue_[random_.below(i)]);
        for (std::size_t at = 0; at < queue_.size();) {
            const std::size_t count =
                std::min<std::size_t>(1 + random_.below(batch_max), queue_.size() - at);
            const bool lost = random_.below(20) == 0;
            append(at, count, lost);
            if (lost) {
                open();
            } else {
                at += count;
            }
        }
        finish();
    }

private:
    struct Fetch {
        FetchAnswer answer;
        PageReading page;
    };

    void open() {
        outputs_.reset();
        std::vector<Write> marks;
        for (const auto& [key, value] : store_) {
            if (key[0] == output_letter) marks.push_back({key, value});
        }
        auto opened = Outputs::open(config_, marks);
        if (!opened) die(opened.error());
        outputs_ = std::move(*opened);
        std::vector<Write> writes;
        outputs_->put_marks(writes);
        commit(writes);
    }

    void commit(const std::vector<Write>& writes) {
        for (const Write& write : writes) store_[write.key] = *write.value;
    }

    void append(std::size_t at, std::size_t count, bool lost) {
        std::vector<RenderedPage> pages;
        for (std::size_t i = at; i < at + count; ++i) {
            Fetch& fetch = queue_[i];
            fetch.answer.order.let_go = wall_from_ns(now_);
            now_ += 1'000'000 * static_cast<std::int64_t>(5 + random_.below(60));
            pages.push_back(outputs_->render(fetch.answer, fetch.page, ""));
        }
        std::vector<Write> writes;
        if (auto status = outputs_->append(pages, writes); !status) die(status.error());
        if (lost) return;
        commit(writes);
        for (std::size_t i = at; i < at + count; ++i) count_end(queue_[i]);
    }

    void count_end(const Fetch& fetch) {
        CrawlTotals& totals = summary_.totals;
        ++totals.seen;
        totals.bytes += fetch.answer.body.size();
        switch (fetch.page.end.kind) {
            case PageEnd::Kind::fetched: ++totals.fetched; break;
            case PageEnd::Kind::redirected: ++totals.redirected; break;
            case PageEnd::Kind::retry:
            case PageEnd::Kind::put_back:
            case PageEnd::Kind::failed:
                ++totals.failed[static_cast<std::size_t>(fetch.page.end.failure)];
        }
    }

    std::string text(std::uint64_t host, int page) {
        std::string out =
            fmt::format("<!doctype html><title>Page {} of {}</title>", page, origin(host));
        const std::uint64_t words = 20 + random_.below(300);
        for (std::uint64_t i = 0; i < words; ++i) out += fmt::format(" w{}", random_.below(5'000));
        return out;
    }

    static std::string url(std::uint64_t host, int page) {
        if (page == 0) return origin(host) + "/";
        static constexpr const char* parts[] = {"guide", "reference", "articles", "archive"};
        return fmt::format("{}/{}/page-{}.html{}", origin(host), parts[page % 4], page,
                           page % 31 == 0 ? "?b=2&a=1" : "");
    }

    Fetch fetch(std::uint64_t host, int page) {
        Fetch out;
        FetchAnswer& answer = out.answer;
        answer.order.ticket = Ticket(++tickets_);
        answer.order.url = url(host, page);
        answer.order.depth = page == 0 ? 0 : 1 + static_cast<std::uint32_t>(page % 7 + page % 3);
        answer.status = 200;
        answer.reason = "OK";
        answer.protocol = host % 3 == 0 ? "HTTP/2" : "HTTP/1.1";
        answer.address = fmt::format("192.0.2.{}", host + 1);
        answer.body = page % 40 == 9 ? std::string(2'000, 'x') : text(host, page);
        answer.request_head = "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic eDp5\r\n\r\n";
        answer.latency = std::chrono::milliseconds(10 + host * 7 + random_.below(40));
        answer.took = answer.latency + 3ms;
        answer.headers = {{"Content-Type", "text/html; charset=utf-8"}};
        if (page % 2 == 0) {
            answer.headers.push_back({"Transfer-Encoding", "chunked"});
        } else {
            answer.headers.push_back({"Content-Length", std::to_string(answer.body.size())});
        }
        out.page.end.kind = PageEnd::Kind::fetched;
        out.page.type.essence = page % 17 == 4 ? "application/pdf" : "text/html";
        out.page.encoding = "UTF-8";
        out.page.title = fmt::format("Page {} & <more> of {}", page, origin(host));
        links(out.page, host, page);
        vary(out, host, page);
        return out;
    }

    void links(PageReading& page, std::uint64_t host, int number) {
        const auto link = [&page](std::string to, LinkKind kind = LinkKind::anchor) {
            PageLink& added = page.links.emplace_back();
            added.url = std::move(to);
            added.kind = kind;
        };
        link(url(host, 0));
        link(origin(host) + "/style.css", LinkKind::stylesheet);
        for (int i = 0; i < 6; ++i) {
            const auto other = static_cast<int>(random_.below(
                static_cast<std::uint64_t>(std::max(1, i < 3 ? number : pages_of(host)))));
            link(url(host, other));
        }
        // Large sites are linked to more; some that are not crawled as well.
        const std::uint64_t other = random_.below(1 + random_.below(hosts));
        link(url(other, static_cast<int>(random_.below(3))));
        if (random_.below(6) == 0)
            link(fmt::format("https://elsewhere-{}.test/", random_.below(12)));
    }

    void vary(Fetch& fetch, std::uint64_t host, int page) {
        FetchAnswer& answer = fetch.answer;
        const auto fail_with = [&](int status, Failure failure, std::string problem) {
            answer.status = status;
            answer.reason = status == 0 ? "" : problem;
            answer.headers.clear();
            answer.body = status == 0 ? "" : problem;
            fetch.page.end.kind = PageEnd::Kind::failed;
            fetch.page.end.failure = failure;
            fetch.page.problem = std::move(problem);
            fetch.page.links.clear();
            fetch.page.type.essence.clear();
        };
        if (page % 23 == 7) fail_with(404, Failure::http, "Not Found");
        if (page % 97 == 11) fail_with(503, Failure::http, "Service Unavailable");
        if (page % 61 == 19) fail_with(0, Failure::timeout, "no answer within 30 s");
        if (host == 21) fail_with(0, Failure::connect, "connection refused");
        if (page % 29 == 5) {
            answer.status = 301;
            answer.headers = {{"Location", url(host, 0)}, {"Content-Length", "0"}};
            answer.body.clear();
            fetch.page.end.kind = PageEnd::Kind::redirected;
            fetch.page.end.found.emplace_back().url = url(host, 0);
        }
        if (page % 53 == 13) {
            answer.status = 304;
            answer.headers = {{"ETag", "\"1\""}};
            answer.body.clear();
        }
        if (page % 71 == 17) answer.truncated = true;
    }

    void finish() {
        summary_.seeds = {origin(0) + "/", origin(1) + "/"};
        summary_.totals.excluded[static_cast<std::size_t>(Exclusion::scope)] = 1'204;
        summary_.totals.excluded[static_cast<std::size_t>(Exclusion::robots)] = 87;
        summary_.totals.excluded[static_cast<std::size_t>(Exclusion::depth)] = 12;
        summary_.totals.seen += 1'303;
        summary_.totals.robots_fetched = hosts;
        summary_.hosts = hosts;
        summary_.pages_run = summary_.totals.fetched;
        summary_.took = Duration(now_ - began);
        summary_.ended = wall_from_ns(now_);
        if (auto status = outputs_->sync(); !status) die(status.error());
        const EachRecord each = [this](std::string_view prefix,
                                       const VisitRecord& visit) -> Status {
            for (const auto& [key, value] : store_) {
                if (key.starts_with(prefix)) SLUICE_TRY_STATUS(visit(key, value));
            }
            return {};
        };
        if (auto status = outputs_->finish(summary_, each); !status) die(status.error());
        const CrawlTotals& totals = summary_.totals;
        std::cout << fmt::format("{{\"pages\":{},\"failed\":{},\"files\":{}}}\n", queue_.size(),
                                 totals.all_failed(), summary_.files.size());
    }

    static constexpr std::int64_t began = 1'795'000'000'000'000'000;
    OutputConfig config_;
    Random random_;
    std::map<std::string, std::string> store_;
    std::unique_ptr<Outputs> outputs_;
    std::vector<Fetch> queue_;
    CrawlSummary summary_;
    std::int64_t now_ = began;
    std::uint64_t tickets_ = 0;
};

}  // namespace
}  // namespace sluice::crawl

int main(int count, char** words) {
    if (count != 3) {
        std::cerr << "usage: crawl_output_sample FOLDER SEED\n";
        return 2;
    }
    sluice::crawl::Sample(words[1], std::strtoull(words[2], nullptr, 10)).run();
}
