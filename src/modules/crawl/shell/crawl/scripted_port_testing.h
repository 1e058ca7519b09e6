// SPDX-License-Identifier: Apache-2.0
// For tests only: a made-up web behind the owner's port, on a thread of its own and as fast as the
// owner can be. What a URL answers follows from the URL alone, so a test knows the whole web.
#pragma once

#include "kernel/sync/channel.h"
#include "kernel/sync/thread.h"
#include "modules/crawl/core/frontier/host.h"
#include "modules/crawl/shell/crawl/events.h"
#include "modules/crawl/shell/crawl/link_filter.h"

#include <atomic>
#include <charconv>
#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

/// `hosts` times `pages` pages with `links` links each, all of which can be reached from page 0 of
/// host 0. Of every hundred pages some are redirects, errors, or answer at the second attempt only.
struct ScriptedWeb {
    std::uint32_t hosts = 3;
    std::uint32_t pages = 100;
    std::uint32_t links = 5;
    bool plain = false;  ///< nothing but pages
    std::uint64_t bytes = 1000;

    enum class Kind : std::uint8_t { page, redirect, error, flaky };

    [[nodiscard]] std::string url(std::uint64_t host, std::uint64_t page) const {
        return "http://h" + std::to_string(host % hosts) + ".test/p/" +
               std::to_string(page % pages);
    }
    [[nodiscard]] Kind kind(std::uint64_t page) const {
        if (plain || page == 0) return Kind::page;
        if (page % 17 == 3) return Kind::redirect;
        if (page % 23 == 5) return Kind::error;
        return page % 29 == 7 ? Kind::flaky : Kind::page;
    }
    /// Each page leads to the next one, so that all can be reached; the last to the next host.
    [[nodiscard]] std::vector<std::string> targets(std::uint64_t host, std::uint64_t page) const {
        std::vector<std::string> all{url(host, page + 1)};
        if (page + 1 == pages) all.push_back(url(host + 1, 0));
        if (kind(page) == Kind::redirect) return all;
        for (std::uint64_t i = 1; i < links; ++i)
            all.push_back(url(host, page * 7 + i * i * 13 + 1));
        return all;
    }
    [[nodiscard]] static std::uint64_t number(std::string_view url, std::string_view before) {
        const std::size_t at = url.find(before) + before.size();
        std::uint64_t value = 0;
        std::from_chars(url.data() + at, url.data() + url.size(), value);
        return value;
    }
    [[nodiscard]] static std::uint64_t host_of(std::string_view url) { return number(url, "://h"); }
    [[nodiscard]] static std::uint64_t page_of(std::string_view url) { return number(url, "/p/"); }
    /// What a whole crawl fetches.
    [[nodiscard]] std::set<std::string> all_pages() const {
        std::set<std::string> all;
        for (std::uint64_t host = 0; host < hosts; ++host)
            for (std::uint64_t page = 0; page < pages; ++page)
                if (kind(page) == Kind::page || kind(page) == Kind::flaky)
                    all.insert(url(host, page));
        return all;
    }
    [[nodiscard]] Found seed() const {
        Found found;
        found.url = url(0, 0);
        found.domain = "h0.test";
        return found;
    }
};

class ScriptedPort final : public FetchPort {
public:
    /// What tests may change; before the owner runs.
    struct Script {
        /// Called on the owner's thread for each order with its number, from 1; false: the order is
        /// held back until it is cancelled.
        std::function<bool(const FetchOrder&, std::uint64_t)> on_order;
        std::function<void(const FetchOrder&, const FetchLoop::Extra&)> on_extra;  ///< as on_order
        /// As on_order, on the web's thread, for each answer before it is told.
        std::function<void(PageDone&, const FetchOrder&)> on_answer;
    };

    ScriptedPort(const ScriptedWeb& web, Inbox& inbox, Script script = {})
        : web_(web), inbox_(inbox), script_(std::move(script)) {
        thread_ = Thread("scripted-web", [this] { serve(); });
    }
    ~ScriptedPort() override { stop(); }

    bool fetch(FetchOrder order, FetchLoop::Extra extra, std::uint64_t) override {
        ++orders_;
        if (script_.on_extra) script_.on_extra(order, extra);
        Job job{std::move(order), std::move(extra), false};
        if (script_.on_order && !script_.on_order(job.order, orders_)) {
            held_.push_back(std::move(job));
            return true;
        }
        cookies_.push_back(job.extra.cookie);
        return jobs_.push(std::move(job)) == ChannelStatus::ok;
    }
    bool resolve(ResolveOrder order) override {
        (void)inbox_.push(Event{Resolved{order.host, {"192.0.2.1"}, Failure::dns, 60s}});
        return true;
    }
    void cancel_all() override {
        for (Job& job : held_) {
            job.cancelled = true;
            (void)jobs_.push(std::move(job));
        }
        held_.clear();
    }
    void stop() override {
        jobs_.close();
        thread_.join();
    }

    [[nodiscard]] std::uint64_t orders() const { return orders_; }
    /// Of each order for a page, in their order; after the crawl.
    [[nodiscard]] const std::vector<std::string>& cookies() const { return cookies_; }

private:
    struct Job {
        FetchOrder order;
        FetchLoop::Extra extra;
        bool cancelled = false;
    };

    void serve() {
        std::vector<Job> jobs;
        while (jobs_.pop_all(jobs, 64) == ChannelStatus::ok) {
            std::vector<Event> events;
            for (Job& job : jobs) events.push_back(answer(job));
            jobs.clear();
            (void)inbox_.push_all(events);
        }
    }
    Event answer(const Job& job) {
        if (job.order.robots) {
            RobotsDone done;
            done.end.ticket = job.order.ticket;
            done.end.robots.status = 404;
            done.cancelled = job.cancelled;
            return done;
        }
        PageDone done;
        done.end.ticket = job.order.ticket;
        done.end.answer.latency = 1ms;
        if (job.cancelled) {
            done.end.kind = PageEnd::Kind::put_back;
            return done;
        }
        const std::uint64_t page = ScriptedWeb::page_of(job.order.url);
        done.end.bytes = std::min(web_.bytes, job.order.body_max);
        done.end.kind = kind_of(web_.kind(page), job.order);
        if (done.end.kind == PageEnd::Kind::fetched || done.end.kind == PageEnd::Kind::redirected)
            done.end.found = found_on(job.order, page);
        told_.keep_news(done.end.found);
        if (done.end.kind == PageEnd::Kind::fetched) done.rendered.pages = job.order.url + "\n";
        done.rendered.is_retry = done.end.kind == PageEnd::Kind::retry;
        if (script_.on_answer) script_.on_answer(done, job.order);
        return done;
    }
    static PageEnd::Kind kind_of(ScriptedWeb::Kind kind, const FetchOrder& order) {
        switch (kind) {
            case ScriptedWeb::Kind::page: return PageEnd::Kind::fetched;
            case ScriptedWeb::Kind::redirect: return PageEnd::Kind::redirected;
            case ScriptedWeb::Kind::error: return PageEnd::Kind::failed;
            case ScriptedWeb::Kind::flaky:
                return order.attempt == 0 ? PageEnd::Kind::retry : PageEnd::Kind::fetched;
        }
        return PageEnd::Kind::failed;
    }
    [[nodiscard]] std::vector<Found> found_on(const FetchOrder& order, std::uint64_t page) const {
        std::vector<Found> all;
        const bool redirect = web_.kind(page) == ScriptedWeb::Kind::redirect;
        for (std::string& url : web_.targets(ScriptedWeb::host_of(order.url), page)) {
            Found found;
            found.domain = std::string(origin_of(url).substr(7));
            found.url = std::move(url);
            found.depth = redirect ? order.depth : order.depth + 1;
            found.hops = redirect ? static_cast<std::uint8_t>(order.hops + 1) : std::uint8_t{0};
            all.push_back(std::move(found));
        }
        return all;
    }

    const ScriptedWeb web_;
    Inbox& inbox_;
    const Script script_;
    // Of the owner's thread.
    std::uint64_t orders_ = 0;
    std::vector<Job> held_;
    std::vector<std::string> cookies_;
    LinkFilter told_;  // of the web's thread
    Channel<Job> jobs_{65'536, "scripted.jobs"};
    Thread thread_;
};

}  // namespace sluice::crawl
