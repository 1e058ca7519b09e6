// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/html/html_values.h"

#include "modules/crawl/core/html/html_chars.h"

namespace sluice::crawl {
namespace {

constexpr std::uint64_t refresh_seconds_max = 1'000'000'000;

void skip_spaces(std::string_view& text) {
    while (!text.empty() && is_html_space(text.front())) text.remove_prefix(1);
}

// Removes the part of a candidate behind its URL, to behind the comma that ends it.
void skip_descriptors(std::string_view& rest) {
    bool in_parentheses = false;
    while (!rest.empty()) {
        const char c = rest.front();
        rest.remove_prefix(1);
        if (c == '(') in_parentheses = true;
        if (c == ')') in_parentheses = false;
        if (c == ',' && !in_parentheses) return;
    }
}

}  // namespace

std::string_view next_srcset_url(std::string_view& rest) {
    while (!rest.empty() && (is_html_space(rest.front()) || rest.front() == ','))
        rest.remove_prefix(1);
    std::size_t size = 0;
    while (size < rest.size() && !is_html_space(rest[size])) ++size;
    std::string_view url = rest.substr(0, size);
    rest.remove_prefix(size);
    if (!url.ends_with(',')) {
        skip_descriptors(rest);
        return url;
    }
    while (url.ends_with(',')) url.remove_suffix(1);
    return url;
}

std::string_view next_word(std::string_view& rest) {
    skip_spaces(rest);
    std::size_t size = 0;
    while (size < rest.size() && !is_html_space(rest[size])) ++size;
    const std::string_view word = rest.substr(0, size);
    rest.remove_prefix(size);
    return word;
}

bool has_word(std::string_view list, std::string_view word) {
    for (std::string_view each = next_word(list); !each.empty(); each = next_word(list))
        if (equals_ignoring_case(each, word)) return true;
    return false;
}

std::optional<Refresh> parse_refresh(std::string_view content) {
    Refresh out;
    skip_spaces(content);
    if (content.empty() || (!is_ascii_digit(content[0]) && content[0] != '.')) return std::nullopt;
    while (!content.empty() && is_ascii_digit(content.front())) {
        if (out.seconds < refresh_seconds_max)
            out.seconds = out.seconds * 10 + static_cast<std::uint64_t>(content.front() - '0');
        content.remove_prefix(1);
    }
    while (!content.empty() && (is_ascii_digit(content.front()) || content.front() == '.'))
        content.remove_prefix(1);
    if (content.empty()) return out;
    if (content[0] != ';' && content[0] != ',' && !is_html_space(content[0])) return std::nullopt;
    skip_spaces(content);
    if (!content.empty() && (content[0] == ';' || content[0] == ',')) content.remove_prefix(1);
    skip_spaces(content);
    out.url = content;
    if (equals_ignoring_case(content.substr(0, 3), "url")) {
        content.remove_prefix(3);
        skip_spaces(content);
        if (content.empty() || content[0] != '=') return out;
        content.remove_prefix(1);
        skip_spaces(content);
        out.url = content;
    }
    if (!out.url.empty() && (out.url[0] == '"' || out.url[0] == '\'')) {
        const char quote = out.url[0];
        out.url.remove_prefix(1);
        out.url = out.url.substr(0, out.url.find(quote));
    }
    return out;
}

std::string_view charset_of_content(std::string_view content) {
    constexpr std::string_view word = "charset";
    for (std::size_t at = 0; at + word.size() <= content.size(); ++at) {
        if (!equals_ignoring_case(content.substr(at, word.size()), word)) continue;
        std::string_view rest = content.substr(at + word.size());
        skip_spaces(rest);
        if (rest.empty() || rest[0] != '=') continue;
        rest.remove_prefix(1);
        skip_spaces(rest);
        if (rest.empty()) return {};
        if (rest[0] == '"' || rest[0] == '\'') {
            const std::size_t end = rest.find(rest[0], 1);
            return end == std::string_view::npos ? std::string_view() : rest.substr(1, end - 1);
        }
        std::size_t size = 0;
        while (size < rest.size() && !is_html_space(rest[size]) && rest[size] != ';') ++size;
        return rest.substr(0, size);
    }
    return {};
}

}  // namespace sluice::crawl
