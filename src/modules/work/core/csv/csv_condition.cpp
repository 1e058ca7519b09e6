// SPDX-License-Identifier: Apache-2.0
// Conditions of csv.filter as people write them.
#include "kernel/base/text.h"
#include "modules/work/core/csv/csv_filter.h"
#include "modules/work/core/csv/csv_value.h"

#include <algorithm>
#include <array>

namespace sluice::work {

namespace {

struct Operator {
    std::string_view word;
    Comparison comparison;
};
// A word must stand between blanks; of signs with one beginning the longer comes first.
constexpr std::array<Operator, 6> words = {{{"is not null", Comparison::is_not_null},
                                            {"is null", Comparison::is_null},
                                            {"contains", Comparison::contains},
                                            {"matches", Comparison::matches},
                                            {"in", Comparison::in},
                                            {"~", Comparison::matches}}};
constexpr std::array<Operator, 8> signs = {{{"==", Comparison::equal},
                                            {"!=", Comparison::not_equal},
                                            {"<>", Comparison::not_equal},
                                            {"<=", Comparison::at_most},
                                            {">=", Comparison::at_least},
                                            {"=", Comparison::equal},
                                            {"<", Comparison::less},
                                            {">", Comparison::greater}}};

Error refuse(std::string_view text, std::string_view why) {
    return fail(Code::invalid, "\"" + cut_text(text, 100) + "\": " + std::string(why));
}

/// A text in quotes at the beginning of `rest`, moved past; a doubled quote stands for one.
Result<std::string> take_quoted(std::string_view& rest, std::string_view whole) {
    const char quote = rest.front();
    std::string out;
    for (std::size_t at = 1; at < rest.size(); ++at) {
        if (rest[at] != quote) {
            out += rest[at];
        } else if (at + 1 < rest.size() && rest[at + 1] == quote) {
            out += rest[at++];
        } else {
            rest.remove_prefix(at + 1);
            return out;
        }
    }
    return refuse(whole, "a quote is not closed");
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// The operator that `rest` begins with, if any.
const Operator* operator_at(std::string_view rest, bool after_blank) {
    for (const Operator& one : words) {
        if (!after_blank || !rest.starts_with(one.word)) continue;
        const bool ends = rest.size() == one.word.size() || is_blank(rest[one.word.size()]);
        if (ends) return &one;
    }
    for (const Operator& one : signs) {
        if (rest.starts_with(one.word)) return &one;
    }
    return nullptr;
}

bool is_quote(char c) { return c == '"' || c == '\''; }

/// The rest of the text as one value.
Result<std::string> one_value(std::string_view rest, std::string_view whole) {
    if (rest.empty() || !is_quote(rest.front())) return std::string(rest);
    SLUICE_TRY(std::string out, take_quoted(rest, whole));
    if (!trim(rest).empty()) return refuse(whole, "something follows the closing quote");
    return out;
}

Result<std::vector<std::string>> values_of_in(std::string_view rest, std::string_view whole) {
    std::vector<std::string> out;
    for (;;) {
        rest = trim(rest);
        if (!rest.empty() && is_quote(rest.front())) {
            SLUICE_TRY(std::string text, take_quoted(rest, whole));
            out.push_back(std::move(text));
            rest = trim(rest);
            if (!rest.empty() && rest.front() != ',') {
                return refuse(whole, "something follows the closing quote");
            }
        } else {
            const std::size_t comma = std::min(rest.find(','), rest.size());
            out.emplace_back(trim(rest.substr(0, comma)));
            rest.remove_prefix(comma);
        }
        if (rest.empty()) return out;
        rest.remove_prefix(1);
    }
}

}  // namespace

Result<FilterCondition> parse_condition(std::string_view text) {
    FilterCondition out;
    std::string_view rest = trim(text);
    const Operator* found = nullptr;
    if (!rest.empty() && rest.front() == '"') {
        SLUICE_TRY(out.column, take_quoted(rest, text));
        const bool blank = !rest.empty() && is_blank(rest.front());
        rest = trim(rest);
        found = operator_at(rest, blank);
    } else {
        std::size_t at = 0;
        while (at < rest.size()) {
            found = operator_at(rest.substr(at), at > 0 && is_blank(rest[at - 1]));
            if (found != nullptr) break;
            ++at;
        }
        out.column = trim(rest.substr(0, at));
        rest.remove_prefix(at);
    }
    if (found == nullptr) return refuse(text, "there is no operator in it");
    if (out.column.empty()) return refuse(text, "there is no column before the operator");
    rest = trim(rest.substr(found->word.size()));
    out.comparison = found->comparison;
    if (found->comparison == Comparison::is_null || found->comparison == Comparison::is_not_null) {
        if (!rest.empty()) return refuse(text, "nothing may follow \"null\"");
        return out;
    }
    if (rest.empty()) return refuse(text, "there is no value after the operator");
    if (found->comparison == Comparison::in) {
        SLUICE_TRY(out.values, values_of_in(rest, text));
    } else {
        SLUICE_TRY(std::string value, one_value(rest, text));
        out.values.push_back(std::move(value));
    }
    return out;
}

}  // namespace sluice::work
