// SPDX-License-Identifier: Apache-2.0
// The sink that records nodes, and what views make of them.
#include "kernel/wire/json_reader.h"

#include "kernel/wire/json_scanner.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace sluice {
namespace {

using detail::JsonNode;
using detail::JsonNumberText;
using detail::JsonTape;

/// A tape with room for more nodes than this is given back before a smaller text (1 MiB).
constexpr std::size_t nodes_kept_max = 65'536;

std::uint32_t hex_value(std::string_view digits) {
    std::uint32_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    return value;
}

/// Reads the \uXXXX at the front (checked before), with its second half if it is a pair.
void unescape_unicode(std::string& out, std::string_view& rest) {
    std::uint32_t character = hex_value(rest.substr(2, 4));
    rest.remove_prefix(6);
    const bool high = character >= 0xD800 && character <= 0xDBFF;
    if (high && rest.size() >= 6 && rest[0] == '\\' && rest[1] == 'u') {
        const std::uint32_t low = hex_value(rest.substr(2, 4));
        if (low >= 0xDC00 && low <= 0xDFFF) {
            character = 0x10000 + ((character - 0xD800) << 10) + (low - 0xDC00);
            rest.remove_prefix(6);
        }
    }
    put_utf8(out, character);
}

std::string unescape(std::string_view rest) {
    std::string out;
    out.reserve(rest.size());
    while (!rest.empty()) {
        const std::size_t plain = std::min(rest.find('\\'), rest.size());
        out.append(rest.substr(0, plain));
        rest.remove_prefix(plain);
        if (rest.empty()) break;
        if (rest[1] == 'u') {
            unescape_unicode(out, rest);
            continue;
        }
        switch (rest[1]) {
            case 'b': out += '\b'; break;
            case 'f': out += '\f'; break;
            case 'n': out += '\n'; break;
            case 'r': out += '\r'; break;
            case 't': out += '\t'; break;
            default: out += rest[1]; break;
        }
        rest.remove_prefix(2);
    }
    return out;
}

template <class Number>
std::optional<Number> read_number(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

class RecordingSink {
public:
    RecordingSink(JsonTape& tape, std::size_t nodes_max) : tape_(tape), nodes_max_(nodes_max) {}

    std::uint32_t open(std::uint32_t begin, bool object) {
        add(begin, begin, object ? JsonKind::object : JsonKind::array);
        return static_cast<std::uint32_t>(tape_.nodes.size() - 1);
    }
    void close(std::uint32_t index, std::uint32_t end) {
        tape_.nodes[index].end = end;
        tape_.nodes[index].extra = static_cast<std::uint32_t>(tape_.nodes.size());
    }
    void string(std::uint32_t begin, std::uint32_t end, bool escaped) {
        JsonNode& node = add(begin, end, JsonKind::string);
        if (!escaped) return;
        node.escaped = true;
        node.extra = static_cast<std::uint32_t>(tape_.unescaped.size());
        tape_.unescaped.push_back(unescape(tape_.text.substr(begin + 1, end - begin - 2)));
    }
    void number(std::uint32_t begin, std::uint32_t end, JsonNumberText text) {
        add(begin, end, kind_of(tape_.text.substr(begin, end - begin), text));
    }
    void word(std::uint32_t begin, std::uint32_t end) {
        const bool null = tape_.text[begin] == 'n';
        add(begin, end, null ? JsonKind::null : JsonKind::boolean);
    }
    [[nodiscard]] bool full() const { return tape_.nodes.size() > nodes_max_; }

private:
    static JsonKind kind_of(std::string_view raw, JsonNumberText text) {
        if (!text.is_integer) return JsonKind::number;
        if (text.digits <= 18 || read_number<std::int64_t>(raw)) return JsonKind::int64;
        if (!text.is_negative && read_number<std::uint64_t>(raw)) return JsonKind::uint64;
        return JsonKind::number;
    }
    JsonNode& add(std::uint32_t begin, std::uint32_t end, JsonKind kind) {
        return tape_.nodes.emplace_back(JsonNode{begin, end, 0, kind, false});
    }

    JsonTape& tape_;
    std::size_t nodes_max_;
};

/// Only checks.
struct CheckingSink {
    std::uint32_t open(std::uint32_t, bool) { return 0; }
    void close(std::uint32_t, std::uint32_t) {}
    void string(std::uint32_t, std::uint32_t, bool) {}
    void number(std::uint32_t, std::uint32_t, JsonNumberText) {}
    void word(std::uint32_t, std::uint32_t) {}
    [[nodiscard]] bool full() const { return false; }
};

bool has_good_size(std::string_view text) {
    return text.size() < std::numeric_limits<std::uint32_t>::max();
}

Error wrong_kind(std::string_view wanted, JsonKind found) {
    return fail(Code::invalid,
                "expected " + std::string(wanted) + ", found " + std::string(to_string(found)));
}

/// The whole number a text with a fraction or exponent stands for. Only below 2^53, where a double
/// has not rounded another number to this one.
template <class Integer>
Result<Integer> whole(double number, JsonKind kind) {
    constexpr double limit = 9'007'199'254'740'992.0;
    const double least = std::is_signed_v<Integer> ? -limit : -1.0;
    if (std::trunc(number) != number || number <= least || number >= limit) {
        return wrong_kind("an integer in range", kind);
    }
    return static_cast<Integer>(number);
}

}  // namespace

std::string_view to_string(JsonKind kind) {
    switch (kind) {
        case JsonKind::object: return "object";
        case JsonKind::array: return "array";
        case JsonKind::string: return "string";
        case JsonKind::int64:
        case JsonKind::uint64: return "integer";
        case JsonKind::number: return "number";
        case JsonKind::boolean: return "boolean";
        case JsonKind::null: return "null";
    }
    return "unknown";
}

bool is_valid_json(std::string_view text) {
    CheckingSink sink;
    return has_good_size(text) && detail::JsonScanner(text, json_depth_max, sink).run();
}

Result<JsonView> JsonParser::parse(std::string_view text, JsonLimits limits) {
    if (!has_good_size(text)) return fail(Code::exhausted, "the JSON text is 4 GiB or longer");
    // One huge text must not cost its memory for ever.
    if (tape_.nodes.capacity() > nodes_kept_max && text.size() < nodes_kept_max) tape_ = {};
    tape_.text = text;
    tape_.nodes.clear();
    tape_.unescaped.clear();
    RecordingSink sink(tape_, limits.nodes_max);
    detail::JsonScanner scanner(text, limits.depth_max, sink);
    if (!scanner.run()) {
        const Code code = sink.full() ? Code::exhausted : Code::invalid;
        return fail(code, "invalid JSON at byte " + std::to_string(scanner.offset()) + ": " +
                              scanner.problem());
    }
    return JsonView(&tape_, 0);
}

Result<JsonDocument> JsonDocument::parse(std::string text, JsonLimits limits) {
    // The text and the tape get their final addresses before views are made.
    auto owned = std::make_unique<Body>(Body{std::move(text), {}, JsonView(nullptr, 0)});
    SLUICE_TRY(owned->root, owned->parser.parse(owned->text, limits));
    return JsonDocument(std::move(owned));
}

std::string_view JsonView::text_of_string() const {
    const JsonNode& string = node();
    if (string.escaped) return tape_->unescaped[string.extra];
    return tape_->text.substr(string.begin + 1, string.end - string.begin - 2);
}

Result<std::string_view> JsonView::as_string() const {
    if (!is_string()) return wrong_kind("a string", kind());
    return text_of_string();
}

Result<std::int64_t> JsonView::as_int() const {
    if (kind() == JsonKind::int64) return read_number<std::int64_t>(raw()).value_or(0);
    if (kind() == JsonKind::uint64) return wrong_kind("an integer below 2^63", kind());
    SLUICE_TRY(const double number, as_double());
    return whole<std::int64_t>(number, kind());
}

Result<std::uint64_t> JsonView::as_uint() const {
    if (kind() == JsonKind::int64 || kind() == JsonKind::uint64) {
        if (const auto number = read_number<std::uint64_t>(raw())) return *number;
        if (raw() == "-0") return std::uint64_t{0};
        return wrong_kind("an integer of 0 or more", kind());
    }
    SLUICE_TRY(const double number, as_double());
    return whole<std::uint64_t>(number, kind());
}

Result<double> JsonView::as_double() const {
    const JsonKind found = kind();
    if (found != JsonKind::int64 && found != JsonKind::uint64 && found != JsonKind::number) {
        return wrong_kind("a number", found);
    }
    if (const auto number = read_number<double>(raw())) return *number;
    return wrong_kind("a number a double can hold", found);
}

Result<bool> JsonView::as_bool() const {
    if (kind() != JsonKind::boolean) return wrong_kind("true or false", kind());
    return raw().front() == 't';
}

JsonMembers JsonView::members() const {
    const std::uint32_t end = is_object() ? node().extra : index_ + 1;
    return {{tape_, index_ + 1}, {tape_, end}};
}

JsonElements JsonView::elements() const {
    const std::uint32_t end = is_array() ? node().extra : index_ + 1;
    return {{tape_, index_ + 1}, {tape_, end}};
}

std::optional<JsonView> JsonView::find(std::string_view name) const {
    std::optional<JsonView> found;
    for (const JsonMember member : members()) {
        if (member.name == name) found = member.value;
    }
    return found;
}

}  // namespace sluice
