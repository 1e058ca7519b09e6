// SPDX-License-Identifier: Apache-2.0
#include "modules/work/flow_store.h"

#include "kernel/base/text.h"
#include "modules/work/shell/sha256.h"

#include <algorithm>
#include <cstdio>

namespace sluice::work {

namespace {

constexpr Bytes plan_bytes_max = mib(4);
constexpr Bytes page_bytes_max = mib(256);
constexpr Bytes list_bytes_max{std::uint64_t{8} << 30};
constexpr std::size_t offset_digits = 20;

std::string page_name(std::uint64_t page, const std::string& rest) {
    return "pages/" + std::to_string(page) + "." + rest + ".json";
}

std::string offsets_name(const std::string& list) {
    return "offsets" + list.substr(std::string_view("files").size()) + ".txt";
}

/// Bytes of a file from a place on, as many as there are up to `count`.
Result<std::string> read_range(const InputFile& file, std::uint64_t offset, std::uint64_t count) {
    std::string text(static_cast<std::size_t>(count), '\0');
    std::size_t done = 0;
    while (done < text.size()) {
        SLUICE_TRY(const std::size_t some,
                   file.read_at(offset + done, {text.data() + done, text.size() - done}));
        if (some == 0) break;
        done += some;
    }
    text.resize(done);
    return text;
}

Error corrupt() { return fail(Code::corrupt, "the flow's list of files is damaged"); }

}  // namespace

FlowHash flow_hash() {
    return [](std::string_view text) {
        Sha256 digest;
        digest.feed(text);
        return digest.finish();
    };
}

std::string flow_folder(std::string_view id) {
    const bool is_plain =
        id.size() <= 64 && !id.starts_with('.') && std::all_of(id.begin(), id.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '-' || c == '_' || c == '.';
        });
    return "flows/" + (is_plain ? std::string(id) : flow_hash()(id).substr(0, 32));
}

Result<FlowStore> FlowStore::open(const RootedFiles& files, const std::string& folder, bool make) {
    SLUICE_TRY(WorkFolder work, files.open_work_folder(folder, make));
    return FlowStore(folder, std::move(work));
}

std::string FlowStore::path_of(std::string_view name) const {
    return folder_ + "/" + std::string(name);
}

Result<std::optional<std::string>> FlowStore::read_if_there(std::string_view name,
                                                            Bytes bytes_max) const {
    auto text = files_.read(name, bytes_max);
    if (text) return std::optional(*std::move(text));
    if (text.error().code == Code::not_found) return std::optional<std::string>{};
    return text.error();
}

Status FlowStore::write_first(const std::string& name, std::string_view text) const {
    auto written = files_.write(name, text, false);
    if (!written && written.error().code == Code::exists) return {};
    return written;
}

// ---------------------------------------------------------------------------- plan and list

Result<std::optional<FlowPlan>> FlowStore::plan() const {
    SLUICE_TRY(const auto text, read_if_there("flow.json", plan_bytes_max));
    if (!text) return std::optional<FlowPlan>{};
    SLUICE_TRY(FlowPlan plan, parse_plan(*text));
    return std::optional(std::move(plan));
}

Result<FlowPlan> FlowStore::decide(const FlowPlan& plan) const {
    SLUICE_TRY_STATUS(write_first("flow.json", format_plan(plan)));
    SLUICE_TRY(auto decided, this->plan());
    if (!decided) return fail(Code::conflict, "the flow's folder was cleared meanwhile");
    return *std::move(decided);
}

Result<std::vector<std::string>> FlowStore::page_paths(const FlowPlan& plan,
                                                       std::uint64_t page) const {
    SLUICE_TRY(const InputFile list, files_.open_input(plan.list + ".jsonl", list_bytes_max));
    SLUICE_TRY(const InputFile offsets, files_.open_input(offsets_name(plan.list), list_bytes_max));
    constexpr std::uint64_t row = offset_digits + 1;
    SLUICE_TRY(const std::string two, read_range(offsets, page * row, 2 * row));
    if (two.size() < row) return corrupt();
    const auto begin = parse_int(two.substr(0, offset_digits));
    const auto end = two.size() < 2 * row
                         ? Result<std::int64_t>(static_cast<std::int64_t>(list.size()))
                         : parse_int(two.substr(row, offset_digits));
    if (!begin || !end || *begin < 0 || *end < *begin ||
        static_cast<std::uint64_t>(*end) > list.size()) {
        return corrupt();
    }
    SLUICE_TRY(const std::string text, read_range(list, static_cast<std::uint64_t>(*begin),
                                                  static_cast<std::uint64_t>(*end - *begin)));
    std::vector<std::string> paths;
    JsonParser parser;
    for (const std::string_view line : split(text, '\n')) {
        if (line.empty()) continue;
        const auto value = parser.parse(line);
        if (!value || !value->is_string()) return corrupt();
        paths.emplace_back(*value->as_string());
    }
    const std::uint64_t expected =
        std::min<std::uint64_t>(plan.shape.page_files, plan.files - page * plan.shape.page_files);
    if (paths.size() != expected) return corrupt();
    return paths;
}

// ---------------------------------------------------------------------------- pages and lanes

Result<std::optional<FlowPage>> FlowStore::read_page(const std::string& name) const {
    SLUICE_TRY(const auto text, read_if_there(name, page_bytes_max));
    if (!text) return std::optional<FlowPage>{};
    SLUICE_TRY(FlowPage page, FlowPage::parse(*text));
    return std::optional(std::move(page));
}

Result<std::optional<FlowPage>> FlowStore::page(std::uint64_t page, std::uint64_t check) const {
    return read_page(page_name(page, std::to_string(check)));
}

Result<std::optional<FlowPage>> FlowStore::done_page(std::uint64_t page) const {
    return read_page(page_name(page, "done"));
}

Status FlowStore::keep_page(std::uint64_t page, std::uint64_t check, const FlowPage& state) const {
    return write_first(page_name(page, std::to_string(check)), state.format());
}

Status FlowStore::keep_done_page(std::uint64_t page, const FlowPage& state) const {
    return write_first(page_name(page, "done"), state.format());
}

Status FlowStore::forget_page(std::uint64_t page, std::uint64_t check) const {
    return files_.remove_file(page_name(page, std::to_string(check)));
}

Status FlowStore::end_lane(std::uint64_t lane) const {
    return write_first("lanes/" + std::to_string(lane) + ".end", "");
}

Result<bool> FlowStore::has_ended(const FlowPlan& plan) const {
    for (std::uint64_t lane = 0; lane < plan.lanes(); ++lane) {
        SLUICE_TRY(const bool ended, files_.has("lanes/" + std::to_string(lane) + ".end"));
        if (!ended) return false;
    }
    return true;
}

Status FlowStore::stop() const { return write_first("stop", ""); }

Result<std::optional<std::string>> FlowStore::summary() const {
    return read_if_there("summary.json", mib(1));
}

Status FlowStore::clear(const FlowPlan& plan) const {
    SLUICE_TRY_STATUS(files_.remove_all("pages"));
    SLUICE_TRY_STATUS(files_.remove_all("lanes"));
    SLUICE_TRY_STATUS(files_.remove_file(offsets_name(plan.list)));
    return files_.remove_file(plan.list + ".jsonl");
}

// ---------------------------------------------------------------------------- writing the list

Result<FlowListWriter> FlowListWriter::begin(const FlowStore& store, const std::string& tag,
                                             FlowShape shape) {
    const std::string name = "files-" + tag;
    SLUICE_TRY(OutputFile list, store.files().open_output(name + ".jsonl", list_bytes_max));
    SLUICE_TRY(OutputFile offsets, store.files().open_output(offsets_name(name), list_bytes_max));
    return FlowListWriter(std::move(list), std::move(offsets), name, shape);
}

Status FlowListWriter::add(std::string_view path) {
    if (files_ >= flow_files_max) {
        return fail(Code::exhausted,
                    "a flow has at most " + std::to_string(flow_files_max) + " files; divide it");
    }
    if (files_ % shape_.page_files == 0) {
        std::string row = std::to_string(bytes_ + waiting_.size());
        row.insert(0, offset_digits - row.size(), '0');
        SLUICE_TRY_STATUS(offsets_.write(row + "\n"));
    }
    ++files_;
    put_json_string(waiting_, path);
    waiting_ += '\n';
    return waiting_.size() < piece_bytes ? Status() : flush();
}

Status FlowListWriter::flush() {
    bytes_ += waiting_.size();
    SLUICE_TRY_STATUS(list_.write(waiting_));
    waiting_.clear();
    return {};
}

Result<std::string> FlowListWriter::finish() {
    SLUICE_TRY_STATUS(flush());
    SLUICE_TRY_STATUS(list_.commit());
    SLUICE_TRY_STATUS(offsets_.commit());
    return name_;
}

}  // namespace sluice::work
