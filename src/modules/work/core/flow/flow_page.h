// SPDX-License-Identifier: Apache-2.0
// FlowPage: how far a page of a flow's files is. It is asked what to push and what to ask about,
// told what was answered, and written down between two looks. Pure: it neither pushes nor waits.
#pragma once

#include "kernel/base/time.h"
#include "modules/work/core/flow/flow_plan.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

enum class FlowFileState : std::uint8_t {
    waiting,    ///< its next job is to be pushed
    pushed,     ///< its job is on the server, or has ended there
    succeeded,  ///< all steps
    failed,     ///< a step ended otherwise
    skipped,    ///< the flow was stopped before it began
};
inline constexpr std::size_t flow_file_states = 5;
std::string_view to_string(FlowFileState state);

struct FlowFile {
    std::uint64_t index = 0;
    std::string path;
    std::size_t step = 0;
    FlowFileState state = FlowFileState::waiting;
    std::string output;  ///< of the last step that ended well; at first the path
    std::string error;
    std::string result;  ///< JSON text of the last step, or empty
};

/// How a job stands, as the server says.
struct FlowJobEnd {
    std::string_view state;
    std::string_view result;
    std::string_view errtype;
    std::string_view message;
};

struct FlowTotals {
    std::array<std::uint64_t, flow_file_states> files{};
    std::uint64_t jobs = 0;  ///< that were pushed for them
    std::string flow;        ///< the rest is for the template of the finishing job
    std::string results;
    std::string outputs;
    std::string summary;
    std::string output_list = "[]";  ///< JSON
    bool has_output_list = true;     ///< false: there are too many outputs for it

    [[nodiscard]] std::uint64_t count(FlowFileState state) const {
        return files[static_cast<std::size_t>(state)];
    }
    [[nodiscard]] std::uint64_t all() const;
};

class FlowPage {
public:
    /// Nothing of it has begun.
    FlowPage(std::vector<std::string> paths, std::uint64_t first_index, WallTime now);
    /// As format() wrote it. Errors: corrupt.
    static Result<FlowPage> parse(const std::string& text);
    [[nodiscard]] std::string format() const;

    [[nodiscard]] const std::vector<FlowFile>& files() const { return files_; }
    /// Places in files() of those whose jobs are to be asked about, and to be pushed.
    [[nodiscard]] std::vector<std::size_t> places(FlowFileState state) const;
    /// What became of the job of a file that is `pushed`.
    void take(std::size_t place, const FlowJobEnd& end, const FlowPlan& plan);
    void was_pushed(std::size_t place);
    /// Its job could not be made or was refused for good.
    void refuse(std::size_t place, std::string why);
    /// The flow was stopped: what waits does not begin.
    void stop();
    [[nodiscard]] bool is_complete() const;
    [[nodiscard]] bool has_failed() const;
    /// Until the next look: a quarter of the time the page has taken, within limits, so that a flow
    /// takes at most a quarter longer than its jobs and asks ever less often.
    [[nodiscard]] Duration pause(WallTime now) const;
    /// Adds this page to the totals.
    void add_to(FlowTotals& totals) const;

private:
    FlowPage() = default;
    std::vector<FlowFile> files_;
    WallTime began_{};
};

/// The arguments of a file's job. Errors: invalid, exhausted (template).
Result<std::string> step_args(const FlowStep& step, const FlowPlan& plan, const FlowFile& file,
                              JsonParser& parser);
/// The arguments of the job at the end. Errors: as step_args.
Result<std::string> finish_args(const FlowStep& step, const FlowTotals& totals, JsonParser& parser);

/// One line of the results, with its line end.
std::string result_line(const FlowFile& file);

}  // namespace sluice::work
