// SPDX-License-Identifier: Apache-2.0
// The writing half of job_json.h. Times are written by hand: snprintf alone would cost more than
// all the rest of a job.
#include "sdk/protocol/fields.h"
#include "sdk/protocol/job_json.h"

#include <algorithm>
#include <charconv>

namespace sluice::sdk {

namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;

void put_digits(char* to, std::uint32_t value, int count) {
    for (int i = count; i-- > 0; value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

/// `"YYYY-MM-DDThh:mm:ss.fffffffffZ"`, quotes included; times before 1970 do not occur.
void append_time(std::string& out, WallTime time) {
    using namespace std::chrono;
    const std::int64_t total = std::max<std::int64_t>(to_ns(time), 0);
    const auto fraction = static_cast<std::uint32_t>(total % ns_per_second);
    const sys_seconds at{seconds{total / ns_per_second}};
    const sys_days day = floor<days>(at);
    const year_month_day date{day};
    const auto second = static_cast<std::uint32_t>((at - day).count());
    char text[] = "\"0000-00-00T00:00:00.000000000Z\"";
    put_digits(text + 1, static_cast<std::uint32_t>(static_cast<int>(date.year())), 4);
    put_digits(text + 6, static_cast<unsigned>(date.month()), 2);
    put_digits(text + 9, static_cast<unsigned>(date.day()), 2);
    put_digits(text + 12, second / 3600, 2);
    put_digits(text + 15, second / 60 % 60, 2);
    put_digits(text + 18, second % 60, 2);
    constexpr std::size_t point = 20;
    std::size_t end = point;
    if (fraction != 0) {
        put_digits(text + point + 1, fraction, 9);
        end = point + 10;
        while (text[end - 1] == '0') --end;
    }
    out.append(text, end);
    out += "Z\"";
}

void append_number(std::string& out, std::int64_t value) {
    char text[24];
    const auto result = std::to_chars(text, text + sizeof text, value);
    out.append(text, result.ptr);
}

void put_text(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    put_json_string(out, value);
}

void put_time(std::string& out, std::string_view name, WallTime time) {
    if (to_ns(time) == 0) return;
    out += name;
    append_time(out, time);
}

void put_number(std::string& out, std::string_view name, std::int64_t value) {
    out += name;
    append_number(out, value);
}

void put_raw(std::string& out, std::string_view name, std::string_view json) {
    if (json.empty()) return;
    out += name;
    out += json;
}

void put_failure(std::string& out, const FailureView& failure) {
    put_number(out, ",\"failure\":{\"retry_count\":", failure.retry_count);
    put_number(out, ",\"remaining\":", failure.remaining);
    put_time(out, ",\"failed_at\":", failure.failed_at);
    put_time(out, ",\"next_at\":", failure.next_at);
    put_text(out, ",\"message\":", failure.message);
    put_text(out, ",\"errtype\":", failure.errtype);
    put_raw(out, ",\"backtrace\":", failure.backtrace);
    out += '}';
}

void put_status(std::string& out, const StatusView& status) {
    put_text(out, ",\"state\":", status.state);
    put_text(out, ",\"seq\":", std::to_string(status.seq));
    put_time(out, ",\"changed_at\":", status.changed_at);
    put_time(out, ",\"due_at\":", status.due_at);
    put_time(out, ",\"lease_expires_at\":", status.lease_expires_at);
    if (!status.worker.empty()) put_text(out, ",\"worker\":", status.worker);
    if (status.cancel_requested) out += ",\"cancel_requested\":true";
    if (const ProgressView* progress = status.progress; progress != nullptr) {
        put_number(out, ",\"progress\":{\"percent\":", progress->percent);
        if (!progress->note.empty()) put_text(out, ",\"note\":", progress->note);
        put_time(out, ",\"at\":", progress->at);
        out += '}';
    }
    put_raw(out, ",\"result\":", status.result);
    if (status.why.empty()) return;
    out += ",\"why\":[";
    bool first = true;
    for (const std::string& reason : status.why) {
        put_text(out, first ? "" : ",", reason);
        first = false;
    }
    out += ']';
}

}  // namespace

std::string compact_json(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    bool in_text = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (!in_text && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) continue;
        out += c;
        if (c == '"') in_text = !in_text;
        if (c == '\\' && in_text && i + 1 < json.size()) out += json[++i];
    }
    return out;
}

void append_job_json(std::string& out, const JobView& job) {
    out.reserve(out.size() + 256 + job.args.size() + job.custom.size() + job.extra.size());
    put_text(out, "{\"jid\":", job.jid);
    put_text(out, ",\"queue\":", job.queue);
    put_text(out, ",\"jobtype\":", job.type);
    put_raw(out, ",\"args\":", job.args);
    put_time(out, ",\"created_at\":", job.created_at);
    put_time(out, ",\"enqueued_at\":", job.enqueued_at);
    put_time(out, ",\"at\":", job.at);
    put_number(out, ",\"retry\":", job.retry);
    if (job.reserve_for > Duration{0}) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(job.reserve_for);
        put_number(out, ",\"reserve_for\":", seconds.count());
    }
    if (job.priority != job_priority_default) put_number(out, ",\"priority\":", job.priority);
    put_raw(out, ",\"custom\":", job.custom);
    if (job.failure != nullptr) put_failure(out, *job.failure);
    put_raw(out, ",", job.extra);
    if (job.lease != 0) put_text(out, ",\"lease\":", format_lease(job.lease));
    if (job.attempt != 0) put_number(out, ",\"attempt\":", job.attempt);
    if (job.status != nullptr) put_status(out, *job.status);
    out += '}';
}

}  // namespace sluice::sdk
