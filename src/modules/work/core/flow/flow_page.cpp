// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/flow/flow_page.h"

#include "kernel/base/text.h"
#include "modules/work/core/flow/flow_template.h"

#include <algorithm>
#include <numeric>

namespace sluice::work {

namespace {

constexpr Duration pause_min = 200ms;
constexpr Duration pause_max = 15s;
constexpr std::size_t error_bytes_max = 300;

constexpr std::array<std::string_view, flow_file_states> words{"waiting", "pushed", "succeeded",
                                                               "failed", "skipped"};

/// The words of the protocol for a job that may still change.
bool is_under_way(std::string_view state) {
    return state == "scheduled" || state == "enqueued" || state == "running" ||
           state == "retrying" || state == "blocked";
}

/// What a result calls its output, if it does.
std::string output_of(std::string_view result) {
    JsonParser parser;
    const auto root = parser.parse(result);
    if (!root || !root->is_object()) return {};
    const auto output = root->find("output");
    if (!output || !output->is_string()) return {};
    return std::string(*output->as_string());
}

Error damaged_page(std::string_view what) {
    return fail(Code::corrupt, "the state of a flow's page is damaged: " + std::string(what));
}

void put_file(JsonWriter& json, const FlowFile& file) {
    json.begin_object().key("index").unsigned_integer(file.index).key("path").string(file.path);
    json.key("step").unsigned_integer(file.step).key("state").string(to_string(file.state));
    json.key("output").string(file.output);
    if (!file.error.empty()) json.key("error").string(file.error);
    if (!file.result.empty()) json.key("result").raw(file.result);
    json.end_object();
}

Result<std::string> text_of(JsonView value, std::string_view name) {
    const auto member = value.find(name);
    if (!member) return std::string();
    SLUICE_TRY(const std::string_view text, member->as_string());
    return std::string(text);
}

Result<std::uint64_t> uint_of(JsonView value, std::string_view name) {
    const auto member = value.find(name);
    if (!member) return damaged_page("a member is missing");
    return member->as_uint();
}

Result<FlowFile> read_file(JsonView value) {
    FlowFile file;
    SLUICE_TRY(file.index, uint_of(value, "index"));
    SLUICE_TRY(file.step, uint_of(value, "step"));
    SLUICE_TRY(file.path, text_of(value, "path"));
    SLUICE_TRY(file.output, text_of(value, "output"));
    SLUICE_TRY(file.error, text_of(value, "error"));
    if (const auto result = value.find("result")) file.result = result->raw();
    SLUICE_TRY(const std::string state, text_of(value, "state"));
    const auto* const word = std::find(words.begin(), words.end(), state);
    if (word == words.end()) return damaged_page("a state is unknown");
    file.state = static_cast<FlowFileState>(word - words.begin());
    return file;
}

}  // namespace

std::string_view to_string(FlowFileState state) { return words[static_cast<std::size_t>(state)]; }

std::uint64_t FlowTotals::all() const {
    return std::accumulate(files.begin(), files.end(), std::uint64_t{0});
}

FlowPage::FlowPage(std::vector<std::string> paths, std::uint64_t first_index, WallTime now)
    : began_(now) {
    files_.reserve(paths.size());
    for (std::string& path : paths) {
        FlowFile file{
            .index = first_index++, .path = path, .output = {}, .error = {}, .result = {}};
        file.output = std::move(path);
        files_.push_back(std::move(file));
    }
}

Result<FlowPage> FlowPage::parse(const std::string& text) {
    const auto document = JsonDocument::parse(text);
    if (!document) return damaged_page(document.error().message);
    FlowPage page;
    const auto began = document->root().find("began_ns");
    const auto files = document->root().find("files");
    if (!began || !files) return damaged_page("a member is missing");
    SLUICE_TRY(const std::int64_t ns, began->as_int());
    page.began_ = wall_from_ns(ns);
    for (const JsonView file : files->elements()) {
        SLUICE_TRY(FlowFile read, read_file(file));
        page.files_.push_back(std::move(read));
    }
    return page;
}

std::string FlowPage::format() const {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("began_ns").integer(to_ns(began_)).key("files").begin_array();
    for (const FlowFile& file : files_) put_file(json, file);
    json.end_array().end_object();
    return out;
}

std::vector<std::size_t> FlowPage::places(FlowFileState state) const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < files_.size(); ++i) {
        if (files_[i].state == state) found.push_back(i);
    }
    return found;
}

void FlowPage::take(std::size_t place, const FlowJobEnd& end, const FlowPlan& plan) {
    FlowFile& file = files_[place];
    if (file.state != FlowFileState::pushed || is_under_way(end.state)) return;
    if (end.state != "succeeded") {
        file.state = FlowFileState::failed;
        // A job that waits or runs is never forgotten, so an unknown one has ended; it is not
        // pushed again, as that could do its work twice.
        file.error = end.state == "unknown"
                         ? "the server has forgotten how the job ended"
                         : std::string(end.state) + ": " + std::string(end.errtype) + ": " +
                               std::string(truncate_utf8(end.message, error_bytes_max));
        return;
    }
    std::string output = output_of(end.result);
    if (!output.empty()) file.output = std::move(output);
    file.result = end.result.size() <= flow_result_bytes_max ? std::string(end.result) : "";
    if (file.step + 1 < plan.steps.size()) {
        ++file.step;
        file.state = FlowFileState::waiting;
    } else {
        file.state = FlowFileState::succeeded;
    }
}

void FlowPage::was_pushed(std::size_t place) { files_[place].state = FlowFileState::pushed; }

void FlowPage::refuse(std::size_t place, std::string why) {
    files_[place].state = FlowFileState::failed;
    files_[place].error = std::move(why);
}

void FlowPage::stop() {
    for (FlowFile& file : files_) {
        if (file.state == FlowFileState::waiting) file.state = FlowFileState::skipped;
    }
}

bool FlowPage::is_complete() const {
    return std::none_of(files_.begin(), files_.end(), [](const FlowFile& file) {
        return file.state == FlowFileState::waiting || file.state == FlowFileState::pushed;
    });
}

bool FlowPage::has_failed() const {
    return std::any_of(files_.begin(), files_.end(),
                       [](const FlowFile& file) { return file.state == FlowFileState::failed; });
}

Duration FlowPage::pause(WallTime now) const {
    return std::clamp((now - began_) / 4, pause_min, pause_max);
}

void FlowPage::add_to(FlowTotals& totals) const {
    for (const FlowFile& file : files_) {
        ++totals.files[static_cast<std::size_t>(file.state)];
        const bool began = file.state != FlowFileState::skipped || file.step > 0;
        totals.jobs += began ? file.step + (file.state == FlowFileState::skipped ? 0 : 1) : 0;
    }
}

Result<std::string> step_args(const FlowStep& step, const FlowPlan& plan, const FlowFile& file,
                              JsonParser& parser) {
    SLUICE_TRY(const JsonView value, parser.parse(step.args));
    const PathParts parts = path_parts(file.path);
    const std::string index = std::to_string(file.index);
    const std::array<TemplateValue, 8> values{{
        {.name = "path", .text = file.path},
        {.name = "name", .text = std::string(parts.name)},
        {.name = "stem", .text = std::string(parts.stem)},
        {.name = "ext", .text = std::string(parts.ext)},
        {.name = "dir", .text = std::string(parts.dir)},
        {.name = "index", .text = index, .json = index},
        {.name = "output", .text = file.output},
        {.name = "flow", .text = plan.id},
    }};
    return expand_template(value, values, flow_args_bytes_max);
}

Result<std::string> finish_args(const FlowStep& step, const FlowTotals& totals,
                                JsonParser& parser) {
    if (!totals.has_output_list && step.args.find("{output_list}") != std::string::npos) {
        return fail(
            Code::exhausted,
            "there are more than " + std::to_string(flow_output_list_max) +
                " outputs, too many for {output_list}; {outputs} is a file that names them");
    }
    SLUICE_TRY(const JsonView value, parser.parse(step.args));
    const auto count = [&totals](std::string_view name, FlowFileState state) {
        const std::string number = std::to_string(totals.count(state));
        return TemplateValue{.name = name, .text = number, .json = number};
    };
    const std::string all = std::to_string(totals.all());
    const std::array<TemplateValue, 9> values{{
        {.name = "results", .text = totals.results},
        {.name = "outputs", .text = totals.outputs},
        {.name = "summary", .text = totals.summary},
        {.name = "output_list", .text = totals.outputs, .json = totals.output_list},
        {.name = "files", .text = all, .json = all},
        count("succeeded", FlowFileState::succeeded),
        count("failed", FlowFileState::failed),
        count("skipped", FlowFileState::skipped),
        {.name = "flow", .text = totals.flow},
    }};
    return expand_template(value, values, flow_args_bytes_max);
}

std::string result_line(const FlowFile& file) {
    std::string out;
    JsonWriter json(out);
    put_file(json, file);
    out += '\n';
    return out;
}

}  // namespace sluice::work
