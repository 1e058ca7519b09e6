// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/page/link_collector.h"

#include "modules/crawl/core/text/ascii.h"

namespace sluice::crawl {
namespace {

// What is longer counts by its beginning: no word of a language is.
constexpr std::size_t word_bytes_max = 64;
constexpr std::size_t kept_bytes_max = 1U << 20U;

// Letters and digits of ASCII, and everything beyond it.
bool is_word_byte(char c) {
    return is_ascii_alpha(c) || is_ascii_digit(c) || static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

void LinkCollector::on_link(const Link& link) {
    const std::string_view href = trim_ascii(link.href);
    links_.push_back({hrefs_.size(), href.size(), link.kind, link.nofollow});
    hrefs_ += href;
}

void LinkCollector::on_words(std::string_view piece) {
    for (const char c : piece) {
        if (!is_word_byte(c))
            end_word();
        else if (word_.size() < word_bytes_max)
            word_ += ascii_lower(c);
    }
}

void LinkCollector::end_word() {
    if (word_.empty()) return;
    words_.add(word_);
    word_.clear();
}

std::optional<std::uint64_t> LinkCollector::simhash() {
    end_word();
    if (words_.words() == 0) return std::nullopt;
    return words_.value();
}

void LinkCollector::clear() {
    hrefs_.clear();
    if (hrefs_.capacity() > kept_bytes_max) hrefs_.shrink_to_fit();
    links_.clear();
    words_ = Simhash();
    word_.clear();
}

}  // namespace sluice::crawl
