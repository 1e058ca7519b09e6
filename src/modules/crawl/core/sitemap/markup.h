// SPDX-License-Identifier: Apache-2.0
// MarkupScanner: elements, attributes and text of XML in UTF-8, in pieces of any size. Forgiving,
// as files of the web need: unknown entities stay as they are, namespaces are only cut off, nothing
// is ever fetched or expanded (no DTD). Not for HTML.
#pragma once

#include "kernel/base/result.h"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

struct MarkupAttribute {
    std::string_view name;  ///< Without its prefix.
    std::string value;      ///< Entities resolved.
};

/// Who is told; names come without prefix, in the case of the file.
class MarkupSink {
public:
    MarkupSink() = default;
    MarkupSink(const MarkupSink&) = delete;
    MarkupSink& operator=(const MarkupSink&) = delete;
    virtual ~MarkupSink() = default;
    virtual Status begin(std::string_view name, const std::vector<MarkupAttribute>& attributes) = 0;
    /// Also behind begin() of an element without content.
    virtual Status end(std::string_view name) = 0;
    /// A part of the text between tags.
    virtual void text(std::string_view part) = 0;
};

/// A longer tag is refused.
inline constexpr std::size_t markup_tag_bytes_max = 64 * 1024;

class MarkupScanner {
public:
    explicit MarkupScanner(MarkupSink& sink) : sink_(&sink) {}
    /// Errors: those of the sink; exhausted (a tag is too long).
    Status feed(std::string_view utf8);
    /// Errors: corrupt (the text ends inside a tag).
    Status finish();

private:
    enum class State : std::uint8_t { text, tag, comment, cdata, instruction, doctype };

    bool step(Status& status);
    bool skip(std::string_view end, bool is_text);
    bool skip_doctype();
    bool take_text(bool is_last);
    bool open_angle();
    bool take_tag(Status& status);
    std::size_t end_of_tag(std::string_view text);

    MarkupSink* sink_;
    std::string buffer_;
    std::size_t at_ = 0;  ///< Everything before has been dealt with.
    State state_ = State::text;
    std::size_t brackets_ = 0;
    std::size_t scanned_ = 0;  ///< Of the tag at the front: looked through for its end.
    char quote_ = 0;           ///< The one that is open there.
};

}  // namespace sluice::crawl
