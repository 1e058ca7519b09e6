// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/images/image_steps.h"

#include "kernel/base/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

namespace sluice::work {

namespace {

/// What a step is called and what its value may be. A step without `absent` needs a value; one
/// whose range is a single point takes none.
struct Row {
    std::string_view name;
    ImageStepKind kind;
    double min;
    double max;
    std::optional<double> absent;
    bool whole;  ///< Its input must be there as a whole.
};

constexpr Row rows[] = {
    {"blur", ImageStepKind::blur, 0.3, 100, 1.5, false},
    {"sharpen", ImageStepKind::sharpen, 0.3, 10, 1.0, false},
    {"greyscale", ImageStepKind::greyscale, 0, 0, 0.0, false},
    {"rotate", ImageStepKind::rotate, 90, 270, std::nullopt, true},
    {"flip", ImageStepKind::flip, 0, 0, 0.0, true},
    {"flop", ImageStepKind::flop, 0, 0, 0.0, false},
    {"brightness", ImageStepKind::brightness, 0, 10, std::nullopt, false},
    {"contrast", ImageStepKind::contrast, 0, 10, std::nullopt, false},
    {"invert", ImageStepKind::invert, 0, 0, 0.0, false},
    {"edges", ImageStepKind::edges, 0, 0, 0.0, true},
};

std::string shown(std::string_view text) {
    return "\"" + std::string(truncate_utf8(text, 40)) + "\"";
}

std::string number_text(double number) {
    std::string text = std::to_string(number);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

Result<double> step_value(const Row& row, std::string_view text) {
    if (row.min == row.max) {
        return fail(Code::invalid, "the step " + shown(row.name) + " takes no value");
    }
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool right_angle = row.kind != ImageStepKind::rotate || std::fmod(value, 90) == 0;
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value) ||
        value < row.min || value > row.max || !right_angle) {
        const std::string range =
            row.kind == ImageStepKind::rotate
                ? "90, 180 or 270"
                : "a number from " + number_text(row.min) + " to " + number_text(row.max);
        return fail(Code::invalid,
                    "the step " + shown(row.name) + " takes " + range + ", not " + shown(text));
    }
    return value;
}

std::optional<std::uint8_t> hex_byte(std::string_view digits) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + 2, value, 16);
    if (error != std::errc{} || end != digits.data() + 2) return std::nullopt;
    return static_cast<std::uint8_t>(value);
}

}  // namespace

Result<ImageStep> parse_image_step(std::string_view text) {
    const auto words = split_words(text);
    const auto* row = std::find_if(std::begin(rows), std::end(rows), [&words](const Row& r) {
        return !words.empty() && r.name == words.front();
    });
    if (row == std::end(rows)) {
        std::string names;
        for (const Row& each : rows) {
            names += (names.empty() ? "" : ", ") + std::string(each.name);
        }
        return fail(Code::invalid, shown(text) + " is no step; steps are " + names);
    }
    if (words.size() > 2) {
        return fail(Code::invalid, "the step " + shown(text) + " has more than one value");
    }
    if (words.size() == 2) {
        SLUICE_TRY(const double value, step_value(*row, words[1]));
        return ImageStep{row->kind, value};
    }
    if (!row->absent) {
        return fail(Code::invalid, "the step " + shown(row->name) + " needs a value");
    }
    return ImageStep{row->kind, *row->absent};
}

bool needs_whole_image(ImageStepKind kind) {
    return std::any_of(std::begin(rows), std::end(rows),
                       [kind](const Row& row) { return row.kind == kind && row.whole; });
}

Result<ImageColour> parse_image_colour(std::string_view text) {
    if (text.size() == 7 && text.front() == '#') {
        const auto red = hex_byte(text.substr(1));
        const auto green = hex_byte(text.substr(3));
        const auto blue = hex_byte(text.substr(5));
        if (red && green && blue) return ImageColour{*red, *green, *blue};
    }
    return fail(Code::invalid, shown(text) + " is no colour such as \"#ffcc00\"");
}

}  // namespace sluice::work
