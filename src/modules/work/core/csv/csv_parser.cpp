// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/csv/csv_parser.h"

namespace sluice::work {

CsvParser::Step CsvParser::refuse(Code code, std::string_view why) {
    state_ = State::failed;
    error_ = fail(code, "line " + std::to_string(line_) + ": " + std::string(why));
    return Step::failed;
}

CsvParser::Step CsvParser::keep(char c) {
    text_ += c;
    return Step::more;
}

CsvParser::Step CsvParser::end_field() {
    if (parts_.size() == limits_.fields_max) {
        return refuse(Code::exhausted,
                      "more than " + std::to_string(limits_.fields_max) + " fields");
    }
    parts_.push_back({text_.size(), field_quoted_});
    field_quoted_ = false;
    state_ = State::field_start;
    return Step::more;
}

CsvParser::Step CsvParser::end_record() {
    record_bytes_ = 0;
    // A line with nothing on it is no record.
    if (parts_.empty() && text_.empty() && !field_quoted_) return Step::more;
    if (end_field() == Step::failed) return Step::failed;
    ++records_;
    return Step::record;
}

CsvParser::Step CsvParser::step(char c) {
    if (state_ == State::failed) return Step::failed;
    const bool line_feed_of_pair = after_cr_ && c == '\n';
    after_cr_ = c == '\r';
    const bool line_end = c == '\n' || c == '\r';
    if (line_end && !line_feed_of_pair) ++line_;
    if (c == '\0') return refuse(Code::invalid, "a NUL byte: this is not a text file");
    if (++record_bytes_ > limits_.record_bytes_max) {
        return refuse(Code::exhausted, "the record is longer than " +
                                           std::to_string(limits_.record_bytes_max) + " bytes");
    }
    if (record_bytes_ == 1 && !line_end) record_line_ = line_;
    if (state_ == State::quoted) {
        if (c != '"') return keep(c);
        state_ = State::after_quote;
        return Step::more;
    }
    if (line_end) {
        if (!line_feed_of_pair) return end_record();
        record_bytes_ = 0;  // the record ended with the CR
        return Step::more;
    }
    if (c == delimiter_) return end_field();
    if (c == '"' && state_ == State::after_quote) {  // a doubled quote stands for one
        state_ = State::quoted;
        return keep(c);
    }
    if (c == '"' && state_ == State::field_start) {
        state_ = State::quoted;
        field_quoted_ = true;
        quote_line_ = line_;
        return Step::more;
    }
    if (state_ == State::after_quote) {
        return refuse(Code::invalid, "text after a closing quote");
    }
    state_ = State::unquoted;
    return keep(c);
}

/// Puts one quote for two into the fields that have doubled ones, in the parser's own memory.
void CsvParser::unescape() {
    std::size_t bytes = 0;
    for (const std::size_t field : doubled_) bytes += fields_[field].text.size();
    text_.clear();
    text_.reserve(bytes);  // so that views into it stay
    for (const std::size_t field : doubled_) {
        const std::size_t begin = text_.size();
        const std::string_view raw = fields_[field].text;
        for (std::size_t at = 0; at < raw.size();) {
            const std::size_t quote = raw.find('"', at);
            if (quote == std::string_view::npos) {
                text_.append(raw.substr(at));
                break;
            }
            text_.append(raw.substr(at, quote + 1 - at));
            at = quote + 2;
        }
        fields_[field].text = std::string_view(text_).substr(begin);
    }
}

CsvParser::Step CsvParser::end() {
    if (state_ == State::failed) return Step::failed;
    if (state_ == State::quoted) {
        return refuse(Code::invalid, "the file ends inside the quotes opened at line " +
                                         std::to_string(quote_line_));
    }
    return end_record();
}

}  // namespace sluice::work
