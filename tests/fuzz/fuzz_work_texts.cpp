// SPDX-License-Identifier: Apache-2.0
// libraries: work_core work_core_http work_core_images work_core_report kernel_wire
// Any bytes as the short texts that jobs and programs hand to the worker: names of archive entries,
// image steps, colours, progress lines, exit codes, checks of an answer, sections of a report,
// Markdown before it is converted. No crash, and what is accepted keeps its promise.
#include "kernel/base/check.h"
#include "kernel/wire/json_reader.h"
#include "modules/work/core/entry_name.h"
#include "modules/work/core/exec_protocol.h"
#include "modules/work/core/http/response_checks.h"
#include "modules/work/core/images/image_steps.h"
#include "modules/work/core/markdown_cost.h"
#include "modules/work/core/report/report_spec.h"
#include "modules/work/core/report/report_table.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace {

using namespace sluice;
using namespace sluice::work;

void as_name(std::string_view text) {
    const auto name = clean_entry_name(text);
    if (const auto* path = std::get_if<std::string>(&name)) {
        SLUICE_CHECK(!path->starts_with('/') && path->find('\0') == std::string::npos);
        const std::string framed = '/' + *path + '/';
        SLUICE_CHECK(framed.find("/../") == std::string::npos);
        SLUICE_CHECK(path->empty() || framed.find("//") == std::string::npos);
        // What is clean stays so; the folder itself ("./") has the empty path, which is no name.
        SLUICE_CHECK(path->empty() || std::get<std::string>(clean_entry_name(*path)) == *path);
    }
    SLUICE_CHECK(quoted_name(text).find('\n') == std::string::npos);
}

void as_json(std::string_view text) {
    JsonParser parser;
    const auto json = parser.parse(text);
    if (!json) return;
    if (const auto checks = ResponseChecks::parse(*json)) {
        SLUICE_CHECK(checks->size() <= response_checks_max);
        (void)checks->faults(
            {.status = 200, .header = [](std::string_view) { return nullptr; }, .body = text});
    }
    if (const auto sections = read_sections(*json, {})) {
        SLUICE_CHECK(sections->size() <= ReportLimits().sections_max);
    }
    (void)table_from_json(text, "", {});
}

void as_lines(std::string_view text) {
    LineCutter cutter;
    const auto take = [](std::string_view line) {
        SLUICE_CHECK(line.size() <= exec_line_bytes_max);
        if (const auto progress = parse_exec_progress(line, true)) {
            SLUICE_CHECK(progress->percent >= 0 && progress->percent <= 100);
        }
    };
    cutter.feed(text, take);
    cutter.finish(take);
    JsonParser parser;
    const std::string result = exec_result(text);
    SLUICE_CHECK(result.empty() || parser.parse(result));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    as_name(text);
    as_json(text);
    as_lines(text);
    (void)parse_image_step(text);
    (void)parse_image_colour(text);
    (void)ExitMap::parse({.success = {std::string(text)}, .never_retry = {}, .give_back = {}});
    (void)check_markdown_cost(text, true);
    return 0;
}
