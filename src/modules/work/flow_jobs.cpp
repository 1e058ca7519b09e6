// SPDX-License-Identifier: Apache-2.0
#include "modules/work/flow_jobs.h"

#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"

#include <algorithm>

namespace sluice::work {

namespace {

constexpr int look_priority = 7;
constexpr Duration look_keep = 1h;

/// A job of the flow's own. Before the files' jobs in the queue, as they would wait for it.
sdk::JobSpec own_job(const FlowPlan& plan, std::string type, std::string_view part) {
    sdk::JobSpec job;
    job.type = std::move(type);
    job.queue = plan.queue;
    job.jid = flow_jid(flow_hash(), plan.id, part);
    job.priority = look_priority;
    job.keep = look_keep;
    job.backoff = sdk::BackoffParts{.kind = sdk::BackoffWord::exponential, .base = 1s, .max = 60s};
    return job;
}

sdk::JobSpec step_job(const FlowPlan& plan, const FlowStep& step, std::string jid) {
    sdk::JobSpec job;
    job.type = step.type;
    job.queue = step.queue.empty() ? plan.queue : step.queue;
    job.jid = std::move(jid);
    job.retry = step.retry;
    job.priority = step.priority;
    job.timeout = from_double_seconds(step.timeout_s);
    job.keep = from_double_seconds(plan.keep_s);
    return job;
}

}  // namespace

sdk::JobSpec look_job(const FlowStore& store, const FlowPlan& plan, std::uint64_t page,
                      std::uint64_t check) {
    sdk::JobSpec job = own_job(plan, "flow.page", page_part(page, check));
    job.args.clear();
    JsonWriter json(job.args);
    json.begin_array().begin_object().key("flow").string(store.folder());
    json.key("page").unsigned_integer(page).key("check").unsigned_integer(check);
    json.end_object().end_array();
    return job;
}

sdk::JobSpec finish_job(const FlowStore& store, const FlowPlan& plan) {
    sdk::JobSpec job = own_job(plan, "flow.finish", finish_part);
    job.args = "[{\"flow\":" + json_escape(store.folder()) + "}]";
    // Known as long as what became of the files.
    job.keep = from_double_seconds(plan.keep_s);
    return job;
}

Status push_own(Task& task, std::vector<sdk::JobSpec> jobs) {
    SLUICE_TRY(const auto refused, task.push(jobs));
    if (refused.empty()) return {};
    return fail(Code::io, "the server refused a job of the flow: " + refused.front().text);
}

namespace {

/// One look at a page.
class Look {
public:
    Look(const PageRequest& request, const FlowStore& store, const FlowPlan& plan, Task& task)
        : request_(request), store_(store), plan_(plan), task_(task) {}

    Result<std::string> run() {
        SLUICE_TRY(const auto done, store_.done_page(request_.page));
        if (done) return go_on(*done);
        SLUICE_TRY(auto page, store_.page(request_.page, request_.check));
        if (!page) {
            SLUICE_TRY(page, before());
            if (!page) return std::string(R"({"obsolete":true})");
            SLUICE_TRY_STATUS(advance(*page));
            SLUICE_TRY_STATUS(store_.keep_page(request_.page, request_.check, *page));
        }
        if (page->is_complete()) {
            SLUICE_TRY_STATUS(store_.keep_done_page(request_.page, *page));
            return go_on(*page);
        }
        sdk::JobSpec next = look_job(store_, plan_, request_.page, request_.check + 1);
        next.at = wall_now() + page->pause(wall_now());
        SLUICE_TRY_STATUS(push_own(task_, {std::move(next)}));
        // The look before this one can only be run again by a worker that was given up, and does
        // nothing then.
        if (request_.check >= 2) {
            SLUICE_TRY_STATUS(store_.forget_page(request_.page, request_.check - 2));
        }
        return result(*page);
    }

private:
    /// What the look before this one saw; nothing when that is gone, as this page is further.
    Result<std::optional<FlowPage>> before() const {
        if (request_.check > 0) return store_.page(request_.page, request_.check - 1);
        SLUICE_TRY(auto paths, store_.page_paths(plan_, request_.page));
        return std::optional(
            FlowPage(std::move(paths), request_.page * plan_.shape.page_files, wall_now()));
    }

    Status advance(FlowPage& page) {
        SLUICE_TRY_STATUS(ask(page));
        SLUICE_TRY(bool stopped, store_.is_stopped());
        if (!stopped && plan_.stop_on_failure && page.has_failed()) {
            SLUICE_TRY_STATUS(store_.stop());
            stopped = true;
        }
        if (stopped) page.stop();
        return push(page);
    }

    [[nodiscard]] std::string jid_of(const FlowFile& file) const {
        return flow_jid(hash_, plan_.id, file_part(file.index, file.step));
    }

    Status ask(FlowPage& page) {
        const auto places = page.places(FlowFileState::pushed);
        std::vector<std::string> jids;
        for (const std::size_t place : places) jids.push_back(jid_of(page.files()[place]));
        SLUICE_TRY(const auto ends, task_.ends(jids));
        if (ends.size() != jids.size()) return fail(Code::io, "the server left out some jobs");
        for (std::size_t i = 0; i < places.size(); ++i) {
            page.take(places[i],
                      {.state = ends[i].state,
                       .result = ends[i].result,
                       .errtype = ends[i].errtype,
                       .message = ends[i].message},
                      plan_);
        }
        return {};
    }

    Status push(FlowPage& page) {
        std::vector<sdk::JobSpec> jobs;
        std::vector<std::size_t> places;
        for (const std::size_t place : page.places(FlowFileState::waiting)) {
            const FlowFile& file = page.files()[place];
            const FlowStep& step = plan_.steps[file.step];
            auto args = step_args(step, plan_, file, parser_);
            if (!args) {
                page.refuse(place, args.error().message);
                continue;
            }
            jobs.push_back(step_job(plan_, step, jid_of(file)));
            jobs.back().args = *std::move(args);
            places.push_back(place);
        }
        SLUICE_TRY(const auto refused, task_.push(jobs));
        for (std::size_t i = 0; i < places.size(); ++i) {
            const auto why = std::find_if(refused.begin(), refused.end(), [&](const auto& refusal) {
                return refusal.jid == jobs[i].jid;
            });
            if (why == refused.end()) {
                page.was_pushed(places[i]);
            } else {
                page.refuse(places[i], "refused: " + why->text);
            }
        }
        return {};
    }

    /// The page has ended: the lane's next one, or the end of the flow. The last of the lanes to
    /// end finds all others ended.
    Result<std::string> go_on(const FlowPage& page) {
        const std::uint64_t next = request_.page + plan_.lanes();
        if (next < plan_.pages()) {
            SLUICE_TRY_STATUS(push_own(task_, {look_job(store_, plan_, next, 0)}));
            return result(page);
        }
        SLUICE_TRY_STATUS(store_.end_lane(request_.page % plan_.lanes()));
        SLUICE_TRY(const bool ended, store_.has_ended(plan_));
        if (ended) SLUICE_TRY_STATUS(push_own(task_, {finish_job(store_, plan_)}));
        return result(page);
    }

    std::string result(const FlowPage& page) const {
        std::string out;
        JsonWriter json(out);
        json.begin_object().key("page").unsigned_integer(request_.page);
        json.key("of").unsigned_integer(plan_.pages());
        json.key("check").unsigned_integer(request_.check);
        FlowTotals totals;
        page.add_to(totals);
        for (std::size_t i = 0; i < flow_file_states; ++i) {
            json.key(to_string(static_cast<FlowFileState>(i))).unsigned_integer(totals.files[i]);
        }
        json.end_object();
        return out;
    }

    const PageRequest& request_;
    const FlowStore& store_;
    const FlowPlan& plan_;
    Task& task_;
    FlowHash hash_ = flow_hash();
    JsonParser parser_;
};

/// The flow of a job that is its own; nothing when it has ended, or was cleared away.
struct OpenFlow {
    FlowStore store;
    FlowPlan plan;
    std::optional<std::string> summary;
};
Result<std::optional<OpenFlow>> open_flow(const std::string& folder, Task& task) {
    auto store = FlowStore::open(task.services.files, folder, false);
    if (!store && store.error().code == Code::not_found) return std::optional<OpenFlow>{};
    if (!store) return store.error();
    SLUICE_TRY(auto plan, store->plan());
    if (!plan) return std::optional<OpenFlow>{};
    SLUICE_TRY(auto summary, store->summary());
    return std::optional(OpenFlow{*std::move(store), *std::move(plan), std::move(summary)});
}

/// Lines that are written in larger pieces.
class LineFile {
public:
    explicit LineFile(OutputFile file) : file_(std::move(file)) {}
    Status add(std::string_view text) {
        waiting_ += text;
        return waiting_.size() < std::size_t{256} * 1024 ? Status() : flush();
    }
    Status commit() {
        SLUICE_TRY_STATUS(flush());
        return file_.commit();
    }

private:
    Status flush() {
        const std::string out = std::exchange(waiting_, {});
        return file_.write(out);
    }
    OutputFile file_;
    std::string waiting_;
};

/// Writes the results of all pages, and counts.
Result<FlowTotals> gather(const FlowStore& store, const FlowPlan& plan, Task& task) {
    const Bytes no_limit{std::uint64_t{1} << 40};
    SLUICE_TRY(OutputFile results_file, store.files().open_output("results.jsonl", no_limit));
    SLUICE_TRY(OutputFile outputs_file, store.files().open_output("outputs.txt", no_limit));
    LineFile results(std::move(results_file));
    LineFile outputs(std::move(outputs_file));
    FlowTotals totals{.flow = plan.id,
                      .results = store.path_of("results.jsonl"),
                      .outputs = store.path_of("outputs.txt"),
                      .summary = store.path_of("summary.json"),
                      .output_list = {}};
    JsonWriter list(totals.output_list);
    list.begin_array();
    std::size_t listed = 0;
    for (std::uint64_t number = 0; number < plan.pages(); ++number) {
        SLUICE_TRY_STATUS(task.cancel().check());
        SLUICE_TRY(const auto page, store.done_page(number));
        if (!page) return fail(Code::conflict, "a page of the flow has not ended yet");
        page->add_to(totals);
        for (const FlowFile& file : page->files()) {
            SLUICE_TRY_STATUS(results.add(result_line(file)));
            if (file.state != FlowFileState::succeeded) continue;
            // A name may hold a line end; the results tell it apart.
            if (file.output.find('\n') == std::string::npos) {
                SLUICE_TRY_STATUS(outputs.add(file.output + "\n"));
            }
            if (++listed <= flow_output_list_max) list.string(file.output);
        }
        task.progress(static_cast<int>(100 * (number + 1) / plan.pages()), "gathering results");
    }
    list.end_array();
    totals.has_output_list = listed <= flow_output_list_max;
    SLUICE_TRY_STATUS(results.commit());
    SLUICE_TRY_STATUS(outputs.commit());
    return totals;
}

std::string summary_json(const FlowPlan& plan, const FlowTotals& totals, bool stopped) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("flow").string(plan.id).key("files").unsigned_integer(totals.all());
    for (const auto state :
         {FlowFileState::succeeded, FlowFileState::failed, FlowFileState::skipped}) {
        json.key(to_string(state)).unsigned_integer(totals.count(state));
    }
    json.key("jobs").unsigned_integer(totals.jobs).key("stopped").boolean(stopped);
    json.key("results").string(totals.results).key("outputs").string(totals.outputs);
    if (plan.finish) json.key("final").string(flow_jid(flow_hash(), plan.id, final_part));
    json.end_object();
    return out;
}

/// Writes down what the flow has come to; what an earlier run wrote stays.
Result<std::string> conclude(const FlowStore& store, const FlowPlan& plan, Task& task) {
    SLUICE_TRY(const bool ended, store.has_ended(plan));
    if (!ended) return fail(Code::conflict, "the flow has not ended yet");
    SLUICE_TRY(const FlowTotals totals, gather(store, plan, task));
    SLUICE_TRY(const bool stopped, store.is_stopped());
    if (plan.finish) {
        JsonParser parser;
        SLUICE_TRY(const std::string args, finish_args(*plan.finish, totals, parser));
        SLUICE_TRY_STATUS(store.files().write("final.json", args));
    }
    const std::string summary = summary_json(plan, totals, stopped);
    SLUICE_TRY_STATUS(store.files().write("summary.json", summary));
    return summary;
}

}  // namespace

Result<std::string> run_flow_page(const PageRequest& request, Task& task) {
    SLUICE_TRY(const auto flow, open_flow(request.flow, task));
    if (!flow || flow->summary) return std::string(R"({"obsolete":true})");
    if (request.page >= flow->plan.pages()) {
        return fail(Code::invalid, "`page`: the flow has fewer pages");
    }
    return Look(request, flow->store, flow->plan, task).run();
}

Result<std::string> run_flow_finish(const FlowRequest& request, Task& task) {
    SLUICE_TRY(const auto flow, open_flow(request.flow, task));
    if (!flow) return std::string(R"({"obsolete":true})");
    const FlowPlan& plan = flow->plan;
    std::string summary = flow->summary.value_or("");
    if (!flow->summary) {
        SLUICE_TRY(summary, conclude(flow->store, plan, task));
    }
    if (plan.finish) {
        sdk::JobSpec job = step_job(plan, *plan.finish, flow_jid(flow_hash(), plan.id, final_part));
        SLUICE_TRY(job.args, flow->store.files().read("final.json", mib(1)));
        SLUICE_TRY_STATUS(push_own(task, {std::move(job)}));
    }
    SLUICE_TRY_STATUS(flow->store.clear(plan));
    return summary;
}

Result<std::string> run_flow_stop(const FlowRequest& request, Task& task) {
    SLUICE_TRY(const auto flow, open_flow(request.flow, task));
    if (!flow) return fail(Code::not_found, "\"" + request.flow + "\" is no flow");
    if (!flow->summary) SLUICE_TRY_STATUS(flow->store.stop());
    return std::string(flow->summary ? R"({"stopped":false})" : R"({"stopped":true})");
}

}  // namespace sluice::work
