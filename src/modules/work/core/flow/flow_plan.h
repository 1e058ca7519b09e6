// SPDX-License-Identifier: Apache-2.0
// FlowPlan: what a flow does with every file, as it was asked for, and how its files are divided
// among jobs. Written down once when a flow begins, and read by every job of it. Pure.
#pragma once

#include "kernel/base/result.h"
#include "kernel/wire/json_reader.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

inline constexpr std::size_t flow_steps_max = 16;
inline constexpr std::uint64_t flow_files_max = 1'000'000;
inline constexpr std::uint32_t flow_window_max = 10'000;
/// Of one template, and of one job's arguments made from it.
inline constexpr std::size_t flow_args_bytes_max = 64 * 1024;
/// Outputs that {output_list} may name.
inline constexpr std::size_t flow_output_list_max = 1'000;
/// Results of up to this size are kept whole; of larger ones only `output`.
inline constexpr std::size_t flow_result_bytes_max = 4 * 1024;

/// A job that is made for every file, or at the end.
struct FlowStep {
    std::string type;
    std::string args = "[]";  ///< the template: a JSON array
    std::string queue;        ///< empty: the flow's
    std::optional<int> retry{};
    std::optional<int> priority{};
    double timeout_s = 0;  ///< 0: none
};

/// How many files are under way: `lanes` pages of `page_files` each. The pages of a lane follow
/// one another.
struct FlowShape {
    std::uint32_t lanes = 1;
    std::uint32_t page_files = 1;
    friend bool operator==(const FlowShape&, const FlowShape&) = default;
};
FlowShape flow_shape(std::uint32_t window);

struct FlowPlan {
    std::string id;  ///< the jid of the flow.map job
    std::string queue;
    std::vector<FlowStep> steps;
    std::optional<FlowStep> finish{};
    bool stop_on_failure = false;
    double keep_s = 86'400;  ///< how long the server keeps what became of a file's job
    FlowShape shape;
    std::uint64_t files = 0;
    std::string list;  ///< the file that names the files

    [[nodiscard]] std::uint64_t pages() const {
        return (files + shape.page_files - 1) / shape.page_files;
    }
    /// Lanes that have a page.
    [[nodiscard]] std::uint64_t lanes() const {
        return std::min<std::uint64_t>(shape.lanes, pages());
    }
};

std::string format_plan(const FlowPlan& plan);
/// Errors: corrupt.
Result<FlowPlan> parse_plan(const std::string& json);

/// The steps or the finish of a flow.map job's arguments. `what` is the argument's name. Errors:
/// invalid (with the member).
Result<FlowStep> read_step(JsonView value, const std::string& what);

/// Whether the templates of all steps name only what there is. Errors: invalid, exhausted.
Status check_templates(const FlowPlan& plan);

/// The names below follow from the flow's id alone, so every run of a job makes the same ones.
/// `hash` gives hexadecimal digits of a digest.
using FlowHash = std::function<std::string(std::string_view)>;
std::string flow_jid(const FlowHash& hash, std::string_view flow, std::string_view part);
std::string file_part(std::uint64_t index, std::size_t step);
std::string page_part(std::uint64_t page, std::uint64_t check);
inline constexpr std::string_view finish_part = "finish";
inline constexpr std::string_view final_part = "final";

/// Whether a file is wanted: the pattern (`*` also matches `/`) is for the name if it holds no
/// `/`, else for the path. Empty: every file.
bool is_flow_file(std::string_view pattern, std::string_view path);

}  // namespace sluice::work
