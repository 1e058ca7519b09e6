// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/flow/flow_template.h"

#include "kernel/base/text.h"

#include <algorithm>

namespace sluice::work {

namespace {

class Expansion {
public:
    Expansion(std::span<const TemplateValue> values, std::size_t bytes_max)
        : values_(values), bytes_max_(bytes_max) {}

    Status add(JsonView value) {
        switch (value.kind()) {
            case JsonKind::object: return add_object(value);
            case JsonKind::array: {
                json_.begin_array();
                for (const JsonView element : value.elements()) SLUICE_TRY_STATUS(add(element));
                json_.end_array();
                return check_size();
            }
            case JsonKind::string: {
                SLUICE_TRY(const std::string_view text, value.as_string());
                return add_text(text);
            }
            case JsonKind::int64:
            case JsonKind::uint64:
            case JsonKind::number:
            case JsonKind::boolean:
            case JsonKind::null: json_.raw(value.raw()); return check_size();
        }
        return {};
    }
    std::string take() { return std::move(out_); }

private:
    Status add_object(JsonView value) {
        json_.begin_object();
        for (const JsonMember member : value.members()) {
            json_.key(member.name);
            SLUICE_TRY_STATUS(add(member.value));
        }
        json_.end_object();
        return check_size();
    }

    Status add_text(std::string_view text) {
        if (text.size() > 2 && text.front() == '{' && text[1] != '{' &&
            text.find('}') == text.size() - 1) {
            SLUICE_TRY(const TemplateValue* value, find(text.substr(1, text.size() - 2)));
            if (!value->json.empty()) {
                json_.raw(value->json);
                return check_size();
            }
        }
        SLUICE_TRY(const std::string expanded, expand(text));
        json_.string(expanded);
        return check_size();
    }

    Result<std::string> expand(std::string_view text) const {
        std::string out;
        while (!text.empty()) {
            const std::size_t brace = text.find_first_of("{}");
            out += text.substr(0, brace);
            if (brace == std::string_view::npos) break;
            const char kind = text[brace];
            text.remove_prefix(brace + 1);
            if (text.starts_with(kind)) {
                out += kind;
                text.remove_prefix(1);
                continue;
            }
            const std::size_t end = text.find('}');
            if (kind == '}' || end == std::string_view::npos) {
                return fail(Code::invalid,
                            "a brace stands alone in a template; write {{ or }} for a brace");
            }
            SLUICE_TRY(const TemplateValue* value, find(text.substr(0, end)));
            out += value->text;
            text.remove_prefix(end + 1);
            if (out.size() > bytes_max_) return too_large();
        }
        return out;
    }

    Result<const TemplateValue*> find(std::string_view name) const {
        const auto value = std::find_if(values_.begin(), values_.end(),
                                        [name](const TemplateValue& v) { return v.name == name; });
        if (value != values_.end()) return &*value;
        std::string known;
        for (const TemplateValue& v : values_) {
            (known += known.empty() ? "{" : ", {") += v.name;
            known += '}';
        }
        return fail(Code::invalid, "a template asks for {" + std::string(truncate_utf8(name, 50)) +
                                       "}, and there are only " + known);
    }

    [[nodiscard]] Status check_size() const {
        return out_.size() > bytes_max_ ? Status(too_large()) : Status();
    }
    [[nodiscard]] Error too_large() const {
        return fail(Code::exhausted, "the arguments of a job have more than " +
                                         std::to_string(bytes_max_) + " bytes");
    }

    std::span<const TemplateValue> values_;
    std::size_t bytes_max_;
    std::string out_;
    JsonWriter json_{out_};
};

}  // namespace

Result<std::string> expand_template(JsonView value, std::span<const TemplateValue> values,
                                    std::size_t bytes_max) {
    Expansion expansion(values, bytes_max);
    SLUICE_TRY_STATUS(expansion.add(value));
    return expansion.take();
}

PathParts path_parts(std::string_view path) {
    PathParts parts;
    const std::size_t slash = path.rfind('/');
    const bool is_nested = slash != std::string_view::npos;
    parts.dir = is_nested ? path.substr(0, slash) : std::string_view(".");
    parts.name = is_nested ? path.substr(slash + 1) : path;
    const std::size_t dot = parts.name.rfind('.');
    // ".profile" is a name without an ending.
    const bool has_ending = dot != std::string_view::npos && dot > 0;
    parts.stem = has_ending ? parts.name.substr(0, dot) : parts.name;
    parts.ext = has_ending ? parts.name.substr(dot + 1) : std::string_view();
    return parts;
}

}  // namespace sluice::work
