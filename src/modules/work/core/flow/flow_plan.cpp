// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/flow/flow_plan.h"

#include "modules/work/core/flow/flow_page.h"
#include "modules/work/core/flow/flow_template.h"
#include "modules/work/core/path_pattern.h"

#include <algorithm>

namespace sluice::work {

namespace {

constexpr std::uint32_t lanes_max = 16;
constexpr std::uint32_t lane_files = 64;

void put_step(JsonWriter& json, const FlowStep& step) {
    json.begin_object().key("type").string(step.type).key("args").raw(step.args);
    if (!step.queue.empty()) json.key("queue").string(step.queue);
    if (step.retry) json.key("retry").integer(*step.retry);
    if (step.priority) json.key("priority").integer(*step.priority);
    if (step.timeout_s > 0) json.key("timeout_s").number(step.timeout_s);
    json.end_object();
}

Result<int> int_between(JsonView value, const std::string& what, int min, int max) {
    const auto number = value.as_int();
    if (!number || *number < min || *number > max) {
        return fail(Code::invalid, what + " must be a whole number from " + std::to_string(min) +
                                       " to " + std::to_string(max));
    }
    return static_cast<int>(*number);
}

Status take_member(FlowStep& step, std::string_view name, JsonView value, const std::string& what) {
    if (name == "type" || name == "queue") {
        const auto text = value.as_string();
        if (!text || text->empty() || text->size() > 255) {
            return fail(Code::invalid, what + " must be a text of 1 to 255 bytes");
        }
        (name == "type" ? step.type : step.queue) = *text;
    } else if (name == "args") {
        if (!value.is_array()) return fail(Code::invalid, what + " must be a list");
        if (value.raw().size() > flow_args_bytes_max) {
            return fail(Code::invalid, what + " has more than 65536 bytes");
        }
        step.args = value.raw();
    } else if (name == "retry") {
        SLUICE_TRY(step.retry, int_between(value, what, -1, 1000));
    } else if (name == "priority") {
        SLUICE_TRY(step.priority, int_between(value, what, 1, 9));
    } else if (name == "timeout_s") {
        const auto seconds = value.as_double();
        if (!seconds || !(*seconds >= 0 && *seconds <= 86'400)) {
            return fail(Code::invalid, what + " must be seconds from 0 to 86400");
        }
        step.timeout_s = *seconds;
    } else {
        return fail(Code::invalid,
                    what +
                        " is not known; a step has type, args, queue, retry, priority, "
                        "timeout_s");
    }
    return {};
}

Error damaged_plan(std::string_view what) {
    return fail(Code::corrupt, "the flow's plan is damaged: " + std::string(what));
}

std::string text_or_empty(JsonView root, std::string_view name) {
    const auto value = root.find(name);
    if (!value) return {};
    const auto text = value->as_string();
    return text ? std::string(*text) : std::string();
}

std::uint64_t uint_or_zero(JsonView root, std::string_view name) {
    const auto value = root.find(name);
    if (!value) return 0;
    const auto number = value->as_uint();
    return number ? *number : 0;
}

}  // namespace

FlowShape flow_shape(std::uint32_t window) {
    FlowShape shape;
    shape.lanes = std::clamp<std::uint32_t>(window / lane_files, 1, lanes_max);
    shape.page_files = std::max<std::uint32_t>((window + shape.lanes - 1) / shape.lanes, 1);
    return shape;
}

std::string format_plan(const FlowPlan& plan) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("version").integer(1).key("id").string(plan.id);
    json.key("queue").string(plan.queue).key("steps").begin_array();
    for (const FlowStep& step : plan.steps) put_step(json, step);
    json.end_array();
    if (plan.finish) {
        json.key("finish");
        put_step(json, *plan.finish);
    }
    json.key("stop_on_failure").boolean(plan.stop_on_failure);
    json.key("keep_s").number(plan.keep_s);
    json.key("lanes").unsigned_integer(plan.shape.lanes);
    json.key("page_files").unsigned_integer(plan.shape.page_files);
    json.key("files").unsigned_integer(plan.files).key("list").string(plan.list).end_object();
    return out;
}

Result<FlowPlan> parse_plan(const std::string& text) {
    const auto document = JsonDocument::parse(text);
    if (!document) return damaged_plan(document.error().message);
    const JsonView root = document->root();
    FlowPlan plan;
    if (uint_or_zero(root, "version") != 1) return damaged_plan("its version is not 1");
    plan.id = text_or_empty(root, "id");
    plan.queue = text_or_empty(root, "queue");
    plan.list = text_or_empty(root, "list");
    plan.files = uint_or_zero(root, "files");
    plan.shape.lanes = static_cast<std::uint32_t>(uint_or_zero(root, "lanes"));
    plan.shape.page_files = static_cast<std::uint32_t>(uint_or_zero(root, "page_files"));
    if (const auto stop = root.find("stop_on_failure")) {
        plan.stop_on_failure = stop->as_bool().value_or(false);
    }
    if (const auto keep = root.find("keep_s")) plan.keep_s = keep->as_double().value_or(0);
    if (const auto steps = root.find("steps")) {
        for (const JsonView step : steps->elements()) {
            SLUICE_TRY(FlowStep read, read_step(step, "steps"));
            plan.steps.push_back(std::move(read));
        }
    }
    if (const auto finish = root.find("finish")) {
        SLUICE_TRY(plan.finish, read_step(*finish, "finish"));
    }
    if (plan.id.empty() || plan.steps.empty() || plan.shape.page_files == 0 ||
        plan.shape.lanes == 0) {
        return damaged_plan("a member is missing");
    }
    return plan;
}

Result<FlowStep> read_step(JsonView value, const std::string& what) {
    if (!value.is_object()) {
        return fail(Code::invalid, "`" + what + "` must be an object with type and args");
    }
    FlowStep step;
    for (const JsonMember member : value.members()) {
        const std::string name = "`" + what + "." + std::string(member.name) + "`";
        SLUICE_TRY_STATUS(take_member(step, member.name, member.value, name));
    }
    if (step.type.empty()) return fail(Code::invalid, "`" + what + "` has no type");
    return step;
}

Status check_templates(const FlowPlan& plan) {
    JsonParser parser;
    const FlowFile sample{.index = 0, .path = "a/b.c", .output = "d", .error = {}, .result = {}};
    for (const FlowStep& step : plan.steps) {
        SLUICE_TRY_STATUS(step_args(step, plan, sample, parser));
    }
    if (plan.finish) SLUICE_TRY_STATUS(finish_args(*plan.finish, FlowTotals{}, parser));
    return {};
}

std::string flow_jid(const FlowHash& hash, std::string_view flow, std::string_view part) {
    std::string text(flow);
    text += '\0';
    text += part;
    return "flow-" + hash(text).substr(0, 32);
}

std::string file_part(std::uint64_t index, std::size_t step) {
    return "file " + std::to_string(index) + " step " + std::to_string(step);
}

std::string page_part(std::uint64_t page, std::uint64_t check) {
    return "page " + std::to_string(page) + " check " + std::to_string(check);
}

bool is_flow_file(std::string_view pattern, std::string_view path) {
    return pattern.empty() || path_fits(pattern, path);
}

}  // namespace sluice::work
