// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_shell_fetch kernel_net kernel_sync
// Pages a second that one fetch loop brings from a server: keep-alive, nothing read of the pages.
//   bench_fetch URL... [--connections N] [--requests N] [--insecure]
// URLs are asked in turn. Prints pages/s, CPU time of the process for each page, and bytes.
#include "kernel/sync/channel.h"
#include "kernel/sync/clock.h"
#include "modules/crawl/shell/fetch/fetch_loop.h"

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::crawl;

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto of = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return of(usage.ru_utime) + of(usage.ru_stime);
}

struct Options {
    std::vector<std::string> urls;
    std::uint64_t connections = 64;
    std::uint64_t requests = 200'000;
    bool insecure = false;  ///< a certificate that nobody signed will do
};

Options read_options(int count, char** arguments) {
    Options options;
    for (int i = 1; i < count; ++i) {
        const std::string word = arguments[i];
        if (word == "--connections" && i + 1 < count) {
            options.connections = std::strtoull(arguments[++i], nullptr, 10);
        } else if (word == "--requests" && i + 1 < count) {
            options.requests = std::strtoull(arguments[++i], nullptr, 10);
        } else if (word == "--insecure") {
            options.insecure = true;
        } else {
            options.urls.push_back(word);
        }
    }
    return options;
}

/// Keeps `connections` requests under way; the answers order the next ones, on the loop's thread.
class Run {
public:
    explicit Run(Options options) : options_(std::move(options)) {}

    int go() {
        FetchConfig config;
        config.rules = AddressRules::make({"*"}, {"127.0.0.0/8"}).value();
        config.connections_max = options_.connections;
        config.tls.verify = !options_.insecure;
        auto loop = FetchLoop::start(std::move(config), "crawl-fetch-0",
                                     [this](FetchAnswer&& answer) { take(answer); });
        if (!loop) {
            std::fprintf(stderr, "%s\n", loop.error().text().c_str());
            return 1;
        }
        loop_ = loop->get();
        const Instant began = monotonic_now();
        const double cpu_began = cpu_seconds();
        for (std::uint64_t i = 0; i < options_.connections; ++i) order();
        bool whole = false;
        end_.pop(whole);
        const double seconds = to_seconds(monotonic_now() - began);
        const double cpu = cpu_seconds() - cpu_began;
        loop_->stop();
        const auto pages = static_cast<double>(fetched_);
        std::printf("%.0f pages/s, %.1f us CPU a page, %.1f kB a page, %llu failed, %.2f s, %s\n",
                    pages / seconds, cpu * 1e6 / pages, static_cast<double>(bytes_) / pages / 1e3,
                    static_cast<unsigned long long>(failed_), seconds, protocol_.c_str());
        return failed_ == 0 ? 0 : 1;
    }

private:
    void order() {
        const std::uint64_t number = ordered_++;
        if (number >= options_.requests) return;
        FetchOrder order;
        order.url = options_.urls[number % options_.urls.size()];
        order.address = "127.0.0.1";
        order.body_max = 10 << 20;
        loop_->fetch(std::move(order));
    }
    void take(const FetchAnswer& answer) {
        if (answer.fault != FetchFault::none || answer.status != 200) {
            if (failed_++ == 0) std::fprintf(stderr, "failed: %s\n", answer.detail.c_str());
        }
        bytes_ += answer.body.size();
        protocol_ = answer.protocol;
        if (++fetched_ == options_.requests) {
            end_.push(true);
        } else {
            order();
        }
    }

    Options options_;
    FetchLoop* loop_ = nullptr;
    Channel<bool> end_{1};
    std::atomic<std::uint64_t> ordered_ = 0;
    std::uint64_t fetched_ = 0;
    std::uint64_t failed_ = 0;
    std::uint64_t bytes_ = 0;
    std::string protocol_;
};

}  // namespace

int main(int count, char** arguments) {
    Options options = read_options(count, arguments);
    if (options.urls.empty() || options.connections == 0) {
        std::fprintf(stderr,
                     "usage: bench_fetch URL... [--connections N] [--requests N] [--insecure]\n");
        return 2;
    }
    return Run(std::move(options)).go();
}
