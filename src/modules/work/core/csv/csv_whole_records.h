// SPDX-License-Identifier: Apache-2.0
// The fast half of CsvParser: records that lie whole in the bytes at hand, read through the places
// of their special bytes. Included by csv_parser.h only. It gives nothing that the byte-by-byte
// machine would not give; whatever it is not sure of it leaves to that (the fuzzer compares both).
#pragma once

#include "modules/work/core/csv/csv_scan.h"

#include <algorithm>
#include <optional>

namespace sluice::work {

/// Reads one record after the other from one scan.
class CsvParser::Reader {
public:
    Reader(CsvParser& parser, std::string_view bytes, std::size_t at)
        : parser_(parser),
          delimiter_(parser.delimiter_),
          bytes_(bytes),
          scan_(bytes, at, delimiter_) {}

    [[nodiscard]] std::span<const CsvField> fields() const { return {fields_, count_}; }

    /// The record that begins at `begin`, into the parser's fields; none if it is not whole, or
    /// not plain.
    [[gnu::always_inline]] std::optional<Whole> record(std::size_t begin) {
        count_ = 0;
        parser_.doubled_.clear();
        Whole out;
        std::size_t field = begin;
        for (;;) {
            const std::size_t at = scan_.next();
            if (at == bytes_.size()) return std::nullopt;
            const char c = bytes_[at];
            if (c == delimiter_) {
                if (!add(field, at)) return std::nullopt;
                field = at + 1;
            } else if (c == '\n') {
                return finish(out, begin, field, at, 1);
            } else if (c == '\r') {
                if (at + 1 >= bytes_.size() || bytes_[at + 1] != '\n') return std::nullopt;
                scan_.next();
                return finish(out, begin, field, at, 2);
            } else if (c == '"' && at == field) {
                const auto after = quoted(at, out);
                if (!after) return std::nullopt;
                // What follows the closing quote: a delimiter, LF or CR LF.
                const std::size_t stop = scan_.next();
                if (stop != *after || stop == bytes_.size()) return std::nullopt;
                if (bytes_[stop] == delimiter_) {
                    field = stop + 1;
                    continue;
                }
                const bool pair = bytes_[stop] == '\r';
                if (pair) {
                    if (stop + 1 >= bytes_.size() || bytes_[stop + 1] != '\n') return std::nullopt;
                    scan_.next();
                } else if (bytes_[stop] != '\n') {
                    return std::nullopt;
                }
                return close(out, begin, stop, pair ? 2 : 1);
            } else if (c == '\0') {
                return std::nullopt;
            }
            // Otherwise a quote inside an unquoted field: an ordinary character.
        }
    }

private:
    [[gnu::always_inline]] bool add(std::size_t from, std::size_t to, bool in_quotes = false) {
        if (count_ == room_ && !grow()) return false;
        fields_[count_++] = {std::string_view(bytes_.data() + from, to - from), in_quotes};
        return true;
    }

    bool grow() {
        if (count_ >= parser_.limits_.fields_max) return false;
        room_ = std::min(parser_.limits_.fields_max, std::max<std::size_t>(16, room_ * 2));
        parser_.fields_.resize(room_);
        fields_ = parser_.fields_.data();
        return true;
    }

    /// From an opening quote: adds the field, answers the place after the closing quote.
    [[gnu::always_inline]] std::optional<std::size_t> quoted(std::size_t open, Whole& out) {
        bool doubled = false;
        for (;;) {
            const std::size_t at = scan_.next();
            if (at == bytes_.size() || bytes_[at] == '\0') return std::nullopt;
            const char c = bytes_[at];
            if (c == '\r' || (c == '\n' && bytes_[at - 1] != '\r')) ++out.lines;
            if (c != '"') continue;
            if (at + 1 < bytes_.size() && bytes_[at + 1] == '"') {
                scan_.next();
                doubled = true;
                continue;
            }
            if (doubled) parser_.doubled_.push_back(count_);
            if (!add(open + 1, at, true)) return std::nullopt;
            return at + 1;
        }
    }

    [[gnu::always_inline]] std::optional<Whole> finish(Whole out, std::size_t begin,
                                                       std::size_t field, std::size_t at,
                                                       std::size_t line_end) {
        out.blank = at == begin;
        if (!out.blank && !add(field, at)) return std::nullopt;
        return close(out, begin, at, line_end);
    }

    [[gnu::always_inline]] std::optional<Whole> close(Whole out, std::size_t begin, std::size_t at,
                                                      std::size_t line_end) {
        // The machine counts the byte that ends the record, too.
        if (at + 1 - begin > parser_.limits_.record_bytes_max) return std::nullopt;
        ++out.lines;
        out.next = at + line_end;
        return out;
    }

    CsvParser& parser_;
    CsvField* fields_ = nullptr;
    std::size_t count_ = 0;
    std::size_t room_ = 0;
    char delimiter_;
    std::string_view bytes_;
    detail::CsvScan scan_;
};

template <class Take>
std::size_t CsvParser::read_whole(std::string_view bytes, std::size_t at, Take& take) {
    Reader reader(*this, bytes, at);
    while (at < bytes.size()) {
        const std::optional<Whole> record = reader.record(at);
        if (!record) return at;
        at = record->next;
        const std::uint64_t begins = line_;
        line_ += record->lines;
        if (record->blank) continue;
        record_line_ = begins;
        ++records_;
        if (!doubled_.empty()) unescape();
        take(reader.fields());
        text_.clear();
    }
    return at;
}

}  // namespace sluice::work
