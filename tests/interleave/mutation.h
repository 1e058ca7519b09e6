// SPDX-License-Identifier: Apache-2.0
// Mutations: one operation of the code under test is made weaker, by its place in the source, while
// the model runs it. So faults are planted without touching the code.
#pragma once

#include <compare>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <tuple>

namespace sluice::interleave {

/// What a mutation does to the operation at its place.
enum class Weakening : std::uint8_t {
    relaxed,          ///< The memory order (of a success) becomes relaxed.
    acquire_only,     ///< acq_rel becomes acquire.
    release_only,     ///< acq_rel becomes release.
    not_sequential,   ///< seq_cst becomes the strongest order below it.
    failure_relaxed,  ///< The memory order of a failed compare-and-swap becomes relaxed.
    no_wake,          ///< A wake-up or notification does not happen.
    wake_one          ///< It wakes one instead of several.
};

/// "relaxed instead of its memory order" …
const char* to_string(Weakening weakening);

/// One weakening at one place.
struct Mutation {
    std::string file;  ///< With its folder: "primitives/mutex.h".
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    Weakening weakening = Weakening::relaxed;
    std::string function;  ///< As the compiler writes it; says nothing that line and column do not.

    auto operator<=>(const Mutation& other) const {
        return std::tie(file, line, column, weakening) <=>
               std::tie(other.file, other.line, other.column, other.weakening);
    }
    /// "primitives/mutex.h:41:20 relaxed"
    [[nodiscard]] std::string to_string() const;
};

/// The name of a file without its folders, and with the last of them.
const char* base_name(const char* path);
std::string_view short_name(std::string_view path);

}  // namespace sluice::interleave
