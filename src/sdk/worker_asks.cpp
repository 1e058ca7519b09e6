// SPDX-License-Identifier: Apache-2.0
#include "sdk/worker_asks.h"

#include "sdk/client_text.h"

#include <algorithm>
#include <iterator>

namespace sluice::sdk {

namespace {

/// A WAIT answer carries the results; so many names mostly keep it below what a reply may have.
constexpr std::size_t ends_chunk_max = 100;

Result<Reply> ask(Asks& asks, const std::string& line, const CancelToken& cancel) {
    SLUICE_TRY_STATUS(cancel.check());
    auto place = std::make_shared<AskPlace>();
    const ChannelStatus put = asks.try_push(Ask{.line = line + "\r\n", .place = place});
    if (put == ChannelStatus::closed) return fail(Code::cancelled, "the worker has stopped");
    if (put != ChannelStatus::ok) {
        return fail(Code::busy, "too many requests wait for the worker's connection");
    }
    Result<Reply> reply = fail(Code::timeout, "no reply came in time");
    // A passing deadline of the token is the job's time limit.
    const Selected selected = select(no_deadline, cancel, place->reply);
    if (selected.outcome == SelectOutcome::ready &&
        place->reply.try_pop(reply) == ChannelStatus::ok) {
        return reply;
    }
    place->is_abandoned = true;
    SLUICE_TRY_STATUS(cancel.check());
    return reply;
}

Result<JsonView> read_bulk(const Reply& reply, JsonParser& parser) {
    if (reply.kind != ReplyKind::bulk) return error_of(reply);
    return parser.parse(reply.text);
}

}  // namespace

Result<std::vector<Refusal>> push_by(Asks& asks, std::span<JobSpec> jobs,
                                     const CancelToken& cancel) {
    if (jobs.size() > context_push_max) {
        return fail(Code::exhausted, "a handler pushes at most 10000 jobs in one call");
    }
    std::vector<Refusal> refused;
    JsonParser parser;
    while (!jobs.empty()) {
        SLUICE_TRY(const PushChunk chunk, push_chunk(jobs));
        SLUICE_TRY(const Reply reply, ask(asks, chunk.line, cancel));
        SLUICE_TRY(const JsonView json, read_bulk(reply, parser));
        SLUICE_TRY(auto some, parse_refusals(json));
        std::move(some.begin(), some.end(), std::back_inserter(refused));
        jobs = jobs.subspan(chunk.jobs);
    }
    return refused;
}

Result<std::vector<JobEnd>> ends_by(Asks& asks, std::span<const std::string> jids,
                                    const CancelToken& cancel) {
    if (jids.size() > context_push_max) {
        return fail(Code::exhausted, "a handler asks about at most 10000 jobs in one call");
    }
    std::vector<JobEnd> ends;
    JsonParser parser;
    std::size_t names_max = ends_chunk_max;
    while (!jids.empty()) {
        const auto some = jids.first(std::min(jids.size(), names_max));
        auto reply = ask(asks, wait_line(some, Duration{0}), cancel);
        if (some.size() > 1 && is_too_much(reply)) {
            names_max = some.size() / 2;
            continue;
        }
        if (!reply) return std::move(reply).error();
        SLUICE_TRY(const JsonView json, read_bulk(*reply, parser));
        SLUICE_TRY(auto answered, read_wait_answer(json));
        std::move(answered.begin(), answered.end(), std::back_inserter(ends));
        jids = jids.subspan(some.size());
    }
    return ends;
}

}  // namespace sluice::sdk
