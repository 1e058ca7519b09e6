// SPDX-License-Identifier: Apache-2.0
// The part of request.h that names jobs: ACK, FAIL and their batches, REQUEUE, EXTEND, CANCEL,
// WAIT, MUTATE, the filters, and QUEUE SET.
#include "kernel/base/text.h"
#include "sdk/protocol/fields.h"
#include "sdk/protocol/job_json.h"
#include "sdk/protocol/request.h"

#include <algorithm>

namespace sluice::sdk {

namespace {

constexpr Duration delay_max = 366 * 24h;
constexpr std::size_t reason_bytes_max = 1000;

/// True when the member belongs to the name; `status` says how reading it went.
bool read_job_name(std::string_view key, JsonView value, JobName& job, Status& status) {
    if (key == "jid") {
        status = read_text(value, key, job.jid);
        return true;
    }
    if (key == "lease") {
        status = read_lease(value, job.lease);
        return true;
    }
    return false;
}

Status check_job_name(const JobName& job, std::string_view verb, bool needs_lease) {
    if (job.jid.empty()) return fail(Code::invalid, std::string(verb) + ": missing jid");
    if (needs_lease && job.lease == 0) {
        return fail(Code::invalid, error_line(std::string(verb) + ": missing lease of " +
                                              std::string(truncate_utf8(job.jid, 100))));
    }
    return {};
}

Result<AckItem> read_ack(JsonView value, std::string_view verb, bool needs_lease) {
    AckItem item;
    SLUICE_TRY_STATUS(each_member(value, verb, [&](std::string_view key, JsonView member) {
        Status status;
        if (read_job_name(key, member, item.job, status)) return status;
        if (key == "result" && !member.is_null()) item.result = member.raw();
        return status;
    }));
    SLUICE_TRY_STATUS(check_job_name(item.job, verb, needs_lease));
    return item;
}

/// The first lines of a backtrace as a JSON array; lines that are not text are left out.
Status read_backtrace(JsonView value, std::string& out) {
    if (value.is_null()) return {};
    std::size_t lines = 0;
    Status read = each_element(value, "backtrace", [&](JsonView line) -> Status {
        if (lines >= backtrace_lines_max) return {};
        std::string_view text;
        SLUICE_TRY_STATUS(read_text(line, "backtrace", text));
        out += lines == 0 ? '[' : ',';
        put_json_string(out, truncate_utf8(text, message_bytes_max));
        ++lines;
        return {};
    });
    if (lines > 0) out += ']';
    return read;
}

Result<FailItem> read_fail(JsonView value, std::string_view verb, bool needs_lease) {
    FailItem item;
    std::string_view errtype;
    std::string_view message;
    SLUICE_TRY_STATUS(each_member(value, verb, [&](std::string_view key, JsonView member) {
        Status status;
        if (read_job_name(key, member, item.job, status)) return status;
        if (key == "errtype") return read_text(member, key, errtype);
        if (key == "message") return read_text(member, key, message);
        if (key == "backtrace") return read_backtrace(member, item.backtrace);
        if (key == "final") return read_bool(member, key, item.final);
        if (key == "retry_in" && !member.is_null()) {
            Duration delay{0};
            status = read_seconds(member, key, delay_max, delay);
            item.retry_in = delay;
        }
        return status;
    }));
    SLUICE_TRY_STATUS(check_job_name(item.job, verb, needs_lease));
    if (!errtype.empty()) item.errtype = truncate_utf8(errtype, errtype_bytes_max);
    if (!message.empty()) item.message = truncate_utf8(message, message_bytes_max);
    return item;
}

template <class Item, class Read>
Result<std::vector<Item>> read_items(JsonView argument, std::string_view verb, Read&& read) {
    std::vector<Item> items;
    SLUICE_TRY_STATUS(each_element(argument, verb, [&](JsonView value) -> Status {
        if (items.size() >= request_items_max) {
            return fail(Code::invalid, std::string(verb) + ": more than 10000 items");
        }
        SLUICE_TRY(Item item, read(value));
        items.push_back(std::move(item));
        return {};
    }));
    return items;
}

/// What an empty member of a filter means.
enum class EmptyMember : std::uint8_t {
    matches_all,  ///< as in Faktory's MUTATE
    refused,      ///< a list that happened to be empty must not mean all jobs
};

/// One member; true in the result: it was given, and empty.
Result<bool> read_filter_member(std::string_view key, JsonView value, FilterParts& filter) {
    if (key == "jids" || key == "states") {
        auto& texts = key == "jids" ? filter.jids : filter.states;
        SLUICE_TRY_STATUS(read_texts(value, key, texts));
        return texts.empty();
    }
    std::string* text = key == "jobtype"  ? &filter.type
                        : key == "regexp" ? &filter.glob
                        : key == "queue"  ? &filter.queue
                                          : nullptr;
    // Passed over, a slip of the pen would mean all jobs.
    if (text == nullptr) {
        return fail(Code::invalid,
                    error_line("filter: no such member: " + std::string(truncate_utf8(key, 100)) +
                               "; there are jids, jobtype, regexp, states and queue"));
    }
    SLUICE_TRY_STATUS(read_text(value, key, *text));
    return text->empty();
}

Result<FilterParts> read_filter(JsonView value, EmptyMember empty) {
    FilterParts filter;
    if (value.is_null()) return filter;
    SLUICE_TRY_STATUS(
        each_member(value, "filter", [&](std::string_view key, JsonView member) -> Status {
            SLUICE_TRY(const bool is_empty, read_filter_member(key, member, filter));
            if (!is_empty || member.is_null() || empty == EmptyMember::matches_all) return {};
            return fail(Code::invalid, "filter: " + std::string(key) + " must not be empty");
        }));
    return filter;
}

}  // namespace

Result<AckItem> parse_ack(JsonView argument) { return read_ack(argument, "ACK", false); }

Result<std::vector<AckItem>> parse_ackb(JsonView argument) {
    return read_items<AckItem>(argument, "ACKB",
                               [](JsonView value) { return read_ack(value, "ACKB", true); });
}

Result<FailItem> parse_fail(JsonView argument) { return read_fail(argument, "FAIL", false); }

Result<std::vector<FailItem>> parse_failb(JsonView argument) {
    return read_items<FailItem>(argument, "FAILB",
                                [](JsonView value) { return read_fail(value, "FAILB", true); });
}

Result<MutateRequest> parse_mutate(JsonView argument) {
    MutateRequest mutate;
    std::string_view cmd;
    std::string_view target;
    SLUICE_TRY_STATUS(
        each_member(argument, "MUTATE", [&](std::string_view key, JsonView value) -> Status {
            if (key == "cmd") return read_text(value, key, cmd);
            if (key == "target") return read_text(value, key, target);
            if (key == "filter") {
                SLUICE_TRY(mutate.filter, read_filter(value, EmptyMember::matches_all));
            }
            return {};
        }));
    if (cmd == "clear") {
        mutate.action = MutateWord::clear;
        mutate.filter = {};
    } else if (cmd == "kill") {
        mutate.action = MutateWord::kill;
    } else if (cmd == "discard") {
        mutate.action = MutateWord::discard;
    } else if (cmd == "requeue") {
        mutate.action = MutateWord::requeue;
    } else {
        return fail(Code::invalid, "unknown mutate operation");
    }
    if (target == "scheduled") {
        mutate.target = MutateTarget::scheduled;
    } else if (target == "retries") {
        mutate.target = MutateTarget::retries;
    } else if (target == "dead") {
        mutate.target = MutateTarget::dead;
    } else {
        return fail(Code::invalid, "invalid target for mutation command");
    }
    return mutate;
}

Result<RequeueRequest> parse_requeue(JsonView argument) {
    RequeueRequest requeue;
    SLUICE_TRY_STATUS(each_member(argument, "REQUEUE", [&](std::string_view key, JsonView value) {
        Status status;
        if (read_job_name(key, value, requeue.job, status)) return status;
        if (key == "delay_s") return read_seconds(value, key, delay_max, requeue.delay);
        return status;
    }));
    SLUICE_TRY_STATUS(check_job_name(requeue.job, "REQUEUE", false));
    return requeue;
}

Result<ExtendRequest> parse_extend(JsonView argument) {
    ExtendRequest extend;
    SLUICE_TRY_STATUS(each_member(argument, "EXTEND", [&](std::string_view key, JsonView value) {
        Status status;
        if (read_job_name(key, value, extend.job, status)) return status;
        // More than may be is refused with the words for less, below.
        if (key == "for_s" && !read_seconds(value, key, reserve_for_max, extend.length))
            extend.length = Duration{0};
        return status;
    }));
    SLUICE_TRY_STATUS(check_job_name(extend.job, "EXTEND", true));
    if (extend.length < 1s) return fail(Code::invalid, "EXTEND: for_s must be 1 to 86400 seconds");
    return extend;
}

Result<CancelRequest> parse_cancel(JsonView argument) {
    CancelRequest cancel;
    std::string jid;
    bool has_filter = false;
    std::vector<std::string> jids;
    SLUICE_TRY_STATUS(
        each_member(argument, "CANCEL", [&](std::string_view key, JsonView value) -> Status {
            if (key == "jid") return read_text(value, key, jid);
            if (key == "jids") return read_texts(value, key, jids);
            if (key == "reason") return read_text(value, key, cancel.reason);
            if (key == "filter" && !value.is_null()) {
                has_filter = true;
                SLUICE_TRY(cancel.filter, read_filter(value, EmptyMember::refused));
            }
            return {};
        }));
    if (!jid.empty()) jids.push_back(std::move(jid));
    if (!jids.empty()) cancel.filter.jids = std::move(jids);
    if (!has_filter && cancel.filter.jids.empty()) {
        return fail(Code::invalid, "CANCEL: needs a jid, jids or a filter");
    }
    cancel.reason = truncate_utf8(cancel.reason, reason_bytes_max);
    return cancel;
}

Result<WaitRequest> parse_wait(JsonView argument) {
    WaitRequest wait;
    std::int64_t timeout_ms = 0;
    SLUICE_TRY_STATUS(
        each_member(argument, "WAIT", [&](std::string_view key, JsonView value) -> Status {
            if (key == "jids") return read_texts(value, key, wait.jids);
            if (key == "timeout_ms") return read_int(value, key, timeout_ms);
            return {};
        }));
    if (wait.jids.empty()) return fail(Code::invalid, "WAIT: needs jids");
    if (timeout_ms < 0) return fail(Code::invalid, "WAIT: timeout_ms must not be negative");
    wait.timeout = bounded_ms(timeout_ms, wait_max);
    return wait;
}

Result<ListRequest> parse_list(JsonView argument) {
    ListRequest list;
    std::int64_t limit = list.limit;
    SLUICE_TRY_STATUS(
        each_member(argument, "JOB LIST", [&](std::string_view key, JsonView value) -> Status {
            if (key == "filter") {
                SLUICE_TRY(list.filter, read_filter(value, EmptyMember::refused));
            }
            if (key == "after") return read_sequence(value, key, list.after);
            if (key == "limit") return read_int(value, key, limit);
            return {};
        }));
    if (limit < 1) return fail(Code::invalid, "JOB LIST: limit must be at least 1");
    list.limit = static_cast<std::uint32_t>(std::min<std::int64_t>(limit, list_jobs_max));
    return list;
}

Result<QueueRequest> parse_queue_set(std::string_view argument, JsonParser& parser) {
    SLUICE_TRY(const JsonView value, read_argument(argument, parser));
    std::string name;
    std::string_view durability;
    SLUICE_TRY_STATUS(
        each_member(value, "QUEUE SET", [&](std::string_view key, JsonView member) -> Status {
            if (key == "name") return read_text(member, key, name);
            if (key == "durability") return read_text(member, key, durability);
            return {};
        }));
    if (!is_queue_name(name)) return fail(Code::invalid, "QUEUE SET: needs a queue name");
    if (durability != "sync" && durability != "async") {
        return fail(Code::invalid, "QUEUE SET: durability must be sync or async");
    }
    QueueRequest queue;
    queue.action = durability == "sync" ? QueueWord::make_sync : QueueWord::make_async;
    queue.names.push_back(std::move(name));
    return queue;
}

}  // namespace sluice::sdk
