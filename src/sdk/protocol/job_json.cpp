// SPDX-License-Identifier: Apache-2.0
#include "sdk/protocol/job_json.h"

#include "kernel/base/text.h"
#include "sdk/protocol/fields.h"
#include "sdk/protocol/request.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace sluice::sdk {

namespace {

constexpr std::int64_t reserve_for_seconds_max = 86'400;
constexpr std::int64_t reserve_for_seconds_min = 60;
constexpr WallTime last_at = wall_from_ns(9'214'646'399'000'000'000);  // 2261-12-31T23:59:59Z

/// What is noted while the members pass by; the checks come afterwards, in their order.
struct Seen {
    JobParts job;
    std::string_view at;
    std::string_view created_at;
    std::optional<std::int64_t> retry;
    std::optional<std::int64_t> reserve_for;
    std::optional<std::int64_t> priority;
    std::optional<int> chosen_priority;  ///< custom.sluice.priority
    bool has_args = false;
    std::optional<Error> option_error;
};

// ---------------------------------------------------------------------------- custom.sluice

Status read_backoff(JsonView value, BackoffParts& out) {
    if (value.is_null()) return {};
    return each_member(
        value, "custom.sluice.backoff", [&](std::string_view key, JsonView member) -> Status {
            if (key == "kind") {
                std::string_view kind = "faktory";
                SLUICE_TRY_STATUS(read_text(member, "custom.sluice.backoff.kind", kind));
                constexpr std::array<std::string_view, 4> kinds{"faktory", "constant",
                                                                "exponential", "none"};
                const auto found = std::find(kinds.begin(), kinds.end(), kind);
                if (found == kinds.end()) {
                    return fail(Code::invalid,
                                "custom.sluice.backoff.kind must be faktory, constant, "
                                "exponential or none");
                }
                out.kind = static_cast<BackoffWord>(found - kinds.begin());
            } else if (key == "base_s") {
                return read_seconds(member, "custom.sluice.backoff.base_s", job_timeout_max,
                                    out.base);
            } else if (key == "max_s") {
                return read_seconds(member, "custom.sluice.backoff.max_s", job_timeout_max,
                                    out.max);
            } else if (key == "jitter") {
                std::optional<std::int64_t> percent;
                SLUICE_TRY_STATUS(read_int(member, "custom.sluice.backoff.jitter", percent));
                if (percent && (*percent < 0 || *percent > 100)) {
                    return fail(Code::invalid,
                                "custom.sluice.backoff.jitter must be 0 to 100 percent");
                }
                out.jitter_percent = static_cast<std::uint8_t>(percent.value_or(0));
            }
            return {};
        });
}

Status read_worker_lost(JsonView value, bool& wait) {
    std::string_view word = "requeue";
    SLUICE_TRY_STATUS(read_text(value, "custom.sluice.on_worker_lost", word));
    if (word != "wait" && word != "requeue") {
        return fail(Code::invalid, "custom.sluice.on_worker_lost must be wait or requeue");
    }
    wait = word == "wait";
    return {};
}

Status read_option(std::string_view key, JsonView value, Seen& seen) {
    if (key == "priority") {
        std::optional<std::int64_t> number;
        SLUICE_TRY_STATUS(read_int(value, "custom.sluice.priority", number));
        if (number && (*number < job_priority_min || *number > job_priority_max)) {
            return fail(Code::invalid, "custom.sluice.priority must be 1 to 9");
        }
        if (number) seen.chosen_priority = static_cast<int>(*number);
    } else if (key == "timeout_s") {
        return read_seconds(value, "custom.sluice.timeout_s", job_timeout_max, seen.job.timeout);
    } else if (key == "keep_s") {
        return read_seconds(value, "custom.sluice.keep_s", job_keep_max, seen.job.keep);
    } else if (key == "backoff") {
        return read_backoff(value, seen.job.backoff);
    } else if (key == "on_worker_lost") {
        return read_worker_lost(value, seen.job.wait_when_worker_lost);
    }
    return {};
}

/// Finds `sluice` in the custom object. Its errors wait until the members of the job proper are
/// checked.
Status read_custom(JsonView custom, Seen& seen) {
    if (custom.is_null()) return {};
    if (!custom.is_object()) return invalid_json("custom must be an object");
    seen.job.custom = custom.raw();
    // Most jobs carry no options; then the members need not be looked at.
    if (seen.job.custom.find("\"sluice\"") == std::string_view::npos) return {};
    return each_member(custom, "custom", [&](std::string_view key, JsonView value) -> Status {
        if (key != "sluice" || value.is_null()) return {};
        Status options =
            each_member(value, "custom.sluice", [&](std::string_view name, JsonView option) {
                return read_option(name, option, seen);
            });
        if (!options && !seen.option_error) seen.option_error = std::move(options).error();
        return {};
    });
}

// ---------------------------------------------------------------------------- members

void keep_extra(std::string_view key, JsonView value, std::string& extra) {
    if (!extra.empty()) extra += ',';
    put_json_string(extra, key);
    extra += ':';
    extra += value.raw();
}

Status read_args(JsonView value, Seen& seen) {
    seen.has_args = !value.is_null();
    if (!seen.has_args) return {};
    if (!value.is_array()) return invalid_json("args must be an array");
    seen.job.args = value.raw();
    return {};
}

Status read_member(std::string_view key, JsonView value, Seen& seen) {
    if (key == "jid") return read_text(value, "jid", seen.job.jid);
    if (key == "jobtype") return read_text(value, "jobtype", seen.job.type);
    if (key == "args") return read_args(value, seen);
    if (key == "queue") return read_text(value, "queue", seen.job.queue);
    if (key == "retry") return read_int(value, "retry", seen.retry);
    if (key == "reserve_for") return read_int(value, "reserve_for", seen.reserve_for);
    if (key == "at") return read_text(value, "at", seen.at);
    if (key == "created_at") return read_text(value, "created_at", seen.created_at);
    if (key == "priority") return read_int(value, "priority", seen.priority);
    if (key == "custom") return read_custom(value, seen);
    // Set by the server alone.
    if (key == "enqueued_at" || key == "failure" || key == "lease" || key == "attempt") return {};
    if (key == "backtrace") {
        std::optional<std::int64_t> lines;
        SLUICE_TRY_STATUS(read_int(value, "backtrace", lines));
        if (!lines || *lines == 0) return {};
    }
    keep_extra(key, value, seen.job.extra);
    return {};
}

// ---------------------------------------------------------------------------- checks

Error refused(std::string message) { return fail(Code::invalid, error_line(message)); }

Status check_names(const JobParts& job, bool has_args) {
    if (job.jid.size() < jid_bytes_min) {
        return refused("jobs must have a reasonable jid parameter");
    }
    if (job.jid.size() > jid_bytes_max) {
        return refused("jobs must have a jid parameter of at most 255 bytes");
    }
    if (job.type.empty()) return refused("jobs must have a jobtype parameter");
    if (job.type.size() > type_bytes_max) {
        return refused("jobs must have a jobtype parameter of at most 255 bytes");
    }
    if (!has_args) return refused("jobs must have an args parameter");
    return {};
}

/// Any year of RFC 3339. Those before 1970 are as good as not given, those that a WallTime cannot
/// hold ("never", to some clients) stand for its last year.
Result<WallTime> parse_at(std::string_view text) {
    auto at = parse_rfc3339(text);
    const auto year = parse_int(text.substr(0, 4));
    if (at || !year || *year < 0) return at;
    const bool leap = (*year % 4 == 0 && *year % 100 != 0) || *year % 400 == 0;
    const std::string same_day =
        (leap ? "2000" : "2001") + std::string(text.substr(std::min<std::size_t>(4, text.size())));
    if (!parse_rfc3339(same_day)) return at;
    return *year < 1970 ? WallTime{} : last_at;
}

Status check_times(Seen& seen, WallTime now) {
    JobParts& job = seen.job;
    if (seen.reserve_for.value_or(0) > reserve_for_seconds_max) {
        return refused("jobs cannot be reserved for more than one day");
    }
    if (seen.reserve_for.value_or(0) != 0) {
        const std::int64_t seconds = *seen.reserve_for;
        job.reserve_for = std::chrono::seconds(seconds < 0 ? reserve_for_seconds_min : seconds);
    }
    if (!seen.at.empty()) {
        const auto at = parse_at(seen.at);
        if (!at) {
            return refused("invalid timestamp for 'at': '" +
                           std::string(truncate_utf8(seen.at, 100)) + "'");
        }
        job.at = *at;
    }
    job.created_at = now;
    if (!seen.created_at.empty()) {
        // A time that cannot be read is no reason to refuse a job; Faktory looks at it as little.
        const auto created = parse_rfc3339(seen.created_at);
        if (created) job.created_at = *created;
    }
    return {};
}

Status check_queue(std::string_view queue) {
    if (is_queue_name(queue)) return {};
    if (queue.size() > queue_bytes_max) {
        return refused("cannot get \"" + std::string(truncate_utf8(queue, 100)) +
                       "…\" queue: queue names must have at most 255 bytes");
    }
    return refused("cannot get \"" + std::string(queue) +
                   "\" queue: queue names must match \\A[a-zA-Z0-9._-]+\\z");
}

void settle_numbers(Seen& seen) {
    constexpr std::int64_t retry_most = std::numeric_limits<std::int32_t>::max();
    if (seen.retry) {
        seen.job.retry =
            static_cast<std::int32_t>(std::clamp<std::int64_t>(*seen.retry, -1, retry_most));
    }
    if (seen.chosen_priority) {
        seen.job.priority = static_cast<std::uint8_t>(*seen.chosen_priority);
    } else if (seen.priority && *seen.priority >= job_priority_min &&
               *seen.priority <= job_priority_max) {
        seen.job.priority = static_cast<std::uint8_t>(*seen.priority);
    }
}

}  // namespace

Result<JobParts> parse_job(JsonView job, WallTime now) {
    Seen seen;
    if (!job.is_object()) return invalid_json("a job must be an object");
    SLUICE_TRY_STATUS(each_member(job, "a job", [&](std::string_view key, JsonView value) {
        return read_member(key, value, seen);
    }));
    if (seen.job.queue.empty()) seen.job.queue = "default";
    SLUICE_TRY_STATUS(check_names(seen.job, seen.has_args));
    SLUICE_TRY_STATUS(check_times(seen, now));
    SLUICE_TRY_STATUS(check_queue(seen.job.queue));
    if (seen.option_error) return refused(seen.option_error->message);
    settle_numbers(seen);
    return std::move(seen.job);
}

bool is_queue_name(std::string_view name) {
    return !name.empty() && name.size() <= queue_bytes_max &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
           });
}

std::string format_lease(std::uint64_t lease) {
    std::string out(16, '0');
    for (std::size_t i = 16; i-- > 0; lease >>= 4U) out[i] = "0123456789abcdef"[lease & 0xFU];
    return out;
}

Result<std::uint64_t> parse_lease(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (text.empty() || text.size() > 16 || error != std::errc{} ||
        end != text.data() + text.size() || value == 0) {
        return fail(Code::invalid, "a lease is up to 16 hexadecimal digits and not zero");
    }
    return value;
}

}  // namespace sluice::sdk
