// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/explain/explain.h"

#include "modules/crawl/core/frontier/host.h"
#include "modules/crawl/core/frontier/seen_set.h"
#include "modules/crawl/core/robots/robots.h"
#include "modules/crawl/shell/crawl/committer.h"

#include <memory>
#include <optional>

namespace sluice::crawl {

namespace {

std::string rounded(Duration duration) {
    return format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(duration));
}

std::string in_time(WallTime when, WallTime now) {
    return when <= now ? "now" : "in " + rounded(when - now);
}

/// What the store has about the URL.
struct Known {
    Seen seen = Seen::no;
    std::optional<Host> host;
    std::optional<HostRobots> robots;
    std::optional<QueuedUrl> queued;
    std::uint8_t queue = 0;
};

Status find_host(const CrawlStore& store, std::string_view origin, Known& known) {
    return store.each("H", [&](std::string_view key, std::string_view value) -> Status {
        if (known.host) return {};
        SLUICE_TRY(Host host, read_host(key, value));
        if (host.origin == origin) known.host = std::move(host);
        return {};
    });
}

/// A URL that has not ended is in one of its host's queues.
Status find_queued(const CrawlStore& store, std::string_view path, Known& known) {
    const std::string first = queue_key(known.host->id, 0, 0);
    const std::string prefix = first.substr(0, first.size() - 9);  // without queue and number
    return store.each(prefix, [&](std::string_view key, std::string_view value) -> Status {
        if (known.queued) return {};
        SLUICE_TRY(QueuedUrl entry, read_queued(key, value));
        if (entry.path == path) {
            known.queue = static_cast<std::uint8_t>(key[prefix.size()]);
            known.queued = std::move(entry);
        }
        return {};
    });
}

Result<Known> look_up(const std::string& folder, const std::string& url) {
    Known known;
    auto opened = Committer::store_in(folder);
    if (!opened && opened.error().code == Code::not_found) return known;
    if (!opened) return std::move(opened).error();
    const std::unique_ptr<CrawlStore> store = std::move(*opened);
    SLUICE_TRY(const auto seen, store->get(seen_key(fingerprint(url))));
    if (seen && !seen->empty()) known.seen = static_cast<Seen>(seen->front());
    SLUICE_TRY_STATUS(find_host(*store, origin_of(url), known));
    if (known.host) {
        SLUICE_TRY(const auto record, store->get(robots_key(known.host->id)));
        if (record) {
            SLUICE_TRY(HostRobots robots, read_robots(*record));
            known.robots = std::move(robots);
        }
        SLUICE_TRY_STATUS(find_queued(*store, path_of(url), known));
    }
    SLUICE_TRY_STATUS(store->close());
    return known;
}

/// The steps, one after the other.
class Explainer {
public:
    Explainer(const ExplainRules& rules, WallTime now) : rules_(rules), now_(now) {}

    Status read(const std::string& text) {
        const LinkVerdict verdict = resolve_link(url_, text, nullptr, rules_.links);
        if (verdict.refusal == UrlRefusal::not_a_url || verdict.refusal == UrlRefusal::scheme)
            return fail(Code::invalid, "'" + text + "' is no http or https URL");
        out_.url = std::string(url_.without_fragment());
        if (out_.url != text) step("URL", "is known as " + out_.url);
        if (verdict.refusal == UrlRefusal::none)
            step("shape", "of an ordinary URL");
        else
            against("shape", std::string(to_string(verdict.refusal)));
        return {};
    }

    Status ask_scope() {
        SLUICE_TRY(const Scope scope, Scope::make(rules_.scope));
        const ScopeVerdict verdict = scope.verdict(url_);
        if (verdict.inside())
            step("scope", "belongs to the crawl");
        else
            against("scope", to_string(verdict));
        return {};
    }

    void ask_robots(const Known& known) {
        if (rules_.frontier.ignore_robots)
            return step("robots.txt", "is ignored (--ignore-robots)");
        if (!known.robots || !known.robots->rules) {
            if (known.robots && known.robots->failures > 0)
                return against("robots.txt", "could not be had " +
                                                 std::to_string(known.robots->failures) +
                                                 " times, which forbids everything; asked again " +
                                                 in_time(known.robots->ask_again, now_));
            return step("robots.txt", "has not been read yet");
        }
        const RobotsVerdict verdict = known.robots->rules->verdict(robots_path(out_.url));
        if (verdict.allowed)
            step("robots.txt", "allows it (" + to_string(verdict) + ")");
        else
            against("robots.txt", to_string(verdict));
    }

    void tell_host(const Known& known) {
        if (!known.host) return step("host", "is not known to the crawl");
        const Host& host = *known.host;
        std::uint64_t queued = 0;
        for (const std::uint64_t count : host.stored) queued += count;
        step("host", std::to_string(host.known) + " URLs: " + std::to_string(host.fetched) +
                         " fetched, " + std::to_string(queued) + " queued, " +
                         std::to_string(host.failed) + " failed, " + std::to_string(host.excluded) +
                         " excluded");
        if (host.known >= rules_.frontier.host_pages_max && known.seen == Seen::no)
            against("host budget", "is used up (--host-pages)");
        if (host.written_off != WrittenOff::no) against("host", written_off(host.written_off));
        const PaceConfig& pace = rules_.frontier.pace;
        if (host.pace.paused_until() > now_)
            step("pace", "the host asked for a pause or did not answer: next " +
                             in_time(host.pace.paused_until(), now_));
        else
            step("pace", "one request each " + rounded(host.pace.delay(pace)) + ", next " +
                             in_time(host.pace.next(pace), now_));
    }

    [[nodiscard]] const std::string& url() const { return out_.url; }

    Explanation conclude(const Known& known) {
        out_.verdict = verdict_of(known);
        return std::move(out_);
    }

private:
    void step(std::string what, std::string found) {
        out_.steps.push_back({std::move(what), std::move(found), false});
    }
    void against(std::string what, std::string found) {
        if (first_against_.empty()) first_against_ = what + ": " + found;
        out_.steps.push_back({std::move(what), std::move(found), true});
    }

    static std::string written_off(WrittenOff why) {
        switch (why) {
            case WrittenOff::no: break;
            case WrittenOff::robots_unreachable: return "its robots.txt could not be had";
            case WrittenOff::dns: return "its name has no address";
            case WrittenOff::blocked: return "its address may not be asked (--allow-net)";
            case WrittenOff::given_up: return "was given up: it did not answer, again and again";
        }
        return "";
    }

    [[nodiscard]] std::string verdict_of(const Known& known) const {
        if (known.queued)
            return "is queued, " + std::to_string(known.queued->depth) + " links away from a seed" +
                   (known.queued->attempts > 0
                        ? ", after " + std::to_string(known.queued->attempts) + " attempts"
                        : "") +
                   (first_against_.empty() ? "" : "; will be excluded (" + first_against_ + ")");
        switch (known.seen) {
            case Seen::no: break;
            case Seen::too_deep:
                return "was found, but too many links away from a seed (--depth " +
                       std::to_string(rules_.frontier.depth_max) + ")";
            case Seen::too_far: return "was found, but behind too many redirects in a row";
            case Seen::taken:
                if (first_against_.empty()) return "was found, and fetched, or failed (broken.csv)";
                return "was found, and excluded (" + first_against_ + ")";
        }
        if (first_against_.empty()) return "was not found so far; it would be fetched";
        return "was not found so far; it would not be fetched (" + first_against_ + ")";
    }

    const ExplainRules& rules_;
    WallTime now_;
    Url url_;
    Explanation out_;
    std::string first_against_;
};

}  // namespace

Result<Explanation> explain_url(const ExplainRules& rules, const std::string& url, WallTime now) {
    Explainer explainer(rules, now);
    SLUICE_TRY_STATUS(explainer.read(url));
    SLUICE_TRY_STATUS(explainer.ask_scope());
    SLUICE_TRY(const Known known, look_up(rules.folder, explainer.url()));
    explainer.ask_robots(known);
    explainer.tell_host(known);
    return explainer.conclude(known);
}

}  // namespace sluice::crawl
