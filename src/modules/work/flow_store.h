// SPDX-License-Identifier: Apache-2.0
// FlowStore: the files that a flow keeps below the write root, so that any worker can go on with
// it after any crash. Private to this module.
//
//   files-TAG.jsonl    the path of every file, a JSON text in each line
//   offsets-TAG.txt    where in it each page begins: 20 digits in each line
//   flow.json          the plan; the first one written counts, and names its list of files
//   pages/P.C.json     how far page P was after its look C; never changed
//   pages/P.done.json  the same once all its files have ended; never changed
//   lanes/L.end        the last page of lane L has ended
//   stop               no more jobs are pushed
//   results.jsonl, outputs.txt, summary.json   what is left at the end
#pragma once

#include "modules/work/core/flow/flow_page.h"
#include "modules/work/shell/work_folder.h"
#include "modules/work/task.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

class FlowStore {
public:
    static Result<FlowStore> open(const RootedFiles& files, const std::string& folder, bool make);

    [[nodiscard]] const std::string& folder() const { return folder_; }
    [[nodiscard]] std::string path_of(std::string_view name) const;

    /// Nothing: the flow has not been planned, or was cleared away.
    [[nodiscard]] Result<std::optional<FlowPlan>> plan() const;
    /// The plan that counts: this one, or the one that another run wrote before.
    Result<FlowPlan> decide(const FlowPlan& plan) const;

    /// The paths of a page. Errors: corrupt, not_found, io.
    [[nodiscard]] Result<std::vector<std::string>> page_paths(const FlowPlan& plan,
                                                              std::uint64_t page) const;
    [[nodiscard]] Result<std::optional<FlowPage>> page(std::uint64_t page,
                                                       std::uint64_t check) const;
    [[nodiscard]] Result<std::optional<FlowPage>> done_page(std::uint64_t page) const;
    /// The first to write one decides; the others find it there. Errors: io.
    Status keep_page(std::uint64_t page, std::uint64_t check, const FlowPage& state) const;
    Status keep_done_page(std::uint64_t page, const FlowPage& state) const;
    /// What no look can need any more.
    Status forget_page(std::uint64_t page, std::uint64_t check) const;

    Status end_lane(std::uint64_t lane) const;
    [[nodiscard]] Result<bool> has_ended(const FlowPlan& plan) const;

    Status stop() const;
    [[nodiscard]] Result<bool> is_stopped() const { return files_.has("stop"); }

    [[nodiscard]] Result<std::optional<std::string>> summary() const;
    /// Takes away what only a running flow needs.
    Status clear(const FlowPlan& plan) const;

    [[nodiscard]] const WorkFolder& files() const { return files_; }

private:
    FlowStore(std::string folder, WorkFolder files)
        : folder_(std::move(folder)), files_(std::move(files)) {}
    [[nodiscard]] Result<std::optional<std::string>> read_if_there(std::string_view name,
                                                                   Bytes bytes_max) const;
    [[nodiscard]] Result<std::optional<FlowPage>> read_page(const std::string& name) const;
    Status write_first(const std::string& name, std::string_view text) const;

    std::string folder_;
    WorkFolder files_;
};

/// Writes the list of files of a new flow, page by page. One thread.
class FlowListWriter {
public:
    static Result<FlowListWriter> begin(const FlowStore& store, const std::string& tag,
                                        FlowShape shape);
    /// Errors: exhausted (flow_files_max), io.
    Status add(std::string_view path);
    /// The name of the list.
    Result<std::string> finish();
    [[nodiscard]] std::uint64_t files() const { return files_; }

private:
    FlowListWriter(OutputFile list, OutputFile offsets, std::string name, FlowShape shape)
        : list_(std::move(list)),
          offsets_(std::move(offsets)),
          name_(std::move(name)),
          shape_(shape) {}
    Status flush();

    OutputFile list_;
    OutputFile offsets_;
    std::string name_;
    FlowShape shape_;
    std::string waiting_;
    std::uint64_t bytes_ = 0;
    std::uint64_t files_ = 0;
};

/// SHA-256, for flow_jid().
FlowHash flow_hash();
/// Where a flow is kept if it is not told: below `flows`, by a name that follows from its id.
std::string flow_folder(std::string_view id);

}  // namespace sluice::work
