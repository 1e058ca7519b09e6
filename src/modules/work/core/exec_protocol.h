// SPDX-License-Identifier: Apache-2.0
// What a worker and a program that is a handler say to each other: the job on standard input,
// progress lines, the result on standard output, the exit code. Pure; running it is
// shell/process.h.
#pragma once

#include "kernel/base/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

/// The job as the program reads it.
struct ExecEnvelope {
    std::string_view jid;
    std::string_view queue;
    std::string_view type;
    int attempt = 1;
    std::string_view args;    ///< JSON
    std::string_view custom;  ///< JSON, or empty
};
/// One line of JSON with its end: {"jid":…,"queue":…,"type":…,"attempt":1,"args":[…],"custom":{…}}.
std::string exec_envelope(const ExecEnvelope& job);

/// Standard output as the job's result: JSON as it is, other text as a JSON string, nothing as
/// nothing. Bytes that are not UTF-8 are replaced.
std::string exec_result(std::string_view output);

struct ExecProgress {
    int percent = 0;
    std::string_view note;
};
/// "SLUICE_PROGRESS 40 a note", or, where `bare` lines are meant, "40 a note" as well; 0 to 100.
std::optional<ExecProgress> parse_exec_progress(std::string_view line, bool bare);

/// The most of one line that is looked at; the rest of a longer one is left out.
inline constexpr std::size_t exec_line_bytes_max = 4096;

/// Cuts a stream that comes in pieces into lines.
class LineCutter {
public:
    /// Calls `take` for each line that ends in this piece, without its end.
    void feed(std::string_view piece, const std::function<void(std::string_view)>& take);
    /// What came after the last line's end.
    void finish(const std::function<void(std::string_view)>& take);

private:
    std::string line_;
};

/// The last so many bytes of what is added, from the start of a line on where that is possible.
class TailText {
public:
    explicit TailText(std::size_t bytes_max) : bytes_max_(bytes_max) {}
    void add_line(std::string_view line);
    [[nodiscard]] std::string_view text() const;

private:
    std::size_t bytes_max_;
    std::string text_;
};

/// What an exit code means for the job.
enum class ExitVerdict : std::uint8_t { success, retry, never_retry, give_back };

/// Codes and ranges of codes ("0", "64-78") with their meaning; all others mean retry.
class ExitMap {
public:
    struct Texts {
        std::vector<std::string> success{"0"};
        std::vector<std::string> never_retry{"64", "65"};
        std::vector<std::string> give_back{};
    };
    /// Errors: invalid (not a code or range of 0 to 255; a code with two meanings).
    static Result<ExitMap> parse(const Texts& texts);
    [[nodiscard]] ExitVerdict judge(int exit_code) const;

private:
    struct Range {
        int first;
        int last;
        ExitVerdict verdict;
    };
    Status add(const std::vector<std::string>& texts, ExitVerdict verdict);
    std::vector<Range> ranges_;
};

}  // namespace sluice::work
