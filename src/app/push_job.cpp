// SPDX-License-Identifier: Apache-2.0
// From words and lines to jobs. No server here.
#include "app/push.h"
#include "kernel/base/text.h"
#include "kernel/wire/json_reader.h"
#include "kernel/wire/json_text.h"
#include "sdk/protocol/job_json.h"

#include <openssl/sha.h>

#include <array>

namespace sluice::app {

namespace {

/// RFC 3339, or a time from now: "+10m".
Result<WallTime> parse_at(const std::string& text, WallTime now) {
    if (text.starts_with('+')) {
        if (const auto delay = parse_duration(text.substr(1))) return now + *delay;
    }
    auto at = parse_rfc3339(text);
    if (!at) {
        return fail(Code::invalid, "--at " + text +
                                       ": write +10m for ten minutes from now, or a time such as "
                                       "2026-11-21T05:42:00Z");
    }
    return at;
}

/// "none", "faktory", "constant:10s", "exponential:1s" or "exponential:1s:5m".
Result<sdk::BackoffParts> parse_backoff(const std::string& text) {
    const auto parts = split(text, ':');
    sdk::BackoffParts backoff;
    const auto wrong = [&] {
        return fail(Code::invalid, "--backoff " + text +
                                       ": write faktory, none, constant:10s, exponential:1s or "
                                       "exponential:1s:5m (at most 5 minutes)");
    };
    if (parts[0] == "none" && parts.size() == 1) {
        backoff.kind = sdk::BackoffWord::none;
        return backoff;
    }
    if (parts[0] == "faktory" && parts.size() == 1) return backoff;
    const bool constant = parts[0] == "constant" && parts.size() == 2;
    const bool exponential = parts[0] == "exponential" && (parts.size() == 2 || parts.size() == 3);
    if (!constant && !exponential) return wrong();
    backoff.kind = constant ? sdk::BackoffWord::constant : sdk::BackoffWord::exponential;
    const auto base = parse_duration(parts[1]);
    if (!base) return wrong();
    backoff.base = *base;
    if (parts.size() == 3) {
        const auto max = parse_duration(parts[2]);
        if (!max) return wrong();
        backoff.max = *max;
    }
    return backoff;
}

/// 24 hexadecimal digits that are the same whenever the same line of the same file is pushed.
std::string jid_of_line(std::string_view label, std::uint64_t number, std::string_view line) {
    std::string source(label);
    source += '\0';
    source += std::to_string(number);
    source += '\0';
    source += line;
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(source.data()), source.size(), digest.data());
    return to_hex({reinterpret_cast<const char*>(digest.data()), 12});
}

void put_member(std::string& out, std::string_view name, std::string_view json) {
    if (out.back() != '{') out += ',';
    put_json_string(out, name);
    (out += ':') += json;
}

}  // namespace

std::string args_from(const std::vector<std::string>& words) {
    std::string out;
    JsonWriter json(out);
    json.begin_array();
    for (const std::string& word : words) {
        if (is_valid_json(word))
            json.raw(trim(word));
        else
            json.string(word);
    }
    json.end_array();
    return out;
}

Result<sdk::JobSpec> job_from(const PushArguments& arguments, WallTime now) {
    sdk::JobSpec job{.type = arguments.type};
    if (!arguments.args.empty() && !arguments.values.empty()) {
        return fail(Code::invalid, "give the arguments one by one or with --args, not both");
    }
    job.args = arguments.args.empty() ? args_from(arguments.values) : arguments.args;
    JsonParser parser;
    if (const auto parsed = parser.parse(job.args); !parsed || !parsed->is_array()) {
        return fail(Code::invalid, "--args must be a JSON array, such as '[1, \"two\"]'");
    }
    if (!arguments.queue.empty()) job.queue = arguments.queue;
    if (!sdk::is_queue_name(job.queue)) {
        return fail(Code::invalid,
                    "--queue " + job.queue + ": only letters, digits, '.', '_' and '-'");
    }
    job.jid = arguments.jid;
    job.custom = arguments.custom;
    if (arguments.priority != 0) job.priority = arguments.priority;
    if (arguments.retry != retry_not_given) job.retry = arguments.retry;
    if (!arguments.at.empty()) {
        SLUICE_TRY(job.at, parse_at(arguments.at, now));
    }
    SLUICE_TRY(job.reserve_for, parse_option_duration("--reserve-for", arguments.reserve_for, 0s));
    SLUICE_TRY(job.timeout, parse_option_duration("--timeout", arguments.timeout, 0s));
    if (job.timeout > sdk::job_timeout_max)
        return fail(Code::invalid, "--timeout " + arguments.timeout + ": at most " +
                                       format_duration(sdk::job_timeout_max));
    if (!arguments.keep.empty()) {
        SLUICE_TRY(job.keep, parse_option_duration("--keep", arguments.keep, 0s));
        if (*job.keep > sdk::job_keep_max)
            return fail(Code::invalid, "--keep " + arguments.keep + ": at most " +
                                           format_duration(sdk::job_keep_max));
    }
    if (!arguments.backoff.empty()) {
        SLUICE_TRY(job.backoff, parse_backoff(arguments.backoff));
    }
    return job;
}

Result<std::string> job_from_line(std::string_view line, std::uint64_t number,
                                  const LineSettings& settings, WallTime now) {
    thread_local JsonParser parser;
    const auto parsed = parser.parse(line);
    if (!parsed) return fail(Code::invalid, "not JSON: " + parsed.error().message);
    std::string job = "{";
    const bool is_args = parsed->is_array();
    if (!is_args && !parsed->is_object()) {
        return fail(Code::invalid, "a line must be a job object, or an array of arguments");
    }
    if (is_args && settings.type.empty()) {
        return fail(Code::invalid,
                    "an array of arguments needs the job type: sluice push TYPE --file …");
    }
    if (is_args || !parsed->find("jid"))
        put_member(job, "jid", json_escape(jid_of_line(settings.label, number, line)));
    if (!settings.type.empty() && (is_args || !parsed->find("jobtype")))
        put_member(job, "jobtype", json_escape(settings.type));
    if (is_args) {
        put_member(job, "args", parsed->raw());
    } else {
        for (const JsonMember member : parsed->members())
            put_member(job, member.name, member.value.raw());
    }
    JsonParser defaults_parser;
    SLUICE_TRY(const JsonView defaults, defaults_parser.parse(settings.defaults));
    for (const JsonMember member : defaults.members()) {
        if (is_args || !parsed->find(member.name)) put_member(job, member.name, member.value.raw());
    }
    job += '}';
    JsonParser check;
    SLUICE_TRY(const JsonView whole, check.parse(job));
    const auto parts = sdk::parse_job(whole, now);
    if (!parts) return parts.error();
    return job;
}

}  // namespace sluice::app
