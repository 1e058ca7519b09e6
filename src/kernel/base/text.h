// SPDX-License-Identifier: Apache-2.0
// Small pure helpers over text: trimming, splitting, numbers, and "did you mean".
#pragma once

#include "kernel/base/result.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Without spaces, tabs, CR and LF at both ends.
std::string_view trim(std::string_view text);
/// The parts between runs of blanks; no empty parts.
std::vector<std::string_view> split_words(std::string_view text);
/// The parts between single separators; empty parts are kept.
std::vector<std::string_view> split(std::string_view text, char separator);
/// All of them with `between` between every two.
std::string join(std::span<const std::string> words, std::string_view between);
/// The whole text as a decimal number. Errors: invalid.
Result<std::int64_t> parse_int(std::string_view text);
/// "64", "16KiB", "2MiB", "1GiB" as a number of bytes. Errors: invalid.
Result<std::uint64_t> parse_size(std::string_view text);
/// Cut to at most `bytes_max` bytes, never inside a UTF-8 sequence.
std::string_view truncate_utf8(std::string_view text, std::size_t bytes_max);
/// Lower-case hexadecimal.
std::string to_hex(std::string_view bytes);
/// The candidate nearest to `word` by edit distance, if near enough to be worth suggesting.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> candidates);
/// Redis glob (`* ? [a-z] [^x] \x`), iterative. The step budget keeps a hostile pattern from
/// spinning: past `steps_max` the answer is "no match".
bool glob_match(std::string_view pattern, std::string_view text, std::size_t steps_max = 1'000'000);

}  // namespace sluice
