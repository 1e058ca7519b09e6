// SPDX-License-Identifier: Apache-2.0
// Whether a tag is inside SVG or MathML, where <title>, <style> and <script> are ordinary elements
// and CDATA sections exist: the part of tree construction (HTML standard 13.2.6.5) that a tokenizer
// needs. Elements outside are not followed, so an end tag that matches nothing inside is taken to
// close an element outside, and the foreign content with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

/// What the tracker wants to know of a tag.
struct ForeignTag {
    std::string_view name;  ///< lower case
    bool is_end = false;
    bool self_closing = false;
    bool font_breaks_out = false;  ///< has color, face or size
    bool html_annotation = false;  ///< encoding is text/html or application/xhtml+xml
};

/// The open elements from an <svg> or <math> on.
class ForeignContent {
public:
    /// Deeper elements are not followed.
    static constexpr std::size_t depth_max = 512;

    /// Something is open: every tag must be shown to take().
    [[nodiscard]] bool is_open() const { return !open_.empty(); }
    /// The current node is not an HTML element.
    [[nodiscard]] bool allows_cdata() const {
        return !open_.empty() && open_.back().kind != Kind::html;
    }
    /// A tag; with nothing open, <svg> or <math>. Returns whether it is an HTML element's.
    bool take(const ForeignTag& tag);

private:
    enum class Kind : std::uint8_t { html, svg, math };
    struct Element {
        Kind kind = Kind::html;
        bool html_inside = false;  ///< an HTML integration point
        bool math_text = false;    ///< a MathML text integration point
        bool special = false;      ///< of HTML: stops the search of an end tag
        std::string name;
    };

    bool take_start(const ForeignTag& tag);
    bool take_end(const ForeignTag& tag);
    void start_html(const ForeignTag& tag);
    void start_foreign(const ForeignTag& tag, Kind kind);
    void end_html(std::string_view name);
    void break_out();
    void push(Element element);
    void close_implied(std::string_view name);
    [[nodiscard]] bool is_foreign_start(std::string_view name) const;

    std::vector<Element> open_;
};

}  // namespace sluice::crawl
