// SPDX-License-Identifier: Apache-2.0
#include "sdk/client_text.h"

#include "kernel/wire/json_text.h"
#include "sdk/protocol/fields.h"

namespace sluice::sdk {

namespace {

void put_texts(JsonWriter& json, std::string_view name, std::span<const std::string> texts) {
    if (texts.empty()) return;
    json.key(name).begin_array();
    for (const std::string& text : texts) json.string(text);
    json.end_array();
}

void put_text(JsonWriter& json, std::string_view name, std::string_view text) {
    if (!text.empty()) json.key(name).string(text);
}

void put_filter(JsonWriter& json, const FilterParts& filter) {
    json.key("filter").begin_object();
    put_texts(json, "jids", filter.jids);
    put_text(json, "jobtype", filter.type);
    put_text(json, "regexp", filter.glob);
    put_texts(json, "states", filter.states);
    put_text(json, "queue", filter.queue);
    json.end_object();
}

std::string_view word_of(MutateWord action) {
    switch (action) {
        case MutateWord::clear: return "clear";
        case MutateWord::kill: return "kill";
        case MutateWord::discard: return "discard";
        case MutateWord::requeue: return "requeue";
    }
    return "";
}

std::string_view word_of(MutateTarget target) {
    switch (target) {
        case MutateTarget::scheduled: return "scheduled";
        case MutateTarget::retries: return "retries";
        case MutateTarget::dead: return "dead";
    }
    return "";
}

Status read_failure(JsonView value, std::string& errtype, std::string& message) {
    if (value.is_null()) return {};
    return each_member(value, "failure", [&](std::string_view key, JsonView member) -> Status {
        if (key == "errtype") return read_text(member, key, errtype);
        if (key == "message") return read_text(member, key, message);
        return {};
    });
}

Status read_end(JsonView value, JobEnd& end) {
    return each_member(value, "a job", [&](std::string_view key, JsonView member) -> Status {
        if (key == "jid") return read_text(member, key, end.jid);
        if (key == "state") return read_text(member, key, end.state);
        if (key == "result") end.result = member.raw();
        if (key == "error") return read_failure(member, end.errtype, end.message);
        return {};
    });
}

}  // namespace

Result<PushChunk> push_chunk(std::span<JobSpec> jobs) {
    PushChunk chunk{.line = "PUSHB ["};
    for (JobSpec& job : jobs) {
        if (chunk.jobs >= push_chunk_jobs_max || chunk.line.size() >= push_chunk_bytes_max) break;
        if (job.jid.empty()) job.jid = new_jid();
        if (chunk.jobs > 0) chunk.line += ',';
        SLUICE_TRY_STATUS(append_push_json(chunk.line, job));
        ++chunk.jobs;
    }
    chunk.line += ']';
    return chunk;
}

std::string wait_line(std::span<const std::string> jids, Duration timeout) {
    std::string line = "WAIT ";
    JsonWriter json(line);
    json.begin_object();
    put_texts(json, "jids", jids);
    json.key("timeout_ms")
        .integer(std::chrono::ceil<std::chrono::milliseconds>(timeout).count())
        .end_object();
    return line;
}

bool is_too_much(const Result<Reply>& answer) {
    if (!answer) return answer.error().code == Code::exhausted;
    return answer->kind == ReplyKind::error && answer->text.starts_with("LIMITED ");
}

std::string cancel_line(const FilterParts& filter, std::string_view reason) {
    std::string line = "CANCEL ";
    JsonWriter json(line);
    json.begin_object();
    put_filter(json, filter);
    put_text(json, "reason", reason);
    json.end_object();
    return line;
}

std::string list_line(const ListRequest& request) {
    std::string line = "JOB LIST ";
    JsonWriter json(line);
    json.begin_object();
    put_filter(json, request.filter);
    if (request.after != 0) json.key("after").string(std::to_string(request.after));
    json.key("limit").unsigned_integer(request.limit);
    json.end_object();
    return line;
}

std::string mutate_line(const MutateRequest& request) {
    std::string line = "MUTATE ";
    JsonWriter json(line);
    json.begin_object();
    json.key("cmd").string(word_of(request.action));
    json.key("target").string(word_of(request.target));
    put_filter(json, request.filter);
    json.end_object();
    return line;
}

Result<std::string> queue_line(const QueueRequest& request) {
    for (const std::string& name : request.names) {
        if (!is_queue_name(name)) return fail(Code::invalid, "not a queue name: \"" + name + '"');
    }
    if (request.names.empty() && !request.all) return fail(Code::invalid, "a queue name is needed");
    std::string line = "QUEUE ";
    switch (request.action) {
        case QueueWord::pause: line += "PAUSE"; break;
        case QueueWord::resume: line += "RESUME"; break;
        case QueueWord::remove: line += "REMOVE"; break;
        case QueueWord::latency: return fail(Code::invalid, "latency changes nothing");
        case QueueWord::make_sync:
        case QueueWord::make_async:
            if (request.names.size() != 1) return fail(Code::invalid, "one queue name is needed");
            line += "SET ";
            JsonWriter(line)
                .begin_object()
                .key("name")
                .string(request.names.front())
                .key("durability")
                .string(request.action == QueueWord::make_sync ? "sync" : "async")
                .end_object();
            return line;
    }
    if (request.all) line += " *";
    for (const std::string& name : request.names) (line += ' ') += name;
    return line;
}

Result<JobStatus> read_job_status(JsonView json) {
    JobStatus status;
    std::int64_t attempt = 0;
    SLUICE_TRY_STATUS(
        each_member(json, "a job", [&](std::string_view key, JsonView value) -> Status {
            if (key == "jid") return read_text(value, key, status.jid);
            if (key == "jobtype") return read_text(value, key, status.type);
            if (key == "queue") return read_text(value, key, status.queue);
            if (key == "state") return read_text(value, key, status.state);
            if (key == "attempt") return read_int(value, key, attempt);
            if (key == "result") status.result = value.raw();
            if (key == "failure") return read_failure(value, status.errtype, status.message);
            if (key == "why") return read_texts(value, key, status.why);
            return {};
        }));
    status.attempt = static_cast<int>(attempt);
    return status;
}

Result<std::vector<JobEnd>> read_wait_answer(JsonView json) {
    std::vector<JobEnd> ends;
    if (const auto jobs = json.find("jobs")) {
        SLUICE_TRY_STATUS(each_element(
            *jobs, "jobs", [&](JsonView value) { return read_end(value, ends.emplace_back()); }));
    }
    return ends;
}

Result<std::uint64_t> read_count(JsonView json) {
    const auto count = json.find("count");
    if (!count) return wrong_type("the reply", "{\"count\":N}");
    return count->as_uint();
}

Result<std::vector<QueueSize>> read_queue_sizes(JsonView json) {
    std::vector<QueueSize> queues;
    const auto faktory = json.find("faktory");
    const auto sizes = faktory ? faktory->find("queues") : std::nullopt;
    if (!sizes) return wrong_type("the reply", "an INFO document");
    SLUICE_TRY_STATUS(
        each_member(*sizes, "queues", [&](std::string_view name, JsonView value) -> Status {
            SLUICE_TRY(const std::uint64_t jobs, value.as_uint());
            queues.push_back({.name = std::string(name), .jobs = jobs});
            return {};
        }));
    return queues;
}

}  // namespace sluice::sdk
