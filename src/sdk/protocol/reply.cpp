// SPDX-License-Identifier: Apache-2.0
#include "sdk/protocol/reply.h"

#include "sdk/protocol/fields.h"
#include "sdk/protocol/job_json.h"

namespace sluice::sdk {

namespace {

template <class Items, class Put>
void append_list(std::string& out, const Items& items, Put&& put) {
    out += '[';
    bool first = true;
    for (const auto& item : items) {
        if (!first) out += ',';
        first = false;
        put(item);
    }
    out += ']';
}

}  // namespace

void append_refusals(std::string& out,
                     std::span<const std::pair<std::string_view, std::string_view>> refused) {
    out += '{';
    bool first = true;
    for (const auto& [jid, text] : refused) {
        if (!first) out += ',';
        first = false;
        put_json_string(out, jid);
        out += ':';
        put_json_string(out, text);
    }
    out += '}';
}

Result<std::vector<Refusal>> parse_refusals(JsonView reply) {
    std::vector<Refusal> refused;
    SLUICE_TRY_STATUS(
        each_member(reply, "the reply", [&](std::string_view jid, JsonView value) -> Status {
            refused.push_back({.jid = std::string(jid), .text = {}});
            return read_text(value, "the reply", refused.back().text);
        }));
    return refused;
}

void append_beat_answer(std::string& out, const BeatAnswer& answer) {
    out += '{';
    if (answer.state != WorkerWord::running) {
        out += "\"state\":\"";
        out += to_string(answer.state);
        out += "\",";
    }
    out += "\"cancel\":";
    append_list(out, answer.cancel, [&](const std::string& jid) { put_json_string(out, jid); });
    out += ",\"lost\":";
    append_list(out, answer.lost,
                [&](std::uint64_t lease) { put_json_string(out, format_lease(lease)); });
    out += '}';
}

Result<BeatAnswer> parse_beat_answer(JsonView reply) {
    BeatAnswer answer;
    std::string_view state;
    SLUICE_TRY_STATUS(
        each_member(reply, "the reply", [&](std::string_view key, JsonView value) -> Status {
            if (key == "cancel") return read_texts(value, key, answer.cancel);
            if (key == "lost") return read_leases(value, key, answer.lost);
            if (key != "state") return {};
            return read_text(value, key, state);
        }));
    if (state == "quiet") answer.state = WorkerWord::quiet;
    if (state == "terminate") answer.state = WorkerWord::terminate;
    return answer;
}

void append_wait_answer(std::string& out, bool complete, std::span<const WaitedView> jobs) {
    out += complete ? "{\"complete\":true,\"jobs\":" : "{\"complete\":false,\"jobs\":";
    append_list(out, jobs, [&](const WaitedView& job) {
        out += "{\"jid\":";
        put_json_string(out, job.jid);
        out += ",\"state\":";
        put_json_string(out, job.state);
        if (!job.result.empty()) {
            out += ",\"result\":";
            out += job.result;
        }
        if (!job.errtype.empty()) {
            out += ",\"error\":{\"errtype\":";
            put_json_string(out, job.errtype);
            out += ",\"message\":";
            put_json_string(out, job.message);
            out += '}';
        }
        out += '}';
    });
    out += '}';
}

void append_count(std::string& out, std::uint64_t count) {
    out += "{\"count\":" + std::to_string(count) + '}';
}

}  // namespace sluice::sdk
