// SPDX-License-Identifier: Apache-2.0
// Cuts a text of many JSON values (JSON lines, or one array) into these values as it comes, without
// keeping more than one. Says where values begin and end; whether they are JSON is for JsonParser.
// Pure.
#pragma once

#include "kernel/base/result.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sluice::work {

class JsonValues {
public:
    /// Given each value without blanks around it, and the line it begins in.
    using Take = std::function<Status(std::string_view value, std::uint64_t line)>;

    explicit JsonValues(std::size_t value_bytes_max = 1024 * 1024)
        : value_bytes_max_(value_bytes_max) {}

    /// Errors: invalid (no value where one must be, with the line), exhausted (a value that is too
    /// long), and those of `take`.
    Status feed(std::string_view bytes, const Take& take);
    /// The text has ended. Errors: invalid (in the middle of something), and those of `take`.
    Status finish(const Take& take);

    /// The line being read, counted from 1 by LF.
    [[nodiscard]] std::uint64_t line() const { return line_; }

private:
    enum class Place { start, between, after_comma, after_value, in_value, after_array };

    Status step(char c, const Take& take);
    Status step_in_value(char c, const Take& take);
    Status step_outside(char c);
    Status give(const Take& take);
    [[nodiscard]] Error wrong(std::string_view why) const;

    std::size_t value_bytes_max_;
    Place place_ = Place::start;
    bool array_ = false;
    std::string value_;
    std::uint64_t line_ = 1;
    std::uint64_t value_line_ = 1;
    unsigned depth_ = 0;
    bool in_string_ = false;
    bool escaped_ = false;
};

}  // namespace sluice::work
