// SPDX-License-Identifier: Apache-2.0
// LinkCollector: keeps the links of a page as they stand until its base is known, and the words of
// its text as a Simhash. All links in one string: no memory is asked for link by link.
#pragma once

#include "modules/crawl/core/html/link_extractor.h"
#include "modules/crawl/core/novelty/simhash.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

class LinkCollector final : public LinkSink {
public:
    struct Kept {
        std::size_t begin = 0;  ///< of the text
        std::size_t size = 0;
        LinkKind kind = LinkKind::anchor;
        bool nofollow = false;
    };

    void on_link(const Link& link) override;
    void on_words(std::string_view piece) override;

    [[nodiscard]] const std::vector<Kept>& links() const { return links_; }
    [[nodiscard]] std::string_view text_of(const Kept& link) const {
        return std::string_view(hrefs_).substr(link.begin, link.size);
    }
    /// Of the words so far; nothing if there was none. The text is at its end.
    std::optional<std::uint64_t> simhash();
    void clear();

private:
    std::string hrefs_;
    std::vector<Kept> links_;
    Simhash words_;
    std::array<char, 64> word_{};  ///< the one being read; a longer one counts by its beginning
    std::size_t word_size_ = 0;
};

}  // namespace sluice::crawl
