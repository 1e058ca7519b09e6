// SPDX-License-Identifier: Apache-2.0
#include "sdk/typed_json.h"

#include "kernel/base/text.h"

#include <algorithm>

namespace sluice::sdk::detail {

namespace {

constexpr std::size_t shown_name_bytes_max = 64;

std::string text_of(const Place& place) {
    std::string out = place.above != nullptr ? text_of(*place.above) : std::string();
    if (place.name.empty()) return out + '[' + std::to_string(place.index) + ']';
    if (!out.empty()) out += '.';
    return out.append(truncate_utf8(place.name, shown_name_bytes_max));
}

/// 10000 for 10000.0: bounds are mostly whole.
std::string digits(double number) {
    std::string out;
    JsonWriter(out).number(number);
    if (out.ends_with(".0")) out.resize(out.size() - 2);
    return out;
}

Status put_slot(const Place& place, JsonView value, std::optional<JsonView>& slot) {
    if (slot) return refused(place, "is given twice");
    slot = value;
    return {};
}

}  // namespace

Error refused(const Place& place, std::string_view why) {
    return fail(Code::invalid, "`" + text_of(place) + "` " + std::string(why));
}

std::string in_words(const Bounds& bounds) {
    const bool low = std::isfinite(bounds.min);
    const bool high = std::isfinite(bounds.max);
    std::string out;
    if (low && high) {
        out = " from " + digits(bounds.min) + " to " + digits(bounds.max);
    } else if (low) {
        out = " of at least " + digits(bounds.min);
    } else if (high) {
        out = " of at most " + digits(bounds.max);
    }
    return out;
}

Status read_integer(JsonView value, const Place& place, IntBounds bounds, std::int64_t& out) {
    const auto number = value.as_int();
    if (!number || *number < bounds.min || *number > bounds.max) {
        return refused(place, "must be a whole number from " + std::to_string(bounds.min) + " to " +
                                  std::to_string(bounds.max));
    }
    out = *number;
    return {};
}

Status read_unsigned(JsonView value, const Place& place, const Bounds& bounds, std::uint64_t& out) {
    const auto number = value.as_uint();
    if (!number || !bounds.contain(static_cast<long double>(*number))) {
        const Bounds shown{.min = std::max(bounds.min, 0.0), .max = bounds.max};
        return refused(place, "must be a whole number" + in_words(shown));
    }
    out = *number;
    return {};
}

Status read_number(JsonView value, const Place& place, const Bounds& bounds, double& out) {
    const auto number = value.as_double();
    if (!number || !bounds.contain(static_cast<long double>(*number))) {
        return refused(place, "must be a number" + in_words(bounds));
    }
    out = *number;
    return {};
}

Status read_flag(JsonView value, const Place& place, bool& out) {
    const auto flag = value.as_bool();
    if (!flag) return refused(place, "must be true or false");
    out = *flag;
    return {};
}

Status read_text(JsonView value, const Place& place, const Bounds& bounds, std::string& out) {
    const auto text = value.as_string();
    if (!text) return refused(place, "must be a text");
    out = *text;
    if (static_cast<double>(text->size()) > bounds.max) {
        return refused(place, "is longer than " + digits(bounds.max) + " bytes");
    }
    if (static_cast<double>(text->size()) < bounds.min) {
        return refused(
            place, text->empty() ? "is empty" : "is shorter than " + digits(bounds.min) + " bytes");
    }
    return {};
}

Result<std::size_t> read_word(JsonView value, const Place& place,
                              std::span<const std::string_view> words) {
    const auto text = value.as_string();
    const auto found = std::find(words.begin(), words.end(), text ? *text : std::string_view());
    if (text && found != words.end()) return static_cast<std::size_t>(found - words.begin());
    std::string list;
    for (const auto word : words) list += (list.empty() ? "\"" : ", \"") + std::string(word) + '"';
    return refused(place, "must be one of " + list);
}

Status check_size(const Place& place, const Bounds& bounds, std::size_t size) {
    if (static_cast<double>(size) > bounds.max) {
        return refused(place, "has more than " + digits(bounds.max) + " parts");
    }
    if (static_cast<double>(size) < bounds.min) {
        return refused(place,
                       size == 0 ? "is empty" : "has fewer than " + digits(bounds.min) + " parts");
    }
    return {};
}

Status spread_array(JsonView root, std::span<const std::string_view> names, std::size_t positions,
                    Slots slots) {
    if (!root.is_array()) return fail(Code::invalid, "the arguments are not a JSON array");
    std::vector<JsonView> values;
    for (const JsonView value : root.elements()) values.push_back(value);
    const bool named = !values.empty() && values.back().is_object();
    const std::size_t in_front = values.size() - (named ? 1 : 0);
    if (in_front > positions) {
        return fail(Code::invalid, "too many arguments: at most " + std::to_string(positions) +
                                       " values and then an object are expected");
    }
    for (std::size_t i = 0; i < in_front; ++i) {
        if (!values[i].is_null()) slots[i] = values[i];
    }
    return named ? spread_object(values.back(), nullptr, names, slots) : Status();
}

Status spread_object(JsonView object, const Place* place, std::span<const std::string_view> names,
                     Slots slots) {
    for (const JsonMember one : object.members()) {
        const Place here{.above = place, .name = one.name, .index = 0};
        const auto found = std::find(names.begin(), names.end(), one.name);
        if (found == names.end()) {
            std::string why = "is not known here";
            const auto meant = nearest(one.name, names);
            if (meant) why += "; did you mean `" + std::string(*meant) + "`?";
            return refused(here, why);
        }
        if (one.value.is_null()) continue;
        const auto index = static_cast<std::size_t>(found - names.begin());
        SLUICE_TRY_STATUS(put_slot(here, one.value, slots[index]));
    }
    return {};
}

}  // namespace sluice::sdk::detail
