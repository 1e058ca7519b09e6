// SPDX-License-Identifier: Apache-2.0
// Finds the bytes that mean something in CSV: delimiter, quote, CR, LF and NUL, 64 bytes at a time
// (SSE2 where there is, else eight bytes in a word). An inner part of csv_parser.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sluice::work::detail {

/// Goes through the special bytes of a text in order. Never reads past its end.
class CsvScan {
public:
    CsvScan(std::string_view text, std::size_t from, char delimiter)
        : text_(text), block_(from), delimiter_(delimiter) {
        load();
    }

    /// The place of the next special byte; the text's size when there is none.
    [[gnu::always_inline]] std::size_t next() {
        while (mask_ == 0) {
            block_ += 64;
            if (block_ >= text_.size()) return text_.size();
            load();
        }
        const auto bit = static_cast<std::size_t>(std::countr_zero(mask_));
        mask_ &= mask_ - 1;
        return block_ + bit;
    }

private:
    void load() {
        if (block_ >= text_.size()) {
            mask_ = 0;
        } else if (text_.size() - block_ >= 64) {
            mask_ = specials(text_.data() + block_);
        } else {
            std::array<char, 64> rest;
            rest.fill('a');
            const std::size_t count = text_.size() - block_;
            std::memcpy(rest.data(), text_.data() + block_, count);
            mask_ = specials(rest.data()) & ((std::uint64_t{1} << count) - 1);
        }
    }

#if defined(__SSE2__)
    [[nodiscard]] std::uint64_t specials(const char* at) const {
        const __m128i delimiter = _mm_set1_epi8(delimiter_);
        const __m128i quote = _mm_set1_epi8('"');
        const __m128i line_feed = _mm_set1_epi8('\n');
        const __m128i carriage_return = _mm_set1_epi8('\r');
        std::uint64_t mask = 0;
        for (int i = 0; i < 4; ++i) {
            const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + 16 * i));
            const __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(bytes, line_feed),
                                              _mm_cmpeq_epi8(bytes, carriage_return));
            const __m128i marks =
                _mm_or_si128(_mm_cmpeq_epi8(bytes, delimiter), _mm_cmpeq_epi8(bytes, quote));
            const __m128i found =
                _mm_or_si128(_mm_or_si128(ends, marks), _mm_cmpeq_epi8(bytes, _mm_setzero_si128()));
            const auto bits = static_cast<std::uint32_t>(_mm_movemask_epi8(found));
            mask |= static_cast<std::uint64_t>(bits) << (16 * i);
        }
        return mask;
    }
#else
    [[nodiscard]] std::uint64_t specials(const char* at) const {
        std::uint64_t mask = 0;
        for (unsigned i = 0; i < 64; ++i) {
            const char c = at[i];
            const bool special = c == delimiter_ || c == '"' || c == '\n' || c == '\r' || c == '\0';
            mask |= static_cast<std::uint64_t>(special) << i;
        }
        return mask;
    }
#endif

    std::string_view text_;
    std::size_t block_;
    std::uint64_t mask_ = 0;
    char delimiter_;
};

}  // namespace sluice::work::detail
