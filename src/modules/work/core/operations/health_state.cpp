// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/operations/health_state.h"

#include "modules/work/core/flow/flow_template.h"

#include <algorithm>
#include <array>

namespace sluice::work {

namespace {

Error damaged_state(std::string_view what) {
    return fail(Code::corrupt, "the state of the checks is damaged: " + std::string(what));
}

Result<std::string> alert_args(const FlowStep& step, const HealthResult& result,
                               std::string_view before, WallTime now) {
    JsonParser parser;
    SLUICE_TRY(const JsonView value, parser.parse(step.args));
    const std::array<TemplateValue, 5> values{{
        {.name = "name", .text = result.name},
        {.name = "state", .text = result.ok ? "up" : "down"},
        {.name = "previous", .text = std::string(before)},
        {.name = "message", .text = result.message},
        {.name = "at", .text = format_rfc3339(now)},
    }};
    return expand_template(value, values, flow_args_bytes_max);
}

Result<std::string> text_of(JsonView value, std::string_view name) {
    const auto member = value.find(name);
    if (!member) return damaged_state("a member is missing");
    SLUICE_TRY(const std::string_view text, member->as_string());
    return std::string(text);
}

Result<std::uint64_t> uint_of(JsonView value, std::string_view name) {
    const auto member = value.find(name);
    if (!member) return damaged_state("a member is missing");
    return member->as_uint();
}

}  // namespace

Status check_alert_template(const FlowStep& step) {
    const auto args = alert_args(step, {}, "unknown", WallTime{});
    return args ? Status() : Status(args.error());
}

Result<HealthState> HealthState::parse(const std::string& text) {
    const auto document = JsonDocument::parse(text);
    if (!document) return damaged_state(document.error().message);
    const JsonView root = document->root();
    HealthState state;
    SLUICE_TRY(state.changes_, uint_of(root, "changes"));
    const auto things = root.find("things");
    const auto alerts = root.find("alerts");
    if (!things || !alerts) return damaged_state("a member is missing");
    for (const JsonMember member : things->members()) {
        Thing& thing = state.things_[std::string(member.name)];
        SLUICE_TRY(thing.state, text_of(member.value, "state"));
        SLUICE_TRY(thing.failures, uint_of(member.value, "failures"));
        SLUICE_TRY(const std::string since, text_of(member.value, "since"));
        SLUICE_TRY(thing.since, parse_rfc3339(since));
    }
    for (const JsonView alert : alerts->elements()) {
        SLUICE_TRY(std::string part, text_of(alert, "part"));
        const auto args = alert.find("args");
        if (!args) return damaged_state("a member is missing");
        state.alerts_.push_back({std::move(part), std::string(args->raw())});
    }
    return state;
}

std::string HealthState::format() const {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("changes").unsigned_integer(changes_).key("things").begin_object();
    for (const auto& [name, thing] : things_) {
        json.key(name).begin_object().key("state").string(thing.state);
        json.key("failures").unsigned_integer(thing.failures);
        json.key("since").string(format_rfc3339(thing.since)).end_object();
    }
    json.end_object().key("alerts").begin_array();
    for (const HealthAlert& alert : alerts_) {
        json.begin_object().key("part").string(alert.part).key("args").raw(alert.args);
        json.end_object();
    }
    json.end_array().end_object();
    return out;
}

Result<std::size_t> HealthState::take(const std::vector<HealthResult>& results,
                                      std::uint64_t threshold, const FlowStep* on_change,
                                      WallTime now) {
    std::map<std::string, Thing, std::less<>> next;
    std::size_t changed = 0;
    for (const HealthResult& result : results) {
        const auto known = things_.find(result.name);
        Thing thing = known == things_.end() ? Thing{} : known->second;
        thing.failures = result.ok ? 0 : thing.failures + 1;
        const bool is_down = thing.failures >= threshold;
        const std::string state = result.ok ? "up" : is_down ? "down" : thing.state;
        if (state != thing.state) {
            // That something is up when it is looked at first is no news.
            const bool is_news = thing.state != "unknown" || state == "down";
            ++changes_;
            if (is_news) ++changed;
            if (is_news && on_change != nullptr) {
                SLUICE_TRY(std::string args, alert_args(*on_change, result, thing.state, now));
                alerts_.push_back({"change " + std::to_string(changes_), std::move(args)});
            }
            thing.state = state;
            thing.since = now;
        }
        next.insert_or_assign(result.name, thing);
    }
    things_ = std::move(next);
    return changed;
}

std::string HealthState::state_of(const std::string& name) const {
    const auto thing = things_.find(name);
    return thing == things_.end() ? "unknown" : thing->second.state;
}

WallTime HealthState::since(const std::string& name) const {
    const auto thing = things_.find(name);
    return thing == things_.end() ? WallTime{} : thing->second.since;
}

}  // namespace sluice::work
