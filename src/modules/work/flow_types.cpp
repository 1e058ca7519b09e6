// SPDX-License-Identifier: Apache-2.0
// flow.map, flow.page, flow.finish, flow.stop: one type over many files, as jobs that push jobs.
// No job waits for another one: a page of files looks at its jobs and pushes its own next look.
// What a job pushes has names that follow from the flow and the file, and what it has seen is
// written down before the next look is pushed; so a second run of any of them changes nothing
// (docs/adr/0026-flows-as-jobs.md).
#include "kernel/base/text.h"
#include "kernel/wire/json_text.h"
#include "modules/work/core/utf8.h"
#include "modules/work/flow_jobs.h"
#include "modules/work/task.h"

#include <algorithm>

namespace sluice::work {

namespace {

constexpr std::size_t explicit_files_max = 10'000;
constexpr std::uint32_t window_usual = 256;

// ---------------------------------------------------------------------------- flow.map

struct MapRequest {
    std::string folder;
    std::string pattern;
    std::vector<std::string> files;
    std::string state_folder;
    FlowPlan plan;
};

Status read_steps(const Arguments& arguments, FlowPlan& plan) {
    for (const JsonView step : arguments.value("steps")->elements()) {
        SLUICE_TRY(FlowStep read,
                   read_step(step, "steps[" + std::to_string(plan.steps.size()) + "]"));
        if (read.type.starts_with("flow.")) {
            return fail(Code::invalid,
                        "`steps`: a flow inside a flow is not possible; name one in `finish`");
        }
        plan.steps.push_back(std::move(read));
    }
    if (const auto finish = arguments.value("finish")) {
        SLUICE_TRY(plan.finish, read_step(*finish, "finish"));
    }
    return check_templates(plan);
}

Result<MapRequest> read_map(Arguments& arguments, const Services&) {
    MapRequest request;
    request.folder = arguments.text_if_given("folder").value_or("");
    request.pattern = arguments.text_if_given("pattern").value_or("");
    request.files = arguments.texts("files");
    request.state_folder = arguments.text_if_given("state").value_or("");
    request.plan.stop_on_failure = arguments.choice("on_failure") == 1;
    request.plan.shape = flow_shape(static_cast<std::uint32_t>(arguments.integer("window")));
    request.plan.keep_s = arguments.number("keep_s");
    if (request.folder.empty() == request.files.empty()) {
        arguments.refuse("folder", "or `files` must be given, and not both");
    }
    if (!request.pattern.empty() && !request.files.empty()) {
        arguments.refuse("pattern", "is for the files of a `folder`");
    }
    for (const std::string& path : request.files) {
        if (const Status checked = check_relative_path(path); !checked) {
            arguments.refuse("files", checked.error().message);
        }
    }
    SLUICE_TRY_STATUS(read_steps(arguments, request.plan));
    return request;
}

/// The paths of all files, in the order of a listing, without keeping more than a folder's names.
Status list_files(const MapRequest& request, Task& task, FlowListWriter& list) {
    for (const std::string& path : request.files) SLUICE_TRY_STATUS(list.add(path));
    if (request.folder.empty()) return {};
    SLUICE_TRY(const InputFolder folder, task.services.files.open_folder(request.folder));
    Status added;
    const FolderLimits limits{.entries_max = flow_files_max};
    const auto listed = folder.list(limits, task.cancel(), [&](const FolderEntry& entry) {
        if (entry.kind == EntryKind::folder) return true;
        if (!added || entry.kind != EntryKind::file) return false;
        if (!is_flow_file(request.pattern, entry.path)) return false;
        const std::string path = request.folder + "/" + entry.path;
        added = to_valid_utf8(path) == path
                    ? list.add(path)
                    : fail(Code::invalid,
                           "the name of a file is not UTF-8, so no arguments can "
                           "name it");
        return false;
    });
    if (!listed) return listed.error();
    return added;
}

Result<FlowPlan> make_plan(const MapRequest& request, const FlowStore& store, Task& task) {
    FlowPlan plan = request.plan;
    plan.id = task.job().jid;
    plan.queue = task.job().queue;
    // Each run has a list of its own; the plan that is written first says which one counts.
    const std::string tag = flow_hash()(sdk::new_jid() + plan.id).substr(0, 16);
    SLUICE_TRY(FlowListWriter list, FlowListWriter::begin(store, tag, plan.shape));
    SLUICE_TRY_STATUS(list_files(request, task, list));
    SLUICE_TRY(plan.list, list.finish());
    plan.files = list.files();
    return store.decide(plan);
}

std::string map_result(const FlowStore& store, const FlowPlan& plan) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("flow").string(store.folder());
    json.key("files").unsigned_integer(plan.files);
    json.key("finish").string(flow_jid(flow_hash(), plan.id, finish_part));
    if (plan.finish) json.key("final").string(flow_jid(flow_hash(), plan.id, final_part));
    json.key("summary").string(store.path_of("summary.json")).end_object();
    return out;
}

Result<std::string> run_map(const MapRequest& request, Task& task) {
    const std::string folder =
        request.state_folder.empty() ? flow_folder(task.job().jid) : request.state_folder;
    SLUICE_TRY(const FlowStore store, FlowStore::open(task.services.files, folder, true));
    SLUICE_TRY(auto plan, store.plan());
    if (plan && plan->id != task.job().jid) {
        return fail(Code::invalid, "`state`: \"" + folder + "\" belongs to another flow");
    }
    if (!plan) {
        SLUICE_TRY(plan, make_plan(request, store, task));
    }
    SLUICE_TRY(const auto summary, store.summary());
    if (summary) return map_result(store, *plan);
    std::vector<sdk::JobSpec> jobs;
    for (std::uint64_t page = 0; page < plan->lanes(); ++page) {
        jobs.push_back(look_job(store, *plan, page, 0));
    }
    if (jobs.empty()) jobs.push_back(finish_job(store, *plan));
    SLUICE_TRY_STATUS(push_own(task, std::move(jobs)));
    return map_result(store, *plan);
}

Result<PageRequest> read_page(Arguments& arguments, const Services&) {
    return PageRequest{.flow = arguments.text("flow"),
                       .page = static_cast<std::uint64_t>(arguments.integer("page")),
                       .check = static_cast<std::uint64_t>(arguments.integer("check"))};
}

Result<FlowRequest> read_flow(Arguments& arguments, const Services&) {
    return FlowRequest{arguments.text("flow")};
}

// ---------------------------------------------------------------------------- the table

sdk::Argument flow_argument() {
    return {.name = "flow",
            .required = true,
            .help = "the flow's folder, which flow.map names in its result"};
}

constexpr std::string_view map_notes =
    R"(A step has `type` and `args`, a template, and may have `queue`, `retry`, `priority` and `timeout_s`. In the texts of a template stand for each file: `{path}` (below the folder for reading), `{name}`, `{stem}` and `{ext}` of the name, `{dir}`, `{index}` (from 0), `{output}` (what the step before called `output` in its result; at first the path), `{flow}`. `{{` and `}}` are braces. A text that is only `{index}` becomes a number. The steps of a file run one after another; files run beside one another.

`finish` is a job of its own for the end, whose template knows `{results}`, `{outputs}` and `{summary}` (files below the folder for writing), `{output_list}` (an array, for up to 1,000 outputs), `{files}`, `{succeeded}`, `{failed}`, `{skipped}` and `{flow}`. It may be another flow.map; a step may not. It is pushed whatever became of the files: its arguments tell.

This job ends as soon as the flow has begun. Once every file has ended, the job that `finish` of its result names is pushed; until then the server does not know it. The flow goes on by itself as jobs of the types flow.page and flow.finish in the queue of this job; they need a worker with the same folder for writing. Every job's jid follows from this one's, so killing workers or the server at any moment neither repeats nor loses a job ([0026](adr/0026-flows-as-jobs.md)). What must hold for that: the server keeps finished jobs until they are looked at (at most 15 seconds later; `jobs.finished_max`), and `keep_s` is longer than any pause of the whole system. A flow that was pushed again with the jid of one that has ended does nothing.

To stop a flow, push flow.stop.)";

sdk::JobSchema map_schema() {
    return {
        .arguments =
            {{.name = "folder", .help = "all files below it, below a folder for reading"},
             {.name = "steps",
              .kind = ArgumentKind::list,
              .required = true,
              .range = {1, static_cast<double>(flow_steps_max)},
              .passes_secrets = true,
              .help = "what to do with each file"},
             {.name = "pattern",
              .help = "only files that fit: `*`, `?` and `[a-z]`, for the name, or for the path "
                      "below `folder` if it holds a `/`"},
             {.name = "files",
              .kind = ArgumentKind::texts,
              .range = {1, static_cast<double>(explicit_files_max)},
              .help = "these files instead of a folder's"},
             {.name = "finish",
              .kind = ArgumentKind::object,
              .passes_secrets = true,
              .help = "a job for the end"},
             {.name = "on_failure",
              .choices = {"continue", "stop"},
              .fallback = "continue",
              .help = "whether files that have not begun are left out once one has failed"},
             {.name = "window",
              .kind = ArgumentKind::integer,
              .range = {1, static_cast<double>(flow_window_max)},
              .fallback = std::to_string(window_usual),
              .help = "files under way at once"},
             {.name = "keep_s",
              .kind = ArgumentKind::number,
              .range = {60, 30.0 * 86'400},
              .fallback = "86400",
              .help = "how long the server keeps what became of a file's job"},
             {.name = "state",
              .help =
                  "the flow's own folder below the folder for writing; by default `flows/JID`"}},
        .positions = 2,
        .notes = std::string(map_notes)};
}

sdk::JobType flow_map(const SharedServices& services) {
    return with_handler(
        {
            .name = "flow.map",
            .summary = "Runs one or several types for every file of a folder, each as a job of its "
                       "own, and a job at the end.",
            .schema = map_schema(),
            .result_help = "`flow` (its folder), `files`, `finish` (the jid of the job that ends "
                           "it, whose result has the counts), `final` (the jid of the job in "
                           "`finish`), `summary` (a file).",
            .example =
                R"(sluice push flow.map texts '[{"type": "text.wordcount", "args": ["{path}"]}]' '{"pattern": "*.txt"}')",
        },
        services, &read_map, &run_map);
}

sdk::JobType flow_page(const SharedServices& services) {
    const sdk::ArgumentRange count{0, 1e15};
    return with_handler(
        {
            .name = "flow.page",
            .summary = "Part of a flow: one look at some of its files. Pushed by flow.map only.",
            .schema = {.arguments = {flow_argument(),
                                     {.name = "page",
                                      .kind = ArgumentKind::integer,
                                      .required = true,
                                      .range = count,
                                      .help = "which files"},
                                     {.name = "check",
                                      .kind = ArgumentKind::integer,
                                      .required = true,
                                      .range = count,
                                      .help = "which look at them"}}},
            .result_help = "`page`, `of`, `check`, and how many of its files are in which state; "
                           "or `obsolete`.",
            .example = R"(sluice push flow.page '{"flow": "flows/8a4f0c", "page": 0, "check": 0}')",
        },
        services, &read_page, &run_flow_page);
}

sdk::JobType flow_finish(const SharedServices& services) {
    return with_handler(
        {
            .name = "flow.finish",
            .summary = "Part of a flow: its end. Pushed by the flow itself.",
            .schema = {.arguments = {flow_argument()}, .positions = 1},
            .result_help = "`files`, `succeeded`, `failed`, `skipped`, `jobs`, `stopped`, "
                           "`results` (a JSON-lines file: index, path, step, state, output, error, "
                           "result), `outputs` (a text file), `final` (the jid of the job at the "
                           "end).",
            .example = "sluice push flow.finish flows/8a4f0c",
        },
        services, &read_flow, &run_flow_finish);
}

sdk::JobType flow_stop(const SharedServices& services) {
    return with_handler(
        {
            .name = "flow.stop",
            .summary = "Stops a flow: jobs that were pushed end, nothing more is pushed, and the "
                       "flow's finishing job runs.",
            .schema = {.arguments = {flow_argument()}, .positions = 1},
            .result_help = "`stopped`: false if it had ended already.",
            .example = "sluice push flow.stop flows/8a4f0c",
        },
        services, &read_flow, &run_flow_stop);
}

}  // namespace

std::vector<sdk::JobType> flow_types(const SharedServices& services) {
    return {flow_finish(services), flow_map(services), flow_page(services), flow_stop(services)};
}

}  // namespace sluice::work
