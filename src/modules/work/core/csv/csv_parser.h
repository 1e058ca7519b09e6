// SPDX-License-Identifier: Apache-2.0
// A streaming reader of comma-separated values. Implements RFC 4180, and is more lenient in three
// places, because real files are: records may end with LF or CR alone, records may differ in length
// (the caller is told the fields, not a table), and a quote inside an unquoted field is an ordinary
// character. Text after a closing quote is an error. Pure.
//
// Records that lie whole in one piece are read where they lie; only what crosses pieces, or is
// unusual (a lone CR, an error), goes through the byte-by-byte machine, which is the definition.
#pragma once

#include "kernel/base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

struct CsvLimits {
    /// Bytes of one record, line ends inside quotes included.
    std::size_t record_bytes_max = 1024 * 1024;
    std::size_t fields_max = 10'000;
};

/// One field of a record. An empty field in quotes is an empty text; without quotes it is no value.
struct CsvField {
    std::string_view text;
    bool quoted = false;
};

/// Feeds records to the caller as they become complete. Memory: one record.
class CsvParser {
public:
    explicit CsvParser(char delimiter = ',', CsvLimits limits = {})
        : delimiter_(delimiter), limits_(limits) {}

    /// Calls `take(std::span<const CsvField>)` for every record that `bytes` completes; the views
    /// are valid during the call. Blank lines are no records. After an error every further call
    /// gives it again. Errors: invalid (quotes, NUL), exhausted (limits); both name the line.
    template <class Take>
    Status feed(std::string_view bytes, Take&& take) {
        std::size_t at = 0;
        while (at < bytes.size()) {
            if (is_between_records()) {
                at = read_whole(bytes, at, take);
                if (at == bytes.size()) break;
            }
            // At least one byte, up to the end of a record.
            do {
                switch (step(bytes[at++])) {
                    case Step::more: break;
                    case Step::record: give(take); break;
                    case Step::failed: return error_;
                }
            } while (at < bytes.size() && !is_between_records());
        }
        return {};
    }

    /// The text has ended: gives the last record if it had no line end.
    template <class Take>
    Status finish(Take&& take) {
        switch (end()) {
            case Step::more: break;
            case Step::record: give(take); break;
            case Step::failed: return error_;
        }
        return {};
    }

    [[nodiscard]] std::uint64_t records() const { return records_; }
    /// The line being read, counted from 1 by line ends of any kind.
    [[nodiscard]] std::uint64_t line() const { return line_; }
    /// The line in which the record that was given last, or is being read, begins.
    [[nodiscard]] std::uint64_t record_line() const { return record_line_; }

private:
    enum class State { field_start, unquoted, quoted, after_quote, failed };
    enum class Step { more, record, failed };
    struct Part {
        std::size_t end;
        bool quoted;
    };
    /// A record read where it lies.
    struct Whole {
        std::size_t next = 0;     ///< After its line end.
        std::uint64_t lines = 0;  ///< Line ends in it.
        bool blank = false;
    };

    Step step(char c);
    Step end();
    Step refuse(Code code, std::string_view why);
    Step keep(char c);
    Step end_field();
    Step end_record();

    [[nodiscard]] bool is_between_records() const {
        return state_ == State::field_start && !after_cr_ && record_bytes_ == 0;
    }
    class Reader;
    /// Gives records while they lie whole in `bytes` and nothing is unusual; answers where the
    /// first one begins that does not.
    template <class Take>
    std::size_t read_whole(std::string_view bytes, std::size_t at, Take& take);
    void unescape();

    template <class Take>
    void give(Take& take) {
        fields_.clear();
        std::size_t begin = 0;
        for (const Part& part : parts_) {
            fields_.push_back(
                {std::string_view(text_).substr(begin, part.end - begin), part.quoted});
            begin = part.end;
        }
        take(std::span<const CsvField>(fields_));
        text_.clear();
        parts_.clear();
    }

    char delimiter_;
    CsvLimits limits_;
    State state_ = State::field_start;
    bool after_cr_ = false;
    bool field_quoted_ = false;
    std::uint64_t line_ = 1;
    std::uint64_t quote_line_ = 0;
    std::uint64_t record_line_ = 1;
    std::uint64_t records_ = 0;
    std::size_t record_bytes_ = 0;
    std::string text_;
    std::vector<Part> parts_;
    std::vector<CsvField> fields_;
    std::vector<std::size_t> doubled_;  ///< Fields with doubled quotes in them.
    Error error_;
};

}  // namespace sluice::work

#include "modules/work/core/csv/csv_whole_records.h"
