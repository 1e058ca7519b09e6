// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/exec_protocol.h"

#include "kernel/base/text.h"
#include "kernel/wire/json_reader.h"
#include "kernel/wire/json_text.h"
#include "modules/work/core/utf8.h"

#include <algorithm>

namespace sluice::work {

namespace {

constexpr std::string_view progress_word = "SLUICE_PROGRESS";

std::string_view without_front_spaces(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text;
}

}  // namespace

std::string exec_envelope(const ExecEnvelope& job) {
    std::string line;
    JsonWriter json(line);
    json.begin_object();
    json.key("jid").string(job.jid).key("queue").string(job.queue).key("type").string(job.type);
    json.key("attempt").integer(job.attempt);
    json.key("args").raw(job.args.empty() ? "[]" : job.args);
    json.key("custom").raw(job.custom.empty() ? "{}" : job.custom);
    json.end_object();
    return line + '\n';
}

std::string exec_result(std::string_view output) {
    output = trim(output);
    if (output.empty()) return {};
    if (is_valid_json(output)) return std::string(output);
    std::string text;
    JsonWriter(text).string(to_valid_utf8(output));
    return text;
}

std::optional<ExecProgress> parse_exec_progress(std::string_view line, bool bare) {
    line = without_front_spaces(line);
    const bool is_named = line.starts_with(progress_word);
    if (!is_named && !bare) return std::nullopt;
    if (is_named) line = without_front_spaces(line.substr(progress_word.size()));
    const std::size_t end = std::min(line.find_first_of(" \t%"), line.size());
    const auto percent = parse_int(line.substr(0, end));
    if (!percent || *percent < 0 || *percent > 100) return std::nullopt;
    line.remove_prefix(end);
    if (line.starts_with('%')) line.remove_prefix(1);
    return ExecProgress{.percent = static_cast<int>(*percent), .note = trim(line)};
}

void LineCutter::feed(std::string_view piece, const std::function<void(std::string_view)>& take) {
    while (!piece.empty()) {
        const std::size_t end = piece.find('\n');
        const std::string_view part = piece.substr(0, end);
        line_.append(part.substr(0, exec_line_bytes_max - line_.size()));
        if (end == std::string_view::npos) return;
        take(line_);
        line_.clear();
        piece.remove_prefix(end + 1);
    }
}

void LineCutter::finish(const std::function<void(std::string_view)>& take) {
    if (!line_.empty()) take(line_);
    line_.clear();
}

void TailText::add_line(std::string_view line) {
    if (!text_.empty()) text_ += '\n';
    text_ += line;
    // Cut seldom, so that a flood of lines costs no more than its bytes.
    if (text_.size() > 4 * bytes_max_) text_.erase(0, text_.size() - bytes_max_);
}

std::string_view TailText::text() const {
    const std::string_view text = text_;
    if (text.size() <= bytes_max_) return text;
    const std::string_view tail = text.substr(text.size() - bytes_max_);
    const std::size_t start = tail.find('\n');
    return start == std::string_view::npos ? tail : tail.substr(start + 1);
}

Result<ExitMap> ExitMap::parse(const Texts& texts) {
    ExitMap map;
    SLUICE_TRY_STATUS(map.add(texts.success, ExitVerdict::success));
    SLUICE_TRY_STATUS(map.add(texts.never_retry, ExitVerdict::never_retry));
    SLUICE_TRY_STATUS(map.add(texts.give_back, ExitVerdict::give_back));
    return map;
}

Status ExitMap::add(const std::vector<std::string>& texts, ExitVerdict verdict) {
    for (const std::string& text : texts) {
        const std::size_t dash = text.find('-');
        const auto first = parse_int(std::string_view(text).substr(0, dash));
        const auto last =
            dash == std::string::npos ? first : parse_int(std::string_view(text).substr(dash + 1));
        if (!first || !last || *first < 0 || *last > 255 || *first > *last) {
            return fail(Code::invalid,
                        '"' + text + "\" is no exit code: write 0 to 255 or a range like 64-78");
        }
        const Range range{static_cast<int>(*first), static_cast<int>(*last), verdict};
        for (const Range& other : ranges_) {
            if (range.first > other.last || other.first > range.last || other.verdict == verdict)
                continue;
            return fail(Code::invalid, "exit code " +
                                           std::to_string(std::max(range.first, other.first)) +
                                           " is given two meanings");
        }
        ranges_.push_back(range);
    }
    return {};
}

ExitVerdict ExitMap::judge(int exit_code) const {
    for (const Range& range : ranges_) {
        if (exit_code >= range.first && exit_code <= range.last) return range.verdict;
    }
    return ExitVerdict::retry;
}

}  // namespace sluice::work
