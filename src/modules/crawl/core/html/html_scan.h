// SPDX-License-Identifier: Apache-2.0
// Finding one or two bytes in text whose runs are short: sixteen at a time, without a call.
#pragma once

#include <cstddef>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sluice::crawl {

/// The first `byte` of [p, end), or end.
inline const char* find_byte(const char* p, const char* end, char byte) {
#if defined(__SSE2__)
    const __m128i wanted = _mm_set1_epi8(byte);
    for (; end - p >= 16; p += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(block, wanted));
        if (mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
    }
    while (p < end && *p != byte) ++p;
    return p;
#else
    const void* const found = std::memchr(p, byte, static_cast<std::size_t>(end - p));
    return found == nullptr ? end : static_cast<const char*>(found);
#endif
}

/// The first of [p, end) that is `a` or `b`, or end.
inline const char* find_either(const char* p, const char* end, char a, char b) {
#if defined(__SSE2__)
    const __m128i wanted_a = _mm_set1_epi8(a);
    const __m128i wanted_b = _mm_set1_epi8(b);
    for (; end - p >= 16; p += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const int mask = _mm_movemask_epi8(
            _mm_or_si128(_mm_cmpeq_epi8(block, wanted_a), _mm_cmpeq_epi8(block, wanted_b)));
        if (mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
    }
#endif
    while (p < end && *p != a && *p != b) ++p;
    return p;
}

/// The first of [p, end) that is one of these four, or end.
template <char a, char b, char c, char d>
const char* find_of_four(const char* p, const char* end) {
#if defined(__SSE2__)
    for (; end - p >= 16; p += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const __m128i one = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8(a)),
                                         _mm_cmpeq_epi8(block, _mm_set1_epi8(b)));
        const __m128i other = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8(c)),
                                           _mm_cmpeq_epi8(block, _mm_set1_epi8(d)));
        const int mask = _mm_movemask_epi8(_mm_or_si128(one, other));
        if (mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
    }
#endif
    while (p < end && *p != a && *p != b && *p != c && *p != d) ++p;
    return p;
}

}  // namespace sluice::crawl
