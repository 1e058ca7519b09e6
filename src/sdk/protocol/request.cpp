// SPDX-License-Identifier: Apache-2.0
#include "sdk/protocol/request.h"

#include "kernel/base/text.h"
#include "sdk/protocol/fields.h"
#include "sdk/protocol/job_json.h"

#include <algorithm>
#include <array>

namespace sluice::sdk {

namespace {

constexpr std::size_t error_bytes_max = 1000;

constexpr std::array<std::string_view, 21> verbs{
    "",     "HELLO", "PUSH",    "PUSHB",  "FETCH",  "ACK",   "FAIL",
    "BEAT", "INFO",  "FLUSH",   "END",    "MUTATE", "QUEUE", "FETCHB",
    "ACKB", "FAILB", "REQUEUE", "EXTEND", "CANCEL", "JOB",   "WAIT"};
static_assert(verbs.size() == static_cast<std::size_t>(Verb::wait) + 1);

/// "quiet" and "terminate" as states; anything else means running.
WorkerWord worker_word(std::string_view text) {
    if (text == "quiet") return WorkerWord::quiet;
    return text == "terminate" ? WorkerWord::terminate : WorkerWord::running;
}

/// "words and the rest": splits at the first blank and skips further ones.
std::string_view take_word(std::string_view& rest) {
    rest = trim(rest);
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest = trim(rest.substr(end));
    return word;
}

}  // namespace

std::string_view to_string(Verb verb) { return verbs[static_cast<std::size_t>(verb)]; }

std::string_view to_string(WorkerWord state) {
    switch (state) {
        case WorkerWord::running: return "running";
        case WorkerWord::quiet: return "quiet";
        case WorkerWord::terminate: return "terminate";
    }
    return "";
}

RequestLine parse_request_line(std::string_view line) {
    RequestLine request;
    const std::size_t blank = line.find(' ');
    request.word = line.substr(0, blank);
    if (blank != std::string_view::npos) request.argument = line.substr(blank + 1);
    for (std::size_t i = 1; i < verbs.size(); ++i) {
        if (request.word == verbs[i]) request.verb = static_cast<Verb>(i);
    }
    return request;
}

std::string error_line(std::string_view text) {
    std::string line(truncate_utf8(text, error_bytes_max));
    std::replace_if(
        line.begin(), line.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
    return line;
}

std::string unknown_command_text(std::string_view word) {
    return error_line("unknown command " + std::string(truncate_utf8(word, 100)));
}

Error invalid_json(std::string_view detail) {
    constexpr std::string_view said = "invalid JSON ";  // by the parser, with the place
    if (detail.starts_with(said)) detail.remove_prefix(said.size());
    return fail(Code::invalid, error_line("invalid JSON: " + std::string(detail)));
}

Result<HelloRequest> parse_hello(JsonView argument) {
    HelloRequest hello;
    std::int64_t extended = 0;
    std::int64_t slots = 0;
    SLUICE_TRY_STATUS(
        each_member(argument, "HELLO", [&](std::string_view key, JsonView value) -> Status {
            if (key == "v") return read_int(value, key, hello.v);
            if (key == "hostname") return read_text(value, key, hello.hostname);
            if (key == "wid") return read_text(value, key, hello.wid);
            if (key == "pid") return read_int(value, key, hello.pid);
            if (key == "labels") return read_texts(value, key, hello.labels);
            if (key == "username") return read_text(value, key, hello.username);
            if (key == "pwdhash") return read_text(value, key, hello.pwdhash);
            if (key == "x") return read_int(value, key, extended);
            if (key == "slots") return read_int(value, key, slots);
            return {};
        }));
    hello.extended = extended >= 1;
    hello.slots = static_cast<std::uint32_t>(std::clamp<std::int64_t>(slots, 0, 1'000'000));
    return hello;
}

namespace {

Status read_progress(JsonView value, std::vector<ProgressItem>& out) {
    if (value.is_null()) return {};
    return each_element(value, "progress", [&](JsonView element) -> Status {
        if (out.size() >= request_items_max) {
            return fail(Code::invalid, "progress: more than 10000 items");
        }
        ProgressItem item;
        std::int64_t percent = 0;
        std::string_view note;
        SLUICE_TRY_STATUS(
            each_member(element, "progress", [&](std::string_view key, JsonView member) -> Status {
                if (key == "lease") return read_lease(member, item.lease);
                if (key == "percent") return read_int(member, key, percent);
                if (key == "note") return read_text(member, key, note);
                return {};
            }));
        if (item.lease == 0) return {};
        item.percent = static_cast<std::int32_t>(std::clamp<std::int64_t>(percent, 0, 100));
        item.note = truncate_utf8(note, progress_note_bytes_max);
        out.push_back(std::move(item));
        return {};
    });
}

}  // namespace

Result<BeatRequest> parse_beat(JsonView argument) {
    BeatRequest beat;
    std::string_view state;
    SLUICE_TRY_STATUS(
        each_member(argument, "BEAT", [&](std::string_view key, JsonView value) -> Status {
            if (key == "wid") return read_text(value, key, beat.wid);
            if (key == "current_state") return read_text(value, key, state);
            if (key == "rss_kb") return read_int(value, key, beat.rss_kb);
            if (key == "jobs" && !value.is_null()) {
                beat.has_leases = true;
                return read_leases(value, key, beat.leases);
            }
            if (key == "progress") return read_progress(value, beat.progress);
            return {};
        }));
    if (!state.empty()) beat.state = worker_word(state);
    return beat;
}

namespace {

/// Nothing can ever be in a queue of such a name: it is empty, and need not be remembered.
void drop_impossible(std::vector<std::string>& queues) {
    std::erase_if(queues, [](const std::string& name) { return !is_queue_name(name); });
}

}  // namespace

Result<FetchRequest> parse_fetch(std::string_view argument) {
    FetchRequest fetch;
    for (const std::string_view name : split_words(argument)) fetch.queues.emplace_back(name);
    if (fetch.queues.empty()) fetch.queues.emplace_back("default");
    if (fetch.queues.size() > request_names_max) {
        return fail(Code::invalid, "too many queues in one FETCH");
    }
    drop_impossible(fetch.queues);
    return fetch;
}

Result<FetchRequest> parse_fetchb(JsonView argument) {
    FetchRequest fetch;
    std::int64_t max = 1;
    std::int64_t wait_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(fetch.wait).count();
    SLUICE_TRY_STATUS(
        each_member(argument, "FETCHB", [&](std::string_view key, JsonView value) -> Status {
            if (key == "queues") return read_texts(value, key, fetch.queues);
            if (key == "max") return read_int(value, key, max);
            if (key == "wait_ms") return read_int(value, key, wait_ms);
            return {};
        }));
    std::erase_if(fetch.queues, [](const std::string& name) { return name.empty(); });
    if (fetch.queues.empty()) fetch.queues.emplace_back("default");
    drop_impossible(fetch.queues);
    if (max < 1) return fail(Code::invalid, "FETCHB: max must be at least 1");
    if (wait_ms < 0) return fail(Code::invalid, "FETCHB: wait_ms must not be negative");
    fetch.max = static_cast<std::uint32_t>(std::min<std::int64_t>(max, fetch_jobs_max));
    fetch.wait = bounded_ms(wait_ms, wait_max);
    return fetch;
}

Result<QueueRequest> parse_queue(std::string_view argument, JsonParser& parser) {
    std::string_view rest = argument;
    const std::string_view sub = take_word(rest);
    std::string upper(truncate_utf8(sub, 100));
    std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    if (upper == "SET") return parse_queue_set(rest, parser);
    QueueRequest queue;
    if (upper == "PAUSE") {
        queue.action = QueueWord::pause;
    } else if (upper == "RESUME") {
        queue.action = QueueWord::resume;
    } else if (upper == "REMOVE") {
        queue.action = QueueWord::remove;
    } else if (upper == "LATENCY") {
        queue.action = QueueWord::latency;
    } else {
        return fail(Code::invalid, error_line("no such QUEUE subcommand: " +
                                              std::string(truncate_utf8(sub, 100))));
    }
    for (const std::string_view name : split_words(rest)) {
        if (name == "*") queue.all = true;
        if (is_queue_name(name)) queue.names.emplace_back(name);
    }
    if (queue.all && queue.action == QueueWord::latency) {
        return fail(Code::invalid, "QUEUE LATENCY does not support wildcards");
    }
    if (queue.names.size() > request_names_max) {
        return fail(Code::invalid, "too many names in one QUEUE command");
    }
    return queue;
}

Result<JobRequest> parse_job_request(std::string_view argument, JsonParser& parser) {
    std::string_view rest = argument;
    const std::string_view sub = take_word(rest);
    JobRequest request;
    if (sub == "LIST") {
        request.is_list = true;
        SLUICE_TRY(const JsonView value, read_argument(rest.empty() ? "{}" : rest, parser));
        SLUICE_TRY(request.list, parse_list(value));
        return request;
    }
    if (sub != "GET") {
        return fail(Code::invalid,
                    error_line("no such JOB subcommand: " + std::string(truncate_utf8(sub, 100))));
    }
    if (rest.starts_with('{') || rest.starts_with('"')) {
        SLUICE_TRY(const JsonView value, read_argument(rest, parser));
        if (rest.starts_with('"')) {
            SLUICE_TRY_STATUS(read_text(value, "jid", request.jid));
        } else {
            SLUICE_TRY_STATUS(
                each_member(value, "JOB GET", [&](std::string_view key, JsonView member) {
                    return key == "jid" ? read_text(member, key, request.jid) : Status();
                }));
        }
    } else {
        request.jid = rest;
    }
    if (request.jid.empty()) return fail(Code::invalid, "JOB GET: missing jid");
    return request;
}

}  // namespace sluice::sdk
