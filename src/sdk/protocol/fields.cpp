// SPDX-License-Identifier: Apache-2.0
#include "sdk/protocol/fields.h"

#include "kernel/base/text.h"
#include "sdk/protocol/job_json.h"

namespace sluice::sdk {

Error wrong_type(std::string_view name, std::string_view what) {
    return invalid_json(std::string(name) + " must be " + std::string(what));
}

Result<JsonView> read_argument(std::string_view text, JsonParser& parser) {
    auto value = parser.parse(text);
    if (!value) return invalid_json(value.error().message);
    return value;
}

Status read_text(JsonView value, std::string_view name, std::string_view& out) {
    if (value.is_null()) return {};
    if (!value.is_string()) return wrong_type(name, "a string");
    SLUICE_TRY(out, value.as_string());
    return {};
}

Status read_text(JsonView value, std::string_view name, std::string& out) {
    std::string_view text = out;
    SLUICE_TRY_STATUS(read_text(value, name, text));
    if (text.data() != out.data()) out = text;
    return {};
}

Status read_int(JsonView value, std::string_view name, std::int64_t& out) {
    if (value.is_null()) return {};
    const auto number = value.as_int();
    if (!number) return wrong_type(name, "an integer");
    out = *number;
    return {};
}

Status read_int(JsonView value, std::string_view name, std::optional<std::int64_t>& out) {
    if (value.is_null()) return {};
    std::int64_t number = 0;
    SLUICE_TRY_STATUS(read_int(value, name, number));
    out = number;
    return {};
}

Status read_bool(JsonView value, std::string_view name, bool& out) {
    if (value.is_null()) return {};
    const auto flag = value.as_bool();
    if (!flag) return wrong_type(name, "true or false");
    out = *flag;
    return {};
}

Status read_texts(JsonView value, std::string_view name, std::vector<std::string>& out) {
    if (value.is_null()) return {};
    out.clear();
    return each_element(value, name, [&](JsonView element) -> Status {
        if (!element.is_string()) return wrong_type(name, "an array of strings");
        if (out.size() >= request_names_max) {
            return fail(Code::invalid, error_line(std::string(name) + ": more than 10000 items"));
        }
        SLUICE_TRY(const std::string_view text, element.as_string());
        out.emplace_back(text);
        return {};
    });
}

Status read_seconds(JsonView value, std::string_view name, Duration max, Duration& out) {
    if (value.is_null()) return {};
    const auto seconds = value.as_double();
    if (!seconds) return wrong_type(name, "a number of seconds");
    const auto most = std::chrono::duration_cast<std::chrono::seconds>(max).count();
    if (!(*seconds >= 0 && *seconds <= static_cast<double>(most))) {
        return fail(Code::invalid,
                    std::string(name) + " must be 0 to " + std::to_string(most) + " seconds");
    }
    out = from_double_seconds(*seconds);
    return {};
}

Status read_lease(JsonView value, std::uint64_t& out) {
    if (value.is_null()) return {};
    if (!value.is_string()) return wrong_type("lease", "a string");
    SLUICE_TRY(const std::string_view text, value.as_string());
    if (text.empty()) return {};
    SLUICE_TRY(out, parse_lease(text));
    return {};
}

Status read_leases(JsonView value, std::string_view name, std::vector<std::uint64_t>& out) {
    if (value.is_null()) return {};
    return each_element(value, name, [&](JsonView element) -> Status {
        if (out.size() >= request_names_max) {
            return fail(Code::invalid, error_line(std::string(name) + ": more than 10000 items"));
        }
        std::uint64_t lease = 0;
        SLUICE_TRY_STATUS(read_lease(element, lease));
        if (lease != 0) out.push_back(lease);
        return {};
    });
}

Status read_sequence(JsonView value, std::string_view name, std::uint64_t& out) {
    if (value.is_null()) return {};
    if (!value.is_string()) {
        const auto number = value.as_uint();
        if (!number) return wrong_type(name, "a sequence number");
        out = *number;
        return {};
    }
    SLUICE_TRY(const std::string_view text, value.as_string());
    const auto number = parse_int(text);
    if (!number || *number < 0) return wrong_type(name, "a sequence number");
    out = static_cast<std::uint64_t>(*number);
    return {};
}

}  // namespace sluice::sdk
