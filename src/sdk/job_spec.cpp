// SPDX-License-Identifier: Apache-2.0
#include "sdk/job_spec.h"

#include "kernel/base/text.h"
#include "kernel/wire/json_text.h"

#include <array>

#include <openssl/rand.h>

namespace sluice::sdk {

namespace {

std::string_view word_of(BackoffWord kind) {
    switch (kind) {
        case BackoffWord::faktory: return "faktory";
        case BackoffWord::constant: return "constant";
        case BackoffWord::exponential: return "exponential";
        case BackoffWord::none: return "none";
    }
    return "";
}

/// The value of custom.sluice; "{}" when there is nothing to say.
std::string options_json(const JobSpec& job) {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    if (job.priority) json.key("priority").integer(*job.priority);
    if (job.timeout > Duration{0}) json.key("timeout_s").number(to_seconds(job.timeout));
    if (job.keep) json.key("keep_s").number(to_seconds(*job.keep));
    if (job.backoff) {
        json.key("backoff").begin_object();
        json.key("kind").string(word_of(job.backoff->kind));
        json.key("base_s").number(to_seconds(job.backoff->base));
        json.key("max_s").number(to_seconds(job.backoff->max));
        json.key("jitter").integer(job.backoff->jitter_percent);
        json.end_object();
    }
    if (job.wait_when_worker_lost) json.key("on_worker_lost").string("wait");
    json.end_object();
    return out;
}

bool has_trace(const std::string& custom) {
    if (custom.find("\"traceparent\"") == std::string::npos) return false;
    JsonParser parser;
    const auto root = parser.parse(custom);
    return root && root->find("traceparent");
}

/// Two members named `sluice` would be read as one or the other: those of the user's own that the
/// spec does not set join ours, and the rest of the user's members stays.
void join_options(std::string& options, std::string& custom) {
    if (options == "{}" || custom.find("\"sluice\"") == std::string::npos) return;
    JsonParser parser;
    const auto root = parser.parse(custom);
    const auto own = root ? root->find("sluice") : std::nullopt;
    if (!own || !own->is_object()) return;
    JsonParser parser_of_ours;
    const auto ours = parser_of_ours.parse(options);
    std::string joined;
    std::string rest;
    JsonWriter joined_json(joined);
    JsonWriter rest_json(rest);
    joined_json.begin_object();
    for (const JsonMember one : ours->members()) joined_json.key(one.name).raw(one.value.raw());
    for (const JsonMember one : own->members()) {
        if (!ours->find(one.name)) joined_json.key(one.name).raw(one.value.raw());
    }
    joined_json.end_object();
    rest_json.begin_object();
    for (const JsonMember one : root->members()) {
        if (one.name != "sluice") rest_json.key(one.name).raw(one.value.raw());
    }
    rest_json.end_object();
    options = std::move(joined);
    custom = std::move(rest);
}

/// The user's custom members with ours put in front; empty when there are none at all.
std::string custom_json(const JobSpec& job) {
    std::string options = options_json(job);
    std::string custom = job.custom;
    join_options(options, custom);
    const bool traced = job.trace && !has_trace(custom);
    if (options == "{}" && !traced) return custom;
    std::string out = "{";
    if (traced) {
        out += "\"traceparent\":\"" + format_traceparent(*job.trace) + '"';
        if (!job.trace->state.empty()) {
            out += ",\"tracestate\":" + json_escape(job.trace->state);
        }
    }
    if (options != "{}") {
        if (traced) out += ',';
        out += "\"sluice\":" + options;
    }
    const std::string_view rest = trim(std::string_view(custom));
    if (rest.empty()) return out + '}';
    const std::string_view inside = trim(rest.substr(1));
    if (inside != "}") out += ',';
    return out.append(inside);
}

Status check_spec(const JobSpec& job) {
    if (job.type.empty()) return fail(Code::invalid, "a job needs a type");
    if (!job.jid.empty() && job.jid.size() < jid_bytes_min) {
        return fail(Code::invalid, "a jid needs at least 8 bytes: \"" + job.jid + '"');
    }
    if (!trim(job.args).starts_with('[') || !is_valid_json(job.args)) {
        return fail(Code::invalid, "the args of a job must be a JSON array");
    }
    if (!job.custom.empty() && (!trim(job.custom).starts_with('{') || !is_valid_json(job.custom))) {
        return fail(Code::invalid, "the custom members of a job must be a JSON object");
    }
    return {};
}

/// JSON allows line ends between its parts, a request line does not; inside texts they cannot
/// occur.
void put_in_one_line(std::string& out, std::string_view json) {
    if (json.find_first_of("\r\n") == std::string_view::npos) {
        out += json;
    } else {
        out += compact_json(json);
    }
}

}  // namespace

std::string new_jid() {
    std::array<unsigned char, 12> bytes{};
    // Without randomness there is no uniqueness, and going on would lose jobs as "repeated".
    SLUICE_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
    return to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Status append_push_json(std::string& out, const JobSpec& job) {
    SLUICE_TRY_STATUS(check_spec(job));
    out += "{\"jid\":";
    put_json_string(out, job.jid.empty() ? new_jid() : job.jid);
    out += ",\"queue\":";
    put_json_string(out, job.queue);
    out += ",\"jobtype\":";
    put_json_string(out, job.type);
    out += ",\"args\":";
    put_in_one_line(out, job.args);
    if (job.retry) out += ",\"retry\":" + std::to_string(*job.retry);
    if (job.at) out += ",\"at\":\"" + format_rfc3339(*job.at) + '"';
    if (job.reserve_for > Duration{0}) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(job.reserve_for).count();
        out += ",\"reserve_for\":" + std::to_string(seconds);
    }
    const std::string custom = custom_json(job);
    if (!custom.empty()) {
        out += ",\"custom\":";
        put_in_one_line(out, custom);
    }
    out += '}';
    return {};
}

}  // namespace sluice::sdk
