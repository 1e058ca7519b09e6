// SPDX-License-Identifier: Apache-2.0
// For tests and the fuzzer: what TagReader says of a page, and what HtmlTokenizer alone says of it
// under the same rules of raw text, each written as one text.
#pragma once

#include "modules/crawl/core/html/html_chars.h"
#include "modules/crawl/core/html/tag_reader.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

/// Text whose pieces and line ends have no meaning.
class CollectedText {
public:
    void add(std::string_view text) { raw_ += text; }
    /// The text behind the last call, as the standard has it, but with one line end for several: a
    /// CR and an LF with a comment between them, which is no text, are two for the tokenizer.
    std::string take() {
        std::string out;
        normalise_text(raw_, out);
        raw_.clear();
        const auto are_ends = [](char a, char b) { return a == '\n' && b == '\n'; };
        out.erase(std::unique(out.begin(), out.end(), are_ends), out.end());
        return out;
    }

private:
    std::string raw_;
};

struct WrittenTag {
    std::string text;
    std::vector<std::string> names;

    WrittenTag(std::string_view name, bool is_end, bool self_closing, bool foreign) {
        text = is_end ? "</" : "<";
        for (const char c : name) text += ascii_lower(c);
        if (self_closing) text += '/';
        if (foreign) text += '!';
    }
    void add(std::string_view name, std::string_view value, bool cut) {
        std::string lower = ascii_lowered(name);
        if (std::find(names.begin(), names.end(), lower) != names.end()) return;
        text += " " + lower + "=[" + std::string(value) + "]" + (cut ? "..." : "");
        names.push_back(std::move(lower));
    }
    std::string line(std::uint64_t offset) const {
        return text + " @" + std::to_string(offset) + "\n";
    }
};

/// Both write into one of these.
struct WrittenPage {
    std::string lines;
    CollectedText text;

    void tag(const WrittenTag& written, std::uint64_t offset) {
        lines += "[" + text.take() + "]" + written.line(offset);
    }
    std::string finish() { return lines + "[" + text.take() + "]"; }
};

/// A page through TagReader, every tag and all text.
class QuickPage : private TagSink {
public:
    explicit QuickPage(const HtmlLimits& limits = {}, bool scripting = false)
        : reader_(*this, {.all = true, .scripting = scripting}, limits) {
        reader_.want_text(true);
    }
    void feed(std::string_view bytes) { reader_.feed(bytes); }
    std::string finish() {
        reader_.finish();
        return page_.finish();
    }
    [[nodiscard]] std::uint64_t work() const { return reader_.work(); }

private:
    void on_tag(const ReadTag& tag) override {
        WrittenTag written(tag.text, tag.is_end, tag.self_closing, tag.is_foreign);
        for (const ReadAttribute& each : tag.attributes) {
            std::string value(each.value);
            if (each.is_raw) {
                value.clear();
                decode_attribute(each.value, value);
            }
            written.add(each.name, value, each.cut);
        }
        page_.tag(written, tag.offset);
    }
    void on_text(std::string_view text) override { page_.text.add(text); }

    WrittenPage page_;
    TagReader reader_;
};

/// A page through HtmlTokenizer.
class FullPage : private HtmlTokenSink {
public:
    explicit FullPage(const HtmlLimits& limits = {}, bool scripting = false)
        : scripting_(scripting), tokenizer_(*this, false, limits) {}
    void feed(std::string_view bytes) { tokenizer_.feed(bytes); }
    std::string finish() {
        tokenizer_.finish();
        return page_.finish();
    }

private:
    void on_tag(const HtmlTag& tag) override {
        const bool foreign = follow(tag);
        raw_ = false;
        WrittenTag written(tag.name, tag.is_end, tag.self_closing, foreign);
        for (const HtmlAttribute& each : tag.attributes)
            written.add(each.name, each.value, each.cut);
        page_.tag(written, tag.offset);
        if (foreign || tag.is_end) return;
        if (tag.name == "title" || tag.name == "textarea")
            enter(HtmlState::rcdata);
        else if (tag.name == "style" || tag.name == "xmp" || tag.name == "iframe" ||
                 tag.name == "noembed" || tag.name == "noframes" ||
                 (tag.name == "noscript" && scripting_))
            enter(HtmlState::rawtext);
        else if (tag.name == "script")
            enter(HtmlState::script_data);
        else if (tag.name == "plaintext")
            enter(HtmlState::plaintext);
    }
    void on_text(std::string_view text) override { page_.text.add(text); }

    void enter(HtmlState state) {
        tokenizer_.set_state(state);
        raw_ = true;
    }
    // Whether it is an element of SVG or MathML.
    bool follow(const HtmlTag& tag) {
        if (raw_) return false;
        if (!foreign_.is_open() && (tag.is_end || (tag.name != "svg" && tag.name != "math")))
            return false;
        ForeignTag seen{.name = tag.name, .is_end = tag.is_end, .self_closing = tag.self_closing};
        for (const HtmlAttribute& each : tag.attributes) {
            const std::string value = ascii_lowered(each.value);
            if (tag.name == "font" &&
                (each.name == "color" || each.name == "face" || each.name == "size"))
                seen.font_breaks_out = true;
            if (tag.name == "annotation-xml" && each.name == "encoding")
                seen.html_annotation = value == "text/html" || value == "application/xhtml+xml";
        }
        const bool foreign = !foreign_.take(seen);
        tokenizer_.allow_cdata(foreign_.allows_cdata());
        return foreign;
    }

    bool scripting_;
    WrittenPage page_;
    ForeignContent foreign_;
    bool raw_ = false;
    HtmlTokenizer tokenizer_;
};

/// A page in pieces of `piece` bytes.
template <class Page>
std::string write_page(Page& page, std::string_view bytes, std::size_t piece) {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        // Memory of its own: reading past a piece is a fault that the address sanitizer sees.
        const std::vector<char> own(
            bytes.begin() + static_cast<std::ptrdiff_t>(at),
            bytes.begin() + static_cast<std::ptrdiff_t>(std::min(at + piece, bytes.size())));
        page.feed({own.data(), own.size()});
    }
    return page.finish();
}

}  // namespace sluice::crawl
