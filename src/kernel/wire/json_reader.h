// SPDX-License-Identifier: Apache-2.0
// Reading JSON: one strict pass writes a compact list of nodes (16 bytes a value); views read from
// it. Every value knows its exact source text, so what is stored or passed on stays byte for byte
// what the client sent. Own scanner instead of simdjson: that one has either the source text of a
// value or full validation in one pass, not both, and needs padded input.
#pragma once

#include "kernel/base/result.h"
#include "kernel/wire/json_text.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// What a JSON value is. Numbers: int64 if it fits, else uint64 if it fits, else (also with a
/// fraction or exponent) number.
enum class JsonKind : std::uint8_t { object, array, string, int64, uint64, number, boolean, null };

/// The word used in messages ("object", "integer", …).
std::string_view to_string(JsonKind kind);

/// What a parser accepts.
struct JsonLimits {
    unsigned depth_max = json_depth_max;  ///< At most json_depth_max.
    std::size_t nodes_max = 4'000'000;    ///< Values and names together.
};

namespace detail {

struct JsonNode {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    /// Containers: the index after the last node inside. Escaped strings: where in `unescaped`.
    std::uint32_t extra = 0;
    JsonKind kind = JsonKind::null;
    bool escaped = false;
};

/// The outcome of one parse, in memory that is used again.
struct JsonTape {
    std::string_view text;
    std::vector<JsonNode> nodes;
    std::vector<std::string> unescaped;
};

}  // namespace detail

class JsonMembers;
class JsonElements;

/// A read-only view of one value. As cheap as two words; valid while the parser's last parse (or
/// the document) and the text it was given live.
class JsonView {
public:
    [[nodiscard]] JsonKind kind() const { return node().kind; }
    [[nodiscard]] bool is_object() const { return kind() == JsonKind::object; }
    [[nodiscard]] bool is_array() const { return kind() == JsonKind::array; }
    [[nodiscard]] bool is_string() const { return kind() == JsonKind::string; }
    [[nodiscard]] bool is_null() const { return kind() == JsonKind::null; }
    /// The value exactly as it stands in the source, without blanks around it.
    [[nodiscard]] std::string_view raw() const {
        return tape_->text.substr(node().begin, node().end - node().begin);
    }

    /// The unescaped text; lone surrogates become U+FFFD. Errors: invalid (another kind).
    [[nodiscard]] Result<std::string_view> as_string() const;
    /// Also 3.0 and 1e3, as they are whole (below 2^53). Errors: invalid (another kind, a fraction,
    /// out of range).
    [[nodiscard]] Result<std::int64_t> as_int() const;
    /// Errors: invalid (another kind, negative, a fraction, out of range).
    [[nodiscard]] Result<std::uint64_t> as_uint() const;
    /// Any number. Errors: invalid (another kind, beyond the range of a double).
    [[nodiscard]] Result<double> as_double() const;
    /// Errors: invalid (another kind).
    [[nodiscard]] Result<bool> as_bool() const;

    /// The members of an object, in order of the text; none for other kinds.
    [[nodiscard]] JsonMembers members() const;
    /// The elements of an array; none for other kinds.
    [[nodiscard]] JsonElements elements() const;
    /// The member of that name; the last one if there are several (as most readers do). O(members).
    [[nodiscard]] std::optional<JsonView> find(std::string_view name) const;

private:
    friend class JsonParser;
    friend class JsonDocument;
    friend class JsonMembers;
    friend class JsonElements;
    JsonView(const detail::JsonTape* tape, std::uint32_t index) : tape_(tape), index_(index) {}
    [[nodiscard]] const detail::JsonNode& node() const { return tape_->nodes[index_]; }
    [[nodiscard]] bool is_container() const { return is_object() || is_array(); }
    [[nodiscard]] std::uint32_t after() const { return is_container() ? node().extra : index_ + 1; }
    [[nodiscard]] std::string_view text_of_string() const;

    const detail::JsonTape* tape_;
    std::uint32_t index_;
};

/// One member of an object.
struct JsonMember {
    std::string_view name;  ///< Unescaped.
    JsonView value;
};

/// A range of JsonMember.
class JsonMembers {
public:
    class Iterator {
    public:
        using value_type = JsonMember;
        using difference_type = std::ptrdiff_t;
        Iterator(const detail::JsonTape* tape, std::uint32_t index) : tape_(tape), index_(index) {}
        JsonMember operator*() const {
            return {JsonView(tape_, index_).text_of_string(), JsonView(tape_, index_ + 1)};
        }
        Iterator& operator++() {
            index_ = JsonView(tape_, index_ + 1).after();
            return *this;
        }
        friend bool operator==(const Iterator&, const Iterator&) = default;

    private:
        const detail::JsonTape* tape_;
        std::uint32_t index_;
    };
    [[nodiscard]] Iterator begin() const { return begin_; }
    [[nodiscard]] Iterator end() const { return end_; }

private:
    friend class JsonView;
    JsonMembers(Iterator begin, Iterator end) : begin_(begin), end_(end) {}
    Iterator begin_;
    Iterator end_;
};

/// A range of JsonView.
class JsonElements {
public:
    class Iterator {
    public:
        using value_type = JsonView;
        using difference_type = std::ptrdiff_t;
        Iterator(const detail::JsonTape* tape, std::uint32_t index) : tape_(tape), index_(index) {}
        JsonView operator*() const { return {tape_, index_}; }
        Iterator& operator++() {
            index_ = JsonView(tape_, index_).after();
            return *this;
        }
        friend bool operator==(const Iterator&, const Iterator&) = default;

    private:
        const detail::JsonTape* tape_;
        std::uint32_t index_;
    };
    [[nodiscard]] Iterator begin() const { return begin_; }
    [[nodiscard]] Iterator end() const { return end_; }

private:
    friend class JsonView;
    JsonElements(Iterator begin, Iterator end) : begin_(begin), end_(end) {}
    Iterator begin_;
    Iterator end_;
};

/// Parses one text after another in the same memory: keep one for each thread or session.
class JsonParser {
public:
    /// The view is valid until the next parse, while `text` lives, and while the parser is neither
    /// moved nor destroyed. Errors: invalid (with the place, in bytes), exhausted (over nodes_max
    /// or 4 GiB).
    Result<JsonView> parse(std::string_view text, JsonLimits limits = {});

private:
    detail::JsonTape tape_;
};

/// A parsed text that owns everything. Views stay valid when it is moved.
class JsonDocument {
public:
    /// Errors: as JsonParser::parse.
    static Result<JsonDocument> parse(std::string text, JsonLimits limits = {});
    [[nodiscard]] JsonView root() const { return body_->root; }
    [[nodiscard]] std::string_view text() const { return body_->text; }

private:
    struct Body {
        std::string text;
        JsonParser parser;
        JsonView root;
    };
    explicit JsonDocument(std::unique_ptr<Body> body) : body_(std::move(body)) {}
    std::unique_ptr<Body> body_;
};

}  // namespace sluice
