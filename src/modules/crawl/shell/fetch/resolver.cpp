// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/fetch/resolver.h"

#include "kernel/base/ascii.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/once.h"
#include "kernel/sync/thread.h"
#include "modules/crawl/shell/fetch/name_cache.h"
#include "modules/crawl/shell/fetch/name_servers.h"
#include "modules/crawl/shell/fetch/poller.h"
#include "modules/crawl/shell/fetch/transfer_config.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <fstream>
#include <optional>
#include <unordered_map>

namespace sluice::crawl {

namespace {

constexpr std::size_t hosts_bytes_max = 1 << 20;
constexpr std::size_t orders_at_once = 256;
/// Questions that nobody waits for any more (the IPv6 half of an answered one) may go on, so many
/// for each name that may be asked for.
constexpr std::size_t lingering_factor = 4;

/// Empty where there is none: then name servers alone are asked.
std::string read_hosts_file(const std::string& path) {
    std::string text;
    if (path.empty()) return text;
    std::ifstream file(path, std::ios::binary);
    text.resize(hosts_bytes_max);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    return text;
}

Status check(const ResolverConfig& config) {
    if (config.in_flight_max == 0 || config.queue_max == 0 || config.addresses_max == 0 ||
        config.attempts == 0 || config.timeout < 1ms || config.timeout > 1h ||
        config.ttl_min < Duration{0} || config.ttl_max < config.ttl_min) {
        return fail(Code::invalid, "limits of the resolver must be above 0, and in order");
    }
    for (const auto& [name, addresses] : config.fixed) {
        if (name.empty() || addresses.empty()) {
            return fail(Code::invalid, "a fixed name needs an address: \"" + name + "\"");
        }
        for (const auto& text : addresses) {
            SLUICE_TRY([[maybe_unused]] const IpAddress address, IpAddress::parse(text));
        }
    }
    return {};
}

/// A name that is being asked for.
struct Question {
    std::string name;
    std::vector<HostId> waiters;
    std::optional<RecordAnswer> v4;
    std::optional<RecordAnswer> v6;
};

}  // namespace

/// Everything but `orders`, the counters and the poller's wake() belongs to the thread.
struct Resolver::Parts {
    Parts(ResolverConfig settings, std::unique_ptr<Poller> events, Done handler)
        : config(std::move(settings)),
          poller(std::move(events)),
          done(std::move(handler)),
          orders(config.queue_max, "crawl-names-orders"),
          cache(config.cache_max) {}

    Status prepare();
    void run();
    void take_orders();
    void handle(ResolveOrder order);
    [[nodiscard]] std::optional<NameAnswer> know_locally(const std::string& name) const;
    void answer(HostId host, const NameAnswer& known, Duration ttl);
    void fail_order(HostId host, Duration ttl);
    [[nodiscard]] bool can_ask() const {
        return !line.empty() && in_flight < config.in_flight_max &&
               servers->running() < lingering_factor * config.in_flight_max;
    }
    void ask_more();
    void ask(std::shared_ptr<Question> question);
    void take_record(const std::shared_ptr<Question>& question, bool v6, RecordAnswer record);
    void decide(const std::shared_ptr<Question>& question);
    void end(Question& question, NameAnswer found, Duration ttl);
    void give_up();
    /// Adds the allowed ones of these; false if some were not.
    bool allowed(const std::vector<std::string>& from, NameAnswer& to) const;
    void count(std::atomic<std::uint64_t>& counter) {
        counter.fetch_add(1, std::memory_order_relaxed);
    }

    const ResolverConfig config;
    std::unique_ptr<Poller> poller;
    Done done;
    Channel<ResolveOrder> orders;
    NameTable local;  ///< fixed names, hosts file
    NameCache cache;
    std::unique_ptr<NameServers> servers;
    std::unordered_map<std::string, std::shared_ptr<Question>> questions;  ///< without an answer
    std::deque<std::shared_ptr<Question>> line;                            ///< not asked yet
    std::vector<ResolveOrder> taken;
    std::size_t held = 0;       ///< orders without an answer
    std::size_t in_flight = 0;  ///< questions that are asked and have no answer
    bool closed = false;

    struct {
        std::atomic<std::uint64_t> asked, local, cached, joined, queries, failed, refused;
    } counts{};
    Once stopped;
    Thread thread;
};

Status Resolver::Parts::prepare() {
    local = read_hosts(read_hosts_file(config.hosts_file));
    for (const auto& [name, addresses] : config.fixed) {
        auto& place = local[ascii_lowered(name)];
        place.clear();
        for (const auto& text : addresses) place.push_back(IpAddress::parse(text).value().text());
    }
    SLUICE_TRY(servers,
               NameServers::open(*poller, {config.servers, config.timeout, config.attempts}));
    return {};
}

void Resolver::Parts::run() {
    while (!closed) {
        take_orders();
        ask_more();
        const auto may_sleep = [this] { return !orders.is_ready() && !can_ask(); };
        for (const Ready& socket : poller->wait(servers->deadline(), may_sleep)) {
            servers->process(socket);
        }
        servers->process_timeouts();
    }
    give_up();
}

void Resolver::Parts::take_orders() {
    taken.clear();
    closed = orders.try_pop_all(taken, orders_at_once) == ChannelStatus::closed;
    for (auto& order : taken) handle(std::move(order));
}

void Resolver::Parts::handle(ResolveOrder order) {
    count(counts.asked);
    std::string name = ascii_lowered(url_origin(order.origin).host);
    if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
    if (name.ends_with('.')) name.pop_back();
    if (const auto known = know_locally(name)) {
        count(counts.local);
        answer(order.host, *known, known->addresses.empty() ? config.negative_ttl : config.ttl_max);
        return;
    }
    const Instant now = monotonic_now();
    if (const NameAnswer* known = cache.find(name, now)) {
        count(counts.cached);
        answer(order.host, *known, cache.end_of(name) - now);
        return;
    }
    if (held >= config.queue_max) {
        count(counts.refused);
        fail_order(order.host, config.failure_ttl);
        return;
    }
    ++held;
    auto& question = questions[name];
    if (question) {
        count(counts.joined);
        question->waiters.push_back(order.host);
        return;
    }
    question = std::make_shared<Question>();
    question->name = std::move(name);
    question->waiters.push_back(order.host);
    line.push_back(question);
}

std::optional<NameAnswer> Resolver::Parts::know_locally(const std::string& name) const {
    NameAnswer known;
    known.failure = Failure::blocked;
    if (!config.rules.allows_host(name)) return known;
    std::vector<std::string> addresses;
    if (const auto literal = IpAddress::parse(name)) {
        addresses.push_back(literal->text());
    } else if (const auto found = local.find(name); found != local.end()) {
        addresses = found->second;
    } else if (name == "localhost" || name.ends_with(".localhost")) {
        addresses = {"127.0.0.1", "::1"};  // RFC 6761, 6.3: never asked of a server
    } else if (!is_host_name(name)) {
        known.failure = Failure::dns;
        return known;
    } else {
        return std::nullopt;
    }
    allowed(addresses, known);
    // IPv4 first, and alone if there is any.
    const auto is_v6 = [](const std::string& text) { return text.find(':') != std::string::npos; };
    if (!std::all_of(known.addresses.begin(), known.addresses.end(), is_v6)) {
        std::erase_if(known.addresses, is_v6);
    }
    return known;
}

bool Resolver::Parts::allowed(const std::vector<std::string>& from, NameAnswer& to) const {
    bool all = true;
    for (const auto& text : from) {
        const auto address = IpAddress::parse(text);
        if (!address || !config.rules.allows_address(*address)) {
            all = false;
        } else if (to.addresses.size() < config.addresses_max) {
            to.addresses.push_back(address->text());
        }
    }
    return all;
}

void Resolver::Parts::answer(HostId host, const NameAnswer& known, Duration ttl) {
    Resolved resolved;
    resolved.host = host;
    resolved.addresses = known.addresses;
    resolved.failure = known.failure;
    resolved.ttl = ttl;
    done(std::move(resolved));
}

void Resolver::Parts::fail_order(HostId host, Duration ttl) { answer(host, NameAnswer{}, ttl); }

void Resolver::Parts::ask_more() {
    while (can_ask()) {
        auto question = std::move(line.front());
        line.pop_front();
        ask(std::move(question));
    }
}

void Resolver::Parts::ask(std::shared_ptr<Question> question) {
    count(counts.queries);
    ++in_flight;
    for (const bool v6 : {false, true}) {
        servers->ask(question->name, v6, [this, question, v6](RecordAnswer record) {
            take_record(question, v6, std::move(record));
        });
    }
}

void Resolver::Parts::take_record(const std::shared_ptr<Question>& question, bool v6,
                                  RecordAnswer record) {
    (v6 ? question->v6 : question->v4) = std::move(record);
    if (!question->waiters.empty()) decide(question);
}

void Resolver::Parts::decide(const std::shared_ptr<Question>& question) {
    NameAnswer found;
    bool some_not = false;
    // An IPv4 address that may be asked is answer enough.
    if (question->v4) some_not = !allowed(question->v4->addresses, found);
    if (!found.addresses.empty()) {
        end(*question, std::move(found), question->v4->ttl);
        return;
    }
    if (!question->v4 || !question->v6) return;
    some_not = !allowed(question->v6->addresses, found) || some_not;
    if (!found.addresses.empty()) {
        end(*question, std::move(found), question->v6->ttl);
        return;
    }
    count(counts.failed);
    const bool heard = question->v4->heard && question->v6->heard;
    if (some_not) found.failure = Failure::blocked;
    end(*question, std::move(found), heard || some_not ? config.negative_ttl : config.failure_ttl);
}

void Resolver::Parts::end(Question& question, NameAnswer found, Duration ttl) {
    if (!found.addresses.empty()) ttl = std::clamp(ttl, config.ttl_min, config.ttl_max);
    const auto waiters = std::exchange(question.waiters, {});
    --in_flight;
    held -= waiters.size();
    questions.erase(question.name);
    if (!closed) cache.put(question.name, found, monotonic_now() + ttl);
    for (const HostId host : waiters) answer(host, found, ttl);
}

void Resolver::Parts::give_up() {
    servers.reset();  // ends what is asked
    for (const auto& question : line) {
        for (const HostId host : std::exchange(question->waiters, {})) {
            fail_order(host, config.failure_ttl);
        }
    }
    line.clear();
    questions.clear();
}

// --- the face -----------------------------------------------------------------------------------

Resolver::Resolver(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Resolver::~Resolver() { stop(); }

Result<std::unique_ptr<Resolver>> Resolver::start(ResolverConfig config, Done done) {
    SLUICE_TRY_STATUS(check(config));
    SLUICE_TRY(auto poller, Poller::open());
    auto parts = std::make_unique<Parts>(std::move(config), std::move(poller), std::move(done));
    SLUICE_TRY_STATUS(parts->prepare());
    Parts* raw = parts.get();
    parts->thread = Thread("crawl-names", [raw] { raw->run(); });
    return std::unique_ptr<Resolver>(new Resolver(std::move(parts)));
}

bool Resolver::resolve(ResolveOrder order) {
    if (parts_->orders.try_push(std::move(order)) != ChannelStatus::ok) return false;
    parts_->poller->wake();
    return true;
}

void Resolver::stop() {
    parts_->orders.close();
    parts_->poller->wake();
    (void)parts_->stopped.call([this]() -> Status {
        parts_->thread.join();
        return {};
    });
}

ResolverCounters Resolver::counters() const {
    const auto& counts = parts_->counts;
    const auto read = [](const std::atomic<std::uint64_t>& counter) {
        return counter.load(std::memory_order_relaxed);
    };
    return {read(counts.asked),   read(counts.local),  read(counts.cached), read(counts.joined),
            read(counts.queries), read(counts.failed), read(counts.refused)};
}

}  // namespace sluice::crawl
