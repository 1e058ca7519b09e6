// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/shell/scenario_file.h"

#include "kernel/base/text.h"
#include "modules/sim/shell/scenario_process.h"
#include "modules/sim/shell/scenario_table.h"

#include <utility>

namespace sluice::sim {

namespace {

/// Reads a whole document into a Scenario; mistakes are collected, reading goes on.
class ScenarioParser {
public:
    ScenarioParser(const std::string& name, const std::string& folder)
        : mistakes_(name), traces_(folder) {}

    Result<Scenario> parse(const TomlValue& root) {
        TableReader table(root, "", mistakes_);
        read_head(table);
        for (const TomlValue* item : table.tables("traffic")) read_traffic(*item);
        for (const TomlValue* item : table.tables("pool")) read_pool(*item);
        for (const TomlValue* item : table.tables("limit")) read_limit(*item);
        for (const TomlValue* item : table.tables("event")) read_event(*item);
        table.finish();
        if (!mistakes_.none()) return mistakes_.error();
        return std::move(scenario_);
    }

private:
    void read_head(TableReader& table) {
        scenario_.name = table.text("name", "scenario");
        scenario_.description = table.text("description");
        if (table.has("starts_at")) {
            const auto clock = parse_clock(table.text("starts_at"));
            if (clock) {
                scenario_.starts_at = *clock;
            } else {
                table.wrong("starts_at", "takes a time of day such as \"08:00\"");
            }
        }
        scenario_.duration = table.duration("duration", 1h);
        if (table.has("warmup")) scenario_.warmup = table.duration("warmup", 0s);
        scenario_.replications = static_cast<std::uint32_t>(
            table.count("replications", 20, {1, Scenario::replications_max}));
        scenario_.seed = table.count("seed", 1, {0, 9e18});
        scenario_.stop_when_drained = table.flag("stop_when_drained", false);
    }

    void read_traffic(const TomlValue& value) {
        Traffic traffic;
        TableReader table(value, "traffic", mistakes_);
        traffic.name = table.needed_text("name");
        const std::string where = "traffic \"" + traffic.name + "\"";
        const ProcessPlace place{where, scenario_.starts_at, &traces_, &mistakes_};
        traffic.queue = table.text("queue", "default");
        traffic.tenant = table.text("tenant");
        traffic.type = table.text("type", traffic.name);
        traffic.priority = static_cast<int>(table.count("priority", 5, {1, 9}));
        if (const TomlValue* arrivals = table.any("arrivals"))
            traffic.arrivals = read_arrivals(*arrivals, place);
        traffic.backlog = table.count("backlog", 0, {0, double{Scenario::backlog_max}});
        if (!table.has("arrivals") && !table.has("backlog"))
            table.wrong("arrivals", "is missing (or give a backlog)");
        if (const TomlValue* service = table.any("service")) {
            traffic.service = read_distribution(*service, place, "service");
        } else {
            table.wrong("service", "is missing");
        }
        if (const TomlValue* retry = table.table("retry"))
            traffic.retry = read_retry(*retry, where);
        if (const TomlValue* failures = table.any("failures"))
            traffic.failures = read_failures(*failures, where);
        traffic.lease = table.duration("lease", 1800s);
        traffic.latency = table.duration("latency", 0s);
        traffic.needs = table.texts("needs");
        traffic.uses = read_resources(table, "uses");
        table.finish();
        scenario_.traffic.push_back(std::move(traffic));
    }

    RetryPolicy read_retry(const TomlValue& value, const std::string& where) {
        RetryPolicy retry;
        TableReader table(value, where + ": retry", mistakes_);
        retry.limit = static_cast<std::int32_t>(table.count("limit", 25, {0, 1'000'000}));
        retry.backoff = static_cast<BackoffShape>(
            table.choice("backoff", {"faktory", "constant", "exponential", "none"}, 0));
        retry.base = table.duration("base", 15s);
        retry.max = table.duration("max", 24h);
        retry.jitter_percent = static_cast<std::uint8_t>(table.count("jitter", 0, {0, 100}));
        table.finish();
        return retry;
    }

    FailurePolicy read_failures(const TomlValue& value, const std::string& where) {
        FailurePolicy failures;
        if (value.kind == TomlValue::Kind::integer) {
            failures.rate = static_cast<double>(value.integer);
        } else if (value.kind == TomlValue::Kind::number) {
            failures.rate = value.number;
        } else if (value.kind == TomlValue::Kind::table) {
            TableReader table(value, where + ": failures", mistakes_);
            failures.rate = table.number("rate", 0, {0, 1});
            failures.final_rate = table.number("final_rate", 0, {0, 1});
            failures.crash_rate = table.number("crash_rate", 0, {0, 1});
            failures.work_share = table.number("work_share", 1, {0, 1});
            table.finish();
        }
        const bool is_kind = value.kind == TomlValue::Kind::integer ||
                             value.kind == TomlValue::Kind::number ||
                             value.kind == TomlValue::Kind::table;
        if (!is_kind || !(failures.rate >= 0 && failures.rate <= 1)) {
            mistakes_.add(value.line, where +
                                          ": failures takes a chance, 0 to 1, or a table such "
                                          "as { rate = 0.05, crash_rate = 0.001 }");
        }
        return failures;
    }

    void read_pool(const TomlValue& value) {
        Pool pool;
        TableReader table(value, "pool", mistakes_);
        pool.name = table.needed_text("name");
        pool.workers = static_cast<std::uint32_t>(table.count("workers", 1, {0, 100'000}));
        pool.slots = static_cast<std::uint32_t>(table.count("slots", 1, {1, 1000}));
        pool.queues = table.texts("queues");
        pool.rotate = table.flag("rotate", false);
        pool.capabilities = table.texts("capabilities");
        pool.resources = read_resources(table, "resources");
        pool.speed = table.number("speed", 1, {0.001, 1000});
        pool.overhead = table.duration("overhead", 0s);
        pool.extended = table.flag("extended", true);
        pool.crashes_per_hour = table.number("crashes_per_hour", 0, {0, 3600});
        pool.restart = table.duration("restart", 30s);
        if (const TomlValue* scale = table.table("autoscale"))
            pool.autoscale = read_autoscale(*scale, "pool \"" + pool.name + "\"");
        table.finish();
        scenario_.pools.push_back(std::move(pool));
    }

    /// { memory = "4GiB", gpu = 1 }
    static std::vector<ResourceAmount> read_resources(TableReader& reader, std::string_view name) {
        std::vector<ResourceAmount> resources;
        const TomlValue* table = reader.table(name);
        if (table == nullptr) return resources;
        for (const TomlMember& member : table->members) {
            const TomlValue& value = member.value;
            ResourceAmount one{member.name, 0, value.text};
            if (value.kind == TomlValue::Kind::integer && value.integer > 0) {
                one.amount = static_cast<std::uint64_t>(value.integer);
                one.text = std::to_string(value.integer);
            } else if (value.kind == TomlValue::Kind::text) {
                if (const auto size = parse_size(value.text)) one.amount = *size;
            }
            if (one.amount == 0)
                reader.mistakes().add(value.line, reader.where() + ": " + std::string(name) + "." +
                                                      member.name +
                                                      " takes a whole number from 1, or a size "
                                                      "such as \"4GiB\"");
            resources.push_back(std::move(one));
        }
        return resources;
    }

    Autoscale read_autoscale(const TomlValue& value, const std::string& where) {
        Autoscale scale;
        TableReader table(value, where + ": autoscale", mistakes_);
        scale.metric = static_cast<ScaleMetric>(
            table.choice("metric", {"waiting_per_worker", "oldest_wait", "utilisation"}, 0));
        if (table.has("target")) {
            scale.target = table.number("target", 0, {1e-9, 1e9});
            scale.tolerance = table.number("tolerance", 0.1, {0, 0.999});
            for (const char* other : {"up_above", "down_below", "step"})
                if (table.has(other)) table.wrong(other, "does not go with a target");
        } else {
            scale.up_above = threshold(table, "up_above");
            scale.down_below = threshold(table, "down_below");
        }
        scale.step = static_cast<std::uint32_t>(table.count("step", 1, {1, 100'000}));
        scale.min = static_cast<std::uint32_t>(table.count("min", 1, {1, 100'000}));
        scale.max = static_cast<std::uint32_t>(table.count("max", 1, {1, 100'000}));
        if (!table.has("max")) table.wrong("max", "is missing");
        scale.every = table.duration("every", 30s);
        scale.delay = table.duration("delay", 60s);
        scale.cooldown = table.duration("cooldown", 0s);
        scale.scale_in_delay = table.duration("scale_in_delay", scale.target > 0 ? 5min : 0s);
        table.finish();
        return scale;
    }

    /// A number; a duration where the metric is one, in seconds.
    double threshold(TableReader& table, std::string_view name) {
        const TomlValue* value = table.any(name);
        if (value == nullptr) {
            table.wrong(name, "is missing");
            return 0;
        }
        if (const auto length = duration_of(*value)) return to_seconds(*length);
        table.wrong(name, "takes a number, or a duration for oldest_wait");
        return 0;
    }

    void read_limit(const TomlValue& value) {
        Limit limit;
        TableReader table(value, "limit", mistakes_);
        limit.name = table.needed_text("name");
        limit.queue = table.text("queue");
        limit.tenant = table.text("tenant");
        limit.type = table.text("type");
        limit.at_once = static_cast<std::uint32_t>(table.count("at_once", 1, {1, 1'000'000}));
        const auto rate = table.rate("rate");
        limit.per_second = rate.value_or(1);
        limit.burst = static_cast<std::uint32_t>(table.count("burst", 1, {1, 1'000'000}));
        limit.kind = table.has("rate") ? LimitKind::rate : LimitKind::concurrency;
        if (table.has("rate") == table.has("at_once"))
            table.wrong("at_once", "or rate: exactly one of the two is needed");
        if (table.has("burst") && !table.has("rate")) table.wrong("burst", "belongs to a rate");
        table.finish();
        scenario_.limits.push_back(std::move(limit));
    }

    void read_event(const TomlValue& value) {
        ScenarioEvent event;
        TableReader table(value, "event", mistakes_);
        if (!table.has("at")) table.wrong("at", "is missing");
        if (!table.has("kind"))
            table.wrong("kind", "is missing: workers_lost, deploy, trouble or slow");
        event.at = table.moment("at", Duration{0}, scenario_.starts_at);
        event.every = table.duration("every", Duration{0});
        event.kind = static_cast<EventKind>(
            table.choice("kind", {"workers_lost", "deploy", "trouble", "slow"}, 0));
        switch (event.kind) {
            case EventKind::workers_lost:
                event.lost.pool = table.text("pool", first_pool());
                event.lost.share = table.number("share", 1, {0, 1});
                event.lost.length = table.duration("for", 5min);
                break;
            case EventKind::deploy:
                event.deploy.pool = table.text("pool", first_pool());
                event.deploy.batch = static_cast<std::uint32_t>(table.count("batch", 0, {0, 1e5}));
                event.deploy.restart = table.duration("restart", 20s);
                event.deploy.drain = table.duration("drain", 25s);
                break;
            case EventKind::trouble:
                event.trouble.traffic = table.text("traffic");
                event.trouble.rate = table.number("rate", 1, {0, 1});
                event.trouble.length = table.duration("for", 5min);
                break;
            case EventKind::slow:
                event.slow.latency = table.duration("latency", Duration{0});
                event.slow.overhead = table.duration("overhead", Duration{0});
                event.slow.length = table.duration("for", 5min);
                break;
        }
        table.finish();
        scenario_.events.push_back(std::move(event));
    }

    [[nodiscard]] std::string first_pool() const {
        return scenario_.pools.size() == 1 ? scenario_.pools.front().name : std::string();
    }

    Scenario scenario_;
    Mistakes mistakes_;
    TraceFiles traces_;
};

Result<Scenario> from_document(const TomlValue& root, const std::string& name,
                               const std::string& folder) {
    SLUICE_TRY(Scenario scenario, ScenarioParser(name, folder).parse(root));
    if (auto checked = check_scenario(scenario); !checked)
        return fail(Code::invalid, name + ": " + checked.error().message);
    return scenario;
}

}  // namespace

Result<Scenario> parse_scenario(std::string_view toml, const std::string& name,
                                const std::string& folder) {
    SLUICE_TRY(const TomlValue root, parse_toml(toml, name));
    return from_document(root, name, folder);
}

Result<Scenario> load_scenario(const std::string& path) {
    SLUICE_TRY(const TomlValue root, read_toml_document(path));
    const std::size_t slash = path.rfind('/');
    return from_document(root, path, slash == std::string::npos ? "." : path.substr(0, slash));
}

}  // namespace sluice::sim
