// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/page/link_collector.h"

#include "kernel/base/ascii.h"

namespace sluice::crawl {
namespace {

constexpr std::size_t hrefs_kept_max = 1U << 20U;

// Letters and digits of ASCII in lower case, and everything beyond it; 0 for what is in no word.
constexpr auto word_bytes = [] {
    std::array<char, 256> table{};
    for (std::size_t i = 0; i < table.size(); ++i) {
        const char c = static_cast<char>(i);
        if (i >= 0x80 || is_ascii_alpha(c) || is_ascii_digit(c)) table[i] = ascii_lower(c);
    }
    return table;
}();

}  // namespace

void LinkCollector::on_link(const Link& link) {
    const std::string_view href = trim_ascii(link.href);
    links_.push_back({hrefs_.size(), href.size(), link.kind, link.nofollow});
    hrefs_ += href;
}

void LinkCollector::on_words(std::string_view piece) {
    std::size_t size = word_size_;
    for (const char c : piece) {
        const char letter = word_bytes[static_cast<unsigned char>(c)];
        if (letter == 0) {
            if (size > 0) words_.add({word_.data(), size});
            size = 0;
        } else if (size < word_.size()) {
            word_[size++] = letter;
        }
    }
    word_size_ = size;
}

std::optional<std::uint64_t> LinkCollector::simhash() {
    if (word_size_ > 0) words_.add({word_.data(), word_size_});
    word_size_ = 0;
    if (words_.words() == 0) return std::nullopt;
    return words_.value();
}

void LinkCollector::clear() {
    hrefs_.clear();
    if (hrefs_.capacity() > hrefs_kept_max) hrefs_.shrink_to_fit();
    links_.clear();
    words_ = Simhash();
    word_size_ = 0;
}

}  // namespace sluice::crawl
