// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/scenario.h"

#include "kernel/base/text.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace sluice::sim {

namespace {

Error wrong(const std::string& what) { return fail(Code::invalid, what); }

/// Names are printed on terminals: no control characters.
bool is_plain(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_chance(double value) { return value >= 0 && value <= 1; }

template <class Items>
auto* by_name(Items& items, std::string_view name) {
    const auto at =
        std::find_if(items.begin(), items.end(), [&](const auto& i) { return i.name == name; });
    return at == items.end() ? nullptr : &*at;
}

template <class Items>
Status check_names(const Items& items, std::string_view kind) {
    std::set<std::string_view> seen;
    for (const auto& item : items) {
        if (item.name.empty() || item.name.size() > 255)
            return wrong(std::string(kind) + ": a name of 1 to 255 bytes is needed");
        if (!is_plain(item.name))
            return wrong(std::string(kind) + ": a name has no control characters");
        if (!seen.insert(item.name).second)
            return wrong("two " + std::string(kind) + " entries are called \"" + item.name + "\"");
    }
    return {};
}

Status check_resources(const std::vector<ResourceAmount>& resources, const std::string& who) {
    if (resources.size() > ResourceAmount::count_max)
        return wrong(who + "names at most " + std::to_string(ResourceAmount::count_max) +
                     " resources");
    SLUICE_TRY_STATUS(check_names(resources, "resource"));
    for (const ResourceAmount& one : resources) {
        if (one.amount < 1 || one.amount > ResourceAmount::amount_max)
            return wrong(who + "the amount of " + one.name + " is 1 to 1PiB");
    }
    return {};
}

Status check_traffic(const Traffic& traffic) {
    const std::string who = "traffic \"" + traffic.name + "\": ";
    SLUICE_TRY_STATUS(check_resources(traffic.uses, who));
    if (traffic.queue.empty() || traffic.queue.size() > 200)
        return wrong(who + "queue takes a name of 1 to 200 bytes");
    if (!is_plain(traffic.queue + traffic.tenant + traffic.type))
        return wrong(who + "queue, tenant and type have no control characters");
    if (traffic.priority < 1 || traffic.priority > 9) return wrong(who + "priority is 1 to 9");
    if (traffic.backlog > Scenario::backlog_max)
        return wrong(who + "backlog is at most " + std::to_string(Scenario::backlog_max));
    if (traffic.lease < 60s || traffic.lease > 24h)
        return wrong(who + "lease is 60s to 1 day, as in the queue");
    if (traffic.latency < Duration{0} || traffic.latency > 10min)
        return wrong(who + "latency is 0 to 10 minutes");
    const FailurePolicy& f = traffic.failures;
    if (!is_chance(f.rate) || !is_chance(f.final_rate) || !is_chance(f.crash_rate) ||
        f.rate + f.final_rate + f.crash_rate > 1)
        return wrong(who + "failure chances are 0 to 1, and together at most 1");
    if (!is_chance(f.work_share)) return wrong(who + "failures.work_share is 0 to 1");
    if (traffic.retry.limit < 0) return wrong(who + "retry.limit is 0 or more");
    if (traffic.retry.base < Duration{0} || traffic.retry.max < traffic.retry.base)
        return wrong(who + "retry.max is at least retry.base");
    if (traffic.retry.jitter_percent > 100) return wrong(who + "retry.jitter is 0 to 100 percent");
    return {};
}

Status check_autoscale(const Autoscale& scale, const std::string& who) {
    if (scale.min < 1 || scale.max < scale.min)
        return wrong(who + "autoscale.max is at least autoscale.min, which is at least 1");
    if (scale.step < 1) return wrong(who + "autoscale.step is at least 1");
    if (scale.every < 1s) return wrong(who + "autoscale.every is at least 1s");
    if (scale.target < 0) return wrong(who + "autoscale.target is above 0");
    if (scale.target > 0 && scale.metric == ScaleMetric::oldest_wait)
        return wrong(who +
                     "autoscale.target is for waiting_per_worker and utilisation: a wait does "
                     "not fall in proportion to the workers");
    if (scale.target >= 1 && scale.metric == ScaleMetric::utilisation)
        return wrong(who + "autoscale.target of utilisation is below 1");
    if (!(scale.tolerance >= 0) || scale.tolerance >= 1)
        return wrong(who + "autoscale.tolerance is 0 to below 1");
    if (scale.scale_in_delay < Duration{0} || scale.scale_in_delay > scale.every * 10'000)
        return wrong(who + "autoscale.scale_in_delay is 0 to 10000 looks (autoscale.every)");
    if (scale.target == 0 && !(scale.up_above > scale.down_below))
        return wrong(who + "autoscale.up_above is greater than autoscale.down_below");
    if (scale.delay < Duration{0} || scale.cooldown < Duration{0})
        return wrong(who + "autoscale.delay and autoscale.cooldown are not negative");
    return {};
}

Status check_pool(const Pool& pool, const Scenario& scenario) {
    const std::string who = "pool \"" + pool.name + "\": ";
    if (pool.slots < 1 || pool.slots > 1000) return wrong(who + "slots is 1 to 1000");
    if (!(pool.speed > 0) || pool.speed > 1000) return wrong(who + "speed is above 0, up to 1000");
    if (pool.overhead < Duration{0}) return wrong(who + "overhead is not negative");
    if (!(pool.crashes_per_hour >= 0) || pool.crashes_per_hour > 3600)
        return wrong(who + "crashes_per_hour is 0 to 3600");
    if (pool.restart < Duration{0}) return wrong(who + "restart is not negative");
    SLUICE_TRY_STATUS(check_resources(pool.resources, who));
    for (const std::string& queue : pool.queues) {
        const bool known = std::any_of(scenario.traffic.begin(), scenario.traffic.end(),
                                       [&](const Traffic& t) { return t.queue == queue; });
        if (!known) return wrong(who + "no traffic goes to its queue \"" + queue + "\"");
    }
    if (pool.autoscale) SLUICE_TRY_STATUS(check_autoscale(*pool.autoscale, who));
    return {};
}

bool can_serve(const Pool& pool, const Traffic& traffic) {
    const bool listens = pool.queues.empty() || std::find(pool.queues.begin(), pool.queues.end(),
                                                          traffic.queue) != pool.queues.end();
    const auto capable = [&](const std::string& need) {
        return std::find(pool.capabilities.begin(), pool.capabilities.end(), need) !=
               pool.capabilities.end();
    };
    const auto large_enough = [&](const ResourceAmount& use) {
        const ResourceAmount* has = by_name(pool.resources, use.name);
        return has != nullptr && has->amount >= use.amount;
    };
    return listens && std::all_of(traffic.needs.begin(), traffic.needs.end(), capable) &&
           std::all_of(traffic.uses.begin(), traffic.uses.end(), large_enough);
}

Status check_limit(const Limit& limit, const Scenario& scenario) {
    const std::string who = "limit \"" + limit.name + "\": ";
    const auto fits = [&](const Traffic& t) {
        const std::string& type = t.type.empty() ? t.name : t.type;
        return (limit.queue.empty() || limit.queue == t.queue) &&
               (limit.tenant.empty() || limit.tenant == t.tenant) &&
               (limit.type.empty() || limit.type == type);
    };
    if (std::none_of(scenario.traffic.begin(), scenario.traffic.end(), fits))
        return wrong(who + "it applies to no traffic (check its queue, tenant and type)");
    if (limit.kind == LimitKind::concurrency && limit.at_once < 1)
        return wrong(who + "at_once is at least 1");
    if (limit.kind == LimitKind::rate && (!(limit.per_second > 0) || limit.burst < 1))
        return wrong(who + "the rate is above 0 and burst at least 1");
    return {};
}

Status check_slowness(const Slowness& slow) {
    constexpr Duration most = 10min;
    for (const Duration extra : {slow.latency, slow.overhead}) {
        if (extra < Duration{0} || extra > most)
            return wrong("event: latency and overhead are 0 to 10 minutes");
    }
    if (slow.latency == Duration{0} && slow.overhead == Duration{0})
        return wrong("event: slow needs a latency or an overhead");
    if (slow.length <= Duration{0}) return wrong("event: for is above 0");
    return {};
}

Status check_event(const ScenarioEvent& event, const Scenario& scenario) {
    const auto pool_known = [&](const std::string& name) -> Status {
        if (by_name(scenario.pools, name) != nullptr) return {};
        return wrong("event: there is no pool \"" + name + "\"");
    };
    if (event.at < Duration{0}) return wrong("event: at is not negative");
    if (event.every < Duration{0} || (event.every > Duration{0} && event.every < 1s))
        return wrong("event: every is at least 1s");
    switch (event.kind) {
        case EventKind::workers_lost:
            SLUICE_TRY_STATUS(pool_known(event.lost.pool));
            if (!(event.lost.share > 0) || event.lost.share > 1)
                return wrong("event: share is above 0, up to 1");
            if (event.lost.length < Duration{0}) return wrong("event: for is not negative");
            break;
        case EventKind::deploy:
            SLUICE_TRY_STATUS(pool_known(event.deploy.pool));
            if (event.deploy.restart < Duration{0} || event.deploy.drain < Duration{0})
                return wrong("event: restart and drain are not negative");
            break;
        case EventKind::trouble:
            if (!event.trouble.traffic.empty() &&
                by_name(scenario.traffic, event.trouble.traffic) == nullptr)
                return wrong("event: there is no traffic \"" + event.trouble.traffic + "\"");
            if (!is_chance(event.trouble.rate)) return wrong("event: rate is 0 to 1");
            if (event.trouble.length <= Duration{0}) return wrong("event: for is above 0");
            break;
        case EventKind::slow: return check_slowness(event.slow);
    }
    return {};
}

Status check_sizes(const Scenario& s) {
    if (!is_plain(s.name) || !is_plain(s.description))
        return wrong("name and description have no control characters");
    if (s.traffic.empty()) return wrong("there is no [[traffic]]: nothing would arrive");
    if (s.pools.empty()) return wrong("there is no [[pool]]: nothing would be worked on");
    if (s.traffic.size() > Scenario::traffic_max || s.pools.size() > Scenario::pools_max ||
        s.limits.size() > Scenario::limits_max || s.events.size() > Scenario::events_max)
        return wrong("too many entries: at most 200 traffic, 100 pool, 100 limit, 1000 event");
    if (s.duration < 1ms || s.duration > 24h * 366) return wrong("duration is 1ms to 366 days");
    if (s.warmup && (*s.warmup < Duration{0} || *s.warmup >= s.duration))
        return wrong("warmup is shorter than duration");
    if (s.replications < 1 || s.replications > Scenario::replications_max)
        return wrong("replications is 1 to " + std::to_string(Scenario::replications_max));
    std::uint64_t slots = 0;
    for (const Pool& pool : s.pools) {
        const std::uint32_t most = pool.autoscale ? pool.autoscale->max : 0;
        slots += std::uint64_t{std::max(pool.workers, most)} * pool.slots;
    }
    if (slots > Scenario::slots_max)
        return wrong("all pools together have more than " + std::to_string(Scenario::slots_max) +
                     " slots");
    return {};
}

struct Parameter {
    std::string_view kind;
    std::string_view of;
};

Error unknown_parameter(const Scenario& scenario, std::string_view name) {
    const std::vector<std::string> known = parameter_names(scenario);
    const std::vector<std::string_view> views(known.begin(), known.end());
    std::string message = "there is no parameter \"" + std::string(name) + "\"";
    if (const auto near = nearest(name, views)) {
        message += "; did you mean \"" + std::string(*near) + "\"?";
    } else {
        message += "; there are:";
        for (const std::string& one : known) message += " " + one;
    }
    return fail(Code::not_found, message);
}

Result<std::uint32_t> whole(double value, std::string_view name) {
    if (value >= 0 && value <= 1e6 && value == std::floor(value))
        return static_cast<std::uint32_t>(value);
    return fail(Code::invalid, std::string(name) + " takes a whole number, 0 to 1000000");
}

Status change_pool(Pool& pool, const Parameter& what, double value) {
    if (what.kind == "speed") {
        pool.speed = value;
        return {};
    }
    SLUICE_TRY(const std::uint32_t count, whole(value, what.kind));
    (what.kind == "workers" ? pool.workers : pool.slots) = count;
    return {};
}

Status change_traffic(Traffic& traffic, const Parameter& what, double value) {
    if (what.kind == "failures") {
        traffic.failures.rate = value;
    } else if (what.kind == "backlog") {
        if (!(value >= 0) || value > static_cast<double>(Scenario::backlog_max))
            return wrong("backlog is 0 to " + std::to_string(Scenario::backlog_max));
        traffic.backlog = static_cast<std::uint64_t>(value);
    } else if (!(value > 0) || value > 1e6) {
        return wrong(std::string(what.kind) + " takes a factor above 0, up to 1000000");
    } else if (what.kind == "rate") {
        traffic.arrivals = traffic.arrivals.scaled(value);
    } else {
        traffic.service = traffic.service.scaled(value);
    }
    return {};
}

Parameter split_name(std::string_view name) {
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return {name, {}};
    return {name.substr(0, dot), name.substr(dot + 1)};
}

bool of_pool(std::string_view kind) {
    return kind == "workers" || kind == "slots" || kind == "speed";
}
bool of_traffic(std::string_view kind) {
    return kind == "rate" || kind == "service" || kind == "failures" || kind == "backlog";
}

}  // namespace

Status check_scenario(const Scenario& scenario) {
    SLUICE_TRY_STATUS(check_sizes(scenario));
    SLUICE_TRY_STATUS(check_names(scenario.traffic, "traffic"));
    SLUICE_TRY_STATUS(check_names(scenario.pools, "pool"));
    SLUICE_TRY_STATUS(check_names(scenario.limits, "limit"));
    for (const Traffic& traffic : scenario.traffic) SLUICE_TRY_STATUS(check_traffic(traffic));
    for (const Pool& pool : scenario.pools) SLUICE_TRY_STATUS(check_pool(pool, scenario));
    for (const Limit& limit : scenario.limits) SLUICE_TRY_STATUS(check_limit(limit, scenario));
    for (const ScenarioEvent& event : scenario.events)
        SLUICE_TRY_STATUS(check_event(event, scenario));
    for (const Traffic& traffic : scenario.traffic) {
        const bool served = std::any_of(scenario.pools.begin(), scenario.pools.end(),
                                        [&](const Pool& p) { return can_serve(p, traffic); });
        if (!served)
            return wrong("traffic \"" + traffic.name + "\": no pool serves its queue \"" +
                         traffic.queue + "\" with the capabilities it needs and workers as " +
                         "large as it uses");
    }
    return {};
}

bool is_steady(const Scenario& scenario) {
    const auto changes = [](const Traffic& traffic) {
        const std::string_view kind = traffic.arrivals.name();
        return traffic.backlog > 0 || kind == "curve" || kind == "trace" || kind == "never";
    };
    return scenario.events.empty() && !scenario.stop_when_drained &&
           std::none_of(scenario.traffic.begin(), scenario.traffic.end(), changes);
}

Result<double> parameter(const Scenario& scenario, std::string_view name) {
    const Parameter what = split_name(name);
    if (of_pool(what.kind)) {
        if (const Pool* pool = by_name(scenario.pools, what.of)) {
            if (what.kind == "speed") return pool->speed;
            return static_cast<double>(what.kind == "workers" ? pool->workers : pool->slots);
        }
    } else if (of_traffic(what.kind)) {
        if (const Traffic* traffic = by_name(scenario.traffic, what.of)) {
            if (what.kind == "failures") return traffic->failures.rate;
            if (what.kind == "backlog") return static_cast<double>(traffic->backlog);
            return 1.0;
        }
    } else if (what.kind == "limit") {
        if (const Limit* limit = by_name(scenario.limits, what.of)) {
            if (limit->kind == LimitKind::rate) return limit->per_second;
            return static_cast<double>(limit->at_once);
        }
    }
    return unknown_parameter(scenario, name);
}

Result<Scenario> with_parameter(Scenario scenario, std::string_view name, double value) {
    const Parameter what = split_name(name);
    SLUICE_TRY(const double before, parameter(scenario, name));
    if (before == value) return scenario;
    if (of_pool(what.kind)) {
        SLUICE_TRY_STATUS(change_pool(*by_name(scenario.pools, what.of), what, value));
    } else if (of_traffic(what.kind)) {
        SLUICE_TRY_STATUS(change_traffic(*by_name(scenario.traffic, what.of), what, value));
    } else {
        Limit& limit = *by_name(scenario.limits, what.of);
        if (limit.kind == LimitKind::rate) {
            limit.per_second = value;
        } else {
            SLUICE_TRY(limit.at_once, whole(value, what.kind));
        }
    }
    SLUICE_TRY_STATUS(check_scenario(scenario));
    return scenario;
}

std::vector<std::string> parameter_names(const Scenario& scenario) {
    std::vector<std::string> names;
    const auto add = [&](std::string_view kind, const std::string& of) {
        names.push_back(std::string(kind) + "." + of);
    };
    for (const Pool& pool : scenario.pools) {
        for (const auto kind : {"workers", "slots", "speed"}) add(kind, pool.name);
    }
    for (const Traffic& traffic : scenario.traffic) {
        for (const auto kind : {"rate", "service", "failures", "backlog"}) add(kind, traffic.name);
    }
    for (const Limit& limit : scenario.limits) add("limit", limit.name);
    return names;
}

}  // namespace sluice::sim
