// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/robots/robots_tag.h"

#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "modules/crawl/core/http/date.h"

#include <algorithm>
#include <array>

namespace sluice::crawl {

namespace {

struct Flag {
    std::string_view name;
    bool PageDirectives::* member;
};
constexpr std::array flags = {
    Flag{"noindex", &PageDirectives::noindex},
    Flag{"nofollow", &PageDirectives::nofollow},
    Flag{"noarchive", &PageDirectives::noarchive},
    Flag{"nosnippet", &PageDirectives::nosnippet},
    Flag{"noimageindex", &PageDirectives::noimageindex},
    Flag{"notranslate", &PageDirectives::notranslate},
    Flag{"indexifembedded", &PageDirectives::indexifembedded},
};
/// Words with a value behind a colon, which therefore are no names of crawlers.
constexpr std::array<std::string_view, 4> valued = {"unavailable_after", "max-snippet",
                                                    "max-image-preview", "max-video-preview"};

/// The stricter of two limits, where -1 is none.
void limit(std::optional<std::int32_t>& held, std::string_view text) {
    const auto number = parse_int(trim_ascii(text));
    if (!number || *number < -1 || *number > INT32_MAX) return;
    const auto value = static_cast<std::int32_t>(*number);
    const bool stricter = !held || *held == -1 || (value != -1 && value < *held);
    if (stricter) held = value;
}

void add_valued(PageDirectives& out, std::string_view word, std::string_view value) {
    if (equals_ignoring_case(word, "unavailable_after")) {
        auto date = parse_cookie_date(value);
        if (!date) date = parse_rfc3339(trim_ascii(value));
        if (!date) return;
        out.unavailable_after = std::min(out.unavailable_after.value_or(*date), *date);
    } else if (equals_ignoring_case(word, "max-snippet")) {
        limit(out.max_snippet, value);
    } else if (equals_ignoring_case(word, "max-video-preview")) {
        limit(out.max_video_preview, value);
    }
}

void add_word(PageDirectives& out, std::string_view word) {
    if (equals_ignoring_case(word, "none")) out.noindex = out.nofollow = true;
    for (const Flag& flag : flags) {
        if (equals_ignoring_case(word, flag.name)) out.*flag.member = true;
    }
}

bool is_valued(std::string_view word) {
    return std::any_of(valued.begin(), valued.end(),
                       [&](std::string_view name) { return equals_ignoring_case(word, name); });
}

/// A date may have one comma of its own, behind the name of the day.
std::size_t end_of_item(std::string_view text) {
    const std::size_t comma = text.find(',');
    const std::size_t colon = text.find(':');
    if (comma == std::string_view::npos || colon == std::string_view::npos || colon > comma) {
        return comma;
    }
    std::string_view head = text.substr(0, comma);
    const std::size_t blank = head.find_last_of(": ");
    head = head.substr(blank + 1);
    constexpr std::array<std::string_view, 7> days = {"mon", "tue", "wed", "thu",
                                                      "fri", "sat", "sun"};
    const bool is_day = std::any_of(days.begin(), days.end(), [&](std::string_view day) {
        return starts_with_ignoring_case(head, day);
    });
    return is_day ? text.find(',', comma + 1) : comma;
}

void add_items(PageDirectives& out, std::string_view text, const std::string_view* agent) {
    text = text.substr(0, robots_tag_bytes_max);
    bool for_us = true;
    while (!text.empty()) {
        const std::size_t end = end_of_item(text);
        std::string_view item = trim_ascii(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        // "name: word", "name: word: value" or "word: value"
        std::size_t colon = item.find(':');
        if (agent != nullptr && colon != std::string_view::npos &&
            !is_valued(trim_ascii(item.substr(0, colon)))) {
            const std::string_view name = trim_ascii(item.substr(0, colon));
            for_us = name == "*" || equals_ignoring_case(name, *agent);
            item = trim_ascii(item.substr(colon + 1));
            colon = item.find(':');
        }
        if (!for_us) continue;
        if (colon == std::string_view::npos) {
            add_word(out, item);
        } else {
            add_valued(out, trim_ascii(item.substr(0, colon)), item.substr(colon + 1));
        }
    }
}

}  // namespace

void add_robots_tag(PageDirectives& directives, std::string_view value, std::string_view agent) {
    add_items(directives, value, &agent);
}

void add_meta_robots(PageDirectives& directives, std::string_view content) {
    add_items(directives, content, nullptr);
}

}  // namespace sluice::crawl
