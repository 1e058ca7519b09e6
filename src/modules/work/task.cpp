// SPDX-License-Identifier: Apache-2.0
#include "modules/work/task.h"

#include "kernel/wire/json_text.h"

#include <algorithm>
#include <vector>

namespace sluice::work {

namespace {}

void Task::progress(int percent, std::string_view note) {
    if (percent == percent_) return;
    percent_ = percent;
    context_.progress(percent, given_.empty() ? note : given_.text(std::string(note)));
}

Result<std::string> Task::secret(std::string_view name) {
    SLUICE_TRY(std::string value, services.secrets.read(name));
    given_.add(value);
    return value;
}

Status Task::read(InputFile& file, const std::function<Status(std::string_view)>& take) {
    std::vector<char> piece(piece_bytes);
    std::uint64_t done = 0;
    for (;;) {
        SLUICE_TRY_STATUS(cancel().check());
        SLUICE_TRY(const std::size_t count, file.read(piece));
        if (count == 0) return {};
        done += count;
        // A file may grow while it is read; what was promised by its size is the limit.
        if (done > file.size()) {
            return fail(Code::conflict, "the file grew while it was read");
        }
        SLUICE_TRY_STATUS(take(std::string_view(piece.data(), count)));
        progress(static_cast<int>(100 * done / file.size()),
                 std::to_string(done) + " of " + std::to_string(file.size()) + " bytes");
    }
}

sdk::Argument timeout_argument(Duration usual, Duration most, std::string help) {
    std::string fallback;
    JsonWriter(fallback).number(to_seconds(std::min(usual, most)));
    return {.name = "timeout",
            .kind = ArgumentKind::seconds,
            .range = {.max = to_seconds(most)},
            .fallback = std::move(fallback),
            .help = std::move(help)};
}

sdk::Failure to_failure(const Error& error) {
    struct Row {
        Code code;
        std::string_view errtype;
        bool final;
    };
    static constexpr Row rows[] = {
        {Code::invalid, "InvalidInput", true}, {Code::not_found, "NotFound", false},
        {Code::exists, "Conflict", false},     {Code::conflict, "Conflict", false},
        {Code::busy, "Busy", false},           {Code::timeout, "Timeout", false},
        {Code::cancelled, "Cancelled", false}, {Code::exhausted, "LimitExceeded", true},
        {Code::denied, "Denied", true},        {Code::corrupt, "CorruptInput", true},
        {Code::io, "InputOutputError", false}, {Code::internal, "InternalError", false},
    };
    const auto* row = std::find_if(std::begin(rows), std::end(rows),
                                   [&error](const Row& r) { return r.code == error.code; });
    SLUICE_CHECK(row != std::end(rows));
    return {std::string(row->errtype), error.message, row->final, {}};
}

}  // namespace sluice::work
