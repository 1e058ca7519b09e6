// SPDX-License-Identifier: Apache-2.0
#include "kernel/base/text.h"

#include <algorithm>
#include <charconv>

namespace sluice {

namespace {
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
}  // namespace

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::vector<std::string_view> split_words(std::string_view text) {
    std::vector<std::string_view> words;
    std::size_t at = 0;
    while (at < text.size()) {
        if (is_blank(text[at])) {
            ++at;
            continue;
        }
        std::size_t end = at;
        while (end < text.size() && !is_blank(text[end])) ++end;
        words.push_back(text.substr(at, end - at));
        at = end;
    }
    return words;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string join(std::span<const std::string> words, std::string_view between) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) out += between;
        out += words[i];
    }
    return out;
}

Result<std::int64_t> parse_int(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
        return fail(Code::invalid,
                    "not a whole number: \"" + std::string(truncate_utf8(text, 40)) + "\"");
    }
    return value;
}

Result<std::uint64_t> parse_size(std::string_view text) {
    struct Unit {
        std::string_view name;
        std::uint64_t size;
    };
    std::uint64_t factor = 1;
    std::string_view digits = trim(text);
    for (const auto& unit : {Unit{"KiB", 1ULL << 10}, Unit{"MiB", 1ULL << 20},
                             Unit{"GiB", 1ULL << 30}, Unit{"TiB", 1ULL << 40}}) {
        if (!digits.ends_with(unit.name)) continue;
        factor = unit.size;
        digits = trim(digits.substr(0, digits.size() - unit.name.size()));
        break;
    }
    const auto amount = parse_int(digits);
    std::uint64_t total = 0;
    if (!amount || *amount < 0 ||
        __builtin_mul_overflow(static_cast<std::uint64_t>(*amount), factor, &total)) {
        return fail(Code::invalid, "not a size such as 4096, 64KiB, 16MiB or 1GiB");
    }
    return total;
}

std::string_view truncate_utf8(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end);
}

std::string to_hex(std::string_view bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> candidates) {
    std::optional<std::string_view> best;
    std::size_t best_distance = word.size() / 3 + 2;  // one slip in three letters is still "meant"
    std::vector<std::size_t> row;
    for (const std::string_view candidate : candidates) {
        row.resize(candidate.size() + 1);
        for (std::size_t j = 0; j <= candidate.size(); ++j) row[j] = j;
        for (std::size_t i = 1; i <= word.size(); ++i) {
            std::size_t diagonal = row[0];
            row[0] = i;
            for (std::size_t j = 1; j <= candidate.size(); ++j) {
                const std::size_t above = row[j];
                const std::size_t change = diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1);
                row[j] = std::min({above + 1, row[j - 1] + 1, change});
                diagonal = above;
            }
        }
        if (row.back() < best_distance) {
            best_distance = row.back();
            best = candidate;
        }
    }
    return best;
}

namespace {

struct ClassMatch {
    bool matched;
    std::size_t next;  ///< Position in the pattern after the class.
};

/// Matches one character against the class that opens at `at` (the '[').
ClassMatch match_class(std::string_view pattern, std::size_t at, char c) {
    std::size_t i = at + 1;
    const bool negated = i < pattern.size() && pattern[i] == '^';
    if (negated) ++i;
    bool matched = false;
    while (i < pattern.size() && pattern[i] != ']') {
        if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
        char low = pattern[i];
        char high = low;
        if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
            high = pattern[i + 2];
            i += 2;
        }
        if (low > high) std::swap(low, high);
        matched = matched || (c >= low && c <= high);
        ++i;
    }
    return {matched != negated, std::min(i + 1, pattern.size())};
}

}  // namespace

bool glob_match(std::string_view pattern, std::string_view text, std::size_t steps_max) {
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = std::string_view::npos;  // pattern position after the last '*'
    std::size_t star_text = 0;                  // where that star's match ends for now
    for (std::size_t steps = 0; steps < steps_max; ++steps) {
        if (t == text.size()) {
            while (p < pattern.size() && pattern[p] == '*') ++p;
            return p == pattern.size();
        }
        bool advanced = false;
        if (p < pattern.size()) {
            if (pattern[p] == '*') {
                star = ++p;
                star_text = t;
                continue;
            }
            if (pattern[p] == '[') {
                const auto [matched, next] = match_class(pattern, p, text[t]);
                if (matched) p = next;
                advanced = matched;
            } else {
                const bool escaped = pattern[p] == '\\' && p + 1 < pattern.size();
                const char wanted = escaped ? pattern[p + 1] : pattern[p];
                advanced = wanted == text[t] || (!escaped && pattern[p] == '?');
                if (advanced) p += escaped ? 2 : 1;
            }
        }
        if (advanced) {
            ++t;
        } else if (star != std::string_view::npos) {
            p = star;
            t = ++star_text;
        } else {
            return false;
        }
    }
    return false;
}

}  // namespace sluice
