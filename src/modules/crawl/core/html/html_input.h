// SPDX-License-Identifier: Apache-2.0
// The parse errors of the HTML input stream (13.2.3.5): characters that a page should not contain.
// Separate from the tokenizer, which does not decode characters.
#pragma once

#include "modules/crawl/core/html/html_reference.h"

#include <cstdint>
#include <string_view>

namespace sluice::crawl {

/// Reports control characters, noncharacters and surrogates of a UTF-8 text (surrogates in their
/// three-byte form), fed in pieces of any size. Bytes that are no UTF-8 are passed over.
class HtmlInputChecker {
public:
    explicit HtmlInputChecker(HtmlErrorSink& errors) : errors_(errors) {}

    void feed(std::string_view bytes);

private:
    void check(std::uint32_t character);

    HtmlErrorSink& errors_;
    std::uint64_t offset_ = 0;  ///< of the next byte
    std::uint64_t begin_ = 0;   ///< of the character being read
    std::uint32_t character_ = 0;
    int missing_ = 0;  ///< bytes of it still to come
};

}  // namespace sluice::crawl
