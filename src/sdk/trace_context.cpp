// SPDX-License-Identifier: Apache-2.0
#include "sdk/trace_context.h"

#include "kernel/base/text.h"
#include "kernel/wire/json_reader.h"

#include <algorithm>
#include <span>
#include <vector>

#include <openssl/rand.h>

namespace sluice::sdk {

namespace {

constexpr std::size_t version_00_bytes = 55;  // 2 - 32 - 16 - 2, with three hyphens
constexpr unsigned flag_sampled = 1;
constexpr unsigned flag_random = 2;

/// Upper case is not valid here.
int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

bool read_hex(std::string_view text, std::span<std::uint8_t> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
        const int high = digit_of(text[2 * i]);
        const int low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        out[i] = static_cast<std::uint8_t>(16 * high + low);
    }
    return true;
}

bool is_zero(std::span<const std::uint8_t> bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

std::string hex_of(std::span<const std::uint8_t> bytes) {
    return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

void fill_random(std::span<std::uint8_t> bytes) {
    do {
        SLUICE_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
    } while (is_zero(bytes));
}

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool is_key_part(std::string_view part, std::size_t bytes_max, bool may_begin_with_digit) {
    if (part.empty() || part.size() > bytes_max || !is_lower_or_digit(part[0])) return false;
    if (!may_begin_with_digit && part[0] <= '9') return false;
    return std::all_of(part.begin(), part.end(), [](char c) {
        return is_lower_or_digit(c) || c == '_' || c == '-' || c == '*' || c == '/';
    });
}

/// "vendor" or "tenant@vendor", section 3.3.1.3.1.
bool is_state_key(std::string_view key) {
    const std::size_t at = key.find('@');
    if (at == std::string_view::npos) return is_key_part(key, 256, false);
    return is_key_part(key.substr(0, at), 241, true) && is_key_part(key.substr(at + 1), 14, false);
}

bool is_state_value(std::string_view value) {
    if (value.empty() || value.size() > 256 || value.back() == ' ') return false;
    return std::all_of(value.begin(), value.end(),
                       [](char c) { return c >= 0x20 && c <= 0x7e && c != ',' && c != '='; });
}

}  // namespace

bool is_trace_state(std::string_view text) {
    if (text.size() > trace_state_bytes_max) return false;
    std::vector<std::string_view> keys;
    for (const std::string_view part : split(text, ',')) {
        const std::string_view one = trim(part);
        if (one.empty()) continue;
        const std::size_t equals = one.find('=');
        if (equals == std::string_view::npos) return false;
        const std::string_view key = one.substr(0, equals);
        if (!is_state_key(key) || !is_state_value(one.substr(equals + 1))) return false;
        if (std::find(keys.begin(), keys.end(), key) != keys.end()) return false;
        keys.push_back(key);
        if (keys.size() > trace_state_members_max) return false;
    }
    return true;
}

Result<TraceContext> parse_trace_context(std::string_view traceparent,
                                         std::string_view tracestate) {
    const auto refuse = [](std::string_view why) {
        return fail(Code::invalid, "traceparent: " + std::string(why));
    };
    if (traceparent.size() < version_00_bytes) return refuse("too short");
    std::array<std::uint8_t, 1> version{};
    std::array<std::uint8_t, 1> flags{};
    TraceContext out;
    if (!read_hex(traceparent.substr(0, 2), version) || version[0] == 0xff) {
        return refuse("not a version");
    }
    // Later versions may say more after what this one says.
    const bool longer = traceparent.size() > version_00_bytes;
    if (longer && (version[0] == 0 || traceparent[version_00_bytes] != '-')) {
        return refuse("too long");
    }
    if (traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-' ||
        !read_hex(traceparent.substr(3), out.trace_id) ||
        !read_hex(traceparent.substr(36), out.span_id) ||
        !read_hex(traceparent.substr(53), flags)) {
        return refuse("not of the form 00-TRACE-PARENT-FLAGS in lower-case hexadecimal");
    }
    if (is_zero(out.trace_id) || is_zero(out.span_id)) return refuse("an id is zero");
    out.sampled = (flags[0] & flag_sampled) != 0;
    out.random = (flags[0] & flag_random) != 0;
    if (is_trace_state(tracestate)) out.state = tracestate;
    return out;
}

std::string format_traceparent(const TraceContext& context) {
    const unsigned flags =
        (context.sampled ? flag_sampled : 0) | (context.random ? flag_random : 0);
    return "00-" + trace_id_text(context) + '-' + span_id_text(context) + "-0" +
           std::to_string(flags);
}

std::string trace_id_text(const TraceContext& context) { return hex_of(context.trace_id); }
std::string span_id_text(const TraceContext& context) { return hex_of(context.span_id); }

TraceContext new_trace(bool sampled) {
    TraceContext context;
    fill_random(context.trace_id);
    fill_random(context.span_id);
    context.sampled = sampled;
    context.random = true;
    return context;
}

TraceContext child_of(const TraceContext& parent) {
    TraceContext context = parent;
    fill_random(context.span_id);
    return context;
}

std::optional<TraceContext> trace_of_custom(std::string_view custom) {
    if (custom.find("\"traceparent\"") == std::string_view::npos) return std::nullopt;
    JsonParser parser;
    const auto root = parser.parse(custom);
    if (!root) return std::nullopt;
    const auto text_at = [&root](std::string_view name) -> std::string_view {
        const auto member = root->find(name);
        if (!member) return {};
        const auto text = member->as_string();
        return text ? *text : std::string_view();
    };
    auto context = parse_trace_context(text_at("traceparent"), text_at("tracestate"));
    if (!context) return std::nullopt;
    return *std::move(context);
}

}  // namespace sluice::sdk
