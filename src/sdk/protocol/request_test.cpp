// SPDX-License-Identifier: Apache-2.0
#include "sdk/protocol/request.h"

#include "sdk/protocol/fields.h"
#include "sdk/protocol/reply.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

/// Parses the JSON and hands it on; what comes back owns its texts.
template <class T>
Result<T> read(Result<T> (*parse)(JsonView), std::string_view json) {
    JsonParser parser;
    auto value = read_argument(json, parser);
    if (!value) return std::move(value).error();
    return parse(*value);
}

template <class T>
std::string error_of(const Result<T>& result) {
    return result ? "(no error)" : result.error().message;
}

TEST(RequestLine, IsSplitAtTheFirstBlank) {
    struct Case {
        std::string_view line;
        Verb verb;
        std::string_view word;
        std::string_view argument;
    };
    for (const Case& c : {
             Case{"INFO", Verb::info, "INFO", ""},
             Case{"PUSH {\"a\": 1}", Verb::push, "PUSH", "{\"a\": 1}"},
             Case{"FETCH ", Verb::fetch, "FETCH", ""},
             Case{"FETCH  a b", Verb::fetch, "FETCH", " a b"},
             Case{"push {}", Verb::unknown, "push", "{}"},
             Case{"PUSHBX []", Verb::unknown, "PUSHBX", "[]"},
             Case{"", Verb::unknown, "", ""},
             Case{" PUSH", Verb::unknown, "", "PUSH"},
             Case{"ACK\t{}", Verb::unknown, "ACK\t{}", ""},
         }) {
        const RequestLine line = parse_request_line(c.line);
        EXPECT_EQ(line.verb, c.verb) << c.line;
        EXPECT_EQ(line.word, c.word) << c.line;
        EXPECT_EQ(line.argument, c.argument) << c.line;
    }
}

TEST(RequestLine, EveryVerbIsKnownByItsWord) {
    for (int i = 1; i <= static_cast<int>(Verb::wait); ++i) {
        const Verb verb = static_cast<Verb>(i);
        EXPECT_FALSE(to_string(verb).empty());
        EXPECT_EQ(parse_request_line(to_string(verb)).verb, verb);
    }
    EXPECT_EQ(to_string(Verb::unknown), "");
}

TEST(RequestLine, ErrorTextsAreOneBoundedLine) {
    EXPECT_EQ(unknown_command_text("HELLO"), "unknown command HELLO");
    EXPECT_EQ(unknown_command_text("a\rb\nc\x7F"), "unknown command a b c ");
    EXPECT_EQ(unknown_command_text(std::string(5000, 'x')).size(), 16U + 100U);
    EXPECT_EQ(error_line(std::string(5000, 'x')).size(), 1000U);
}

TEST(Hello, AllMembersAreRead) {
    const auto hello =
        read(&parse_hello, R"({"v":2,"hostname":"h","wid":"w","pid":7,"labels":["a","b"],)"
                           R"("username":"u","pwdhash":"p","x":1,"slots":8,"more":{}})");
    ASSERT_TRUE(hello);
    EXPECT_EQ(hello->v, 2);
    EXPECT_EQ(hello->hostname, "h");
    EXPECT_EQ(hello->wid, "w");
    EXPECT_EQ(hello->pid, 7);
    EXPECT_EQ(hello->labels, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(hello->username, "u");
    EXPECT_EQ(hello->pwdhash, "p");
    EXPECT_TRUE(hello->extended);
    EXPECT_EQ(hello->slots, 8U);
}

TEST(Hello, OldAndOddClientsAreAccepted) {
    const auto python = read(&parse_hello, R"({"wid":"abc"})");
    ASSERT_TRUE(python);
    EXPECT_EQ(python->v, 0);
    const auto haskell = read(&parse_hello, R"({"v":2,"wid":null,"pwdhash":null,"labels":null,)"
                                            R"("hostname":null,"pid":null,"username":null})");
    ASSERT_TRUE(haskell);
    EXPECT_EQ(haskell->wid, "");
    EXPECT_EQ(haskell->pwdhash, "");
    EXPECT_FALSE(haskell->extended);
    EXPECT_TRUE(read(&parse_hello, "{}"));
}

TEST(Hello, WrongTypesAreErrors) {
    for (const std::string_view bad :
         {"[]", "1", "null", "", "{", R"({"v":"2"})", R"({"v":2.5})", R"({"wid":1})",
          R"({"labels":"a"})", R"({"labels":[1]})", R"({"pid":"1"})", R"({"x":true})"}) {
        EXPECT_FALSE(read(&parse_hello, bad)) << bad;
    }
}

TEST(Ack, NeedsAJid) {
    const auto ack = read(&parse_ack, R"({"jid":"j1","more":1})");
    ASSERT_TRUE(ack);
    EXPECT_EQ(ack->job.jid, "j1");
    EXPECT_EQ(ack->job.lease, 0U);
    EXPECT_EQ(ack->result, "");
    EXPECT_EQ(error_of(read(&parse_ack, "{}")), "ACK: missing jid");
    EXPECT_EQ(error_of(read(&parse_ack, R"({"jid":""})")), "ACK: missing jid");
    EXPECT_EQ(error_of(read(&parse_ack, R"({"jid":5})")), "invalid JSON: jid must be a string");
    EXPECT_EQ(error_of(read(&parse_ack, "[]")), "invalid JSON: ACK must be an object");
}

TEST(Ack, ResultsComeThroughByteForByte) {
    const auto ack = read(&parse_ack, R"({"jid":"j","lease":"1f","result": {"a" : 1.0} })");
    ASSERT_TRUE(ack);
    EXPECT_EQ(ack->job.lease, 0x1FU);
    EXPECT_EQ(ack->result, R"({"a" : 1.0})");
    EXPECT_EQ(read(&parse_ack, R"({"jid":"j","result":null})")->result, "");
}

TEST(Ack, BatchesNeedLeases) {
    const auto batch =
        read(&parse_ackb,
             R"([{"jid":"a","lease":"01","result":[]},{"jid":"b","lease":"2","metrics":1}])");
    ASSERT_TRUE(batch);
    ASSERT_EQ(batch->size(), 2U);
    EXPECT_EQ((*batch)[0].result, "[]");
    EXPECT_EQ((*batch)[1].job.lease, 2U);
    EXPECT_EQ(error_of(read(&parse_ackb, R"([{"jid":"a"}])")), "ACKB: missing lease of a");
    EXPECT_EQ(error_of(read(&parse_ackb, R"([{"lease":"1"}])")), "ACKB: missing jid");
    EXPECT_EQ(error_of(read(&parse_ackb, "{}")), "invalid JSON: ACKB must be an array");
    EXPECT_EQ(error_of(read(&parse_ackb, R"([{"jid":"a","lease":"xyz"}])")),
              "a lease is up to 16 hexadecimal digits and not zero");
    EXPECT_TRUE(read(&parse_ackb, "[]")->empty());
}

TEST(Ack, BatchesAreBounded) {
    std::string many = "[";
    for (std::size_t i = 0; i <= request_items_max; ++i) {
        many += R"({"jid":"a","lease":"1"},)";
    }
    many.back() = ']';
    EXPECT_EQ(error_of(read(&parse_ackb, many)), "ACKB: more than 10000 items");
}

TEST(Fail, EverythingIsReadAndBounded) {
    const auto item = read(&parse_fail, R"({"jid":"j","errtype":"E","message":"m",)"
                                        R"("backtrace":["l1","l2"],"retry_in":1.5,"final":true})");
    ASSERT_TRUE(item);
    EXPECT_EQ(item->errtype, "E");
    EXPECT_EQ(item->message, "m");
    EXPECT_EQ(item->backtrace, R"(["l1","l2"])");
    EXPECT_EQ(item->retry_in, Duration{1500ms});
    EXPECT_TRUE(item->final);

    std::string lines = "[";
    for (int i = 0; i < 60; ++i) lines += "\"x\",";
    lines.back() = ']';
    const auto cut =
        read(&parse_fail, R"({"jid":"j","errtype":")" + std::string(300, 'e') + R"(","message":")" +
                              std::string(3000, 'm') + R"(","backtrace":)" + lines + "}");
    ASSERT_TRUE(cut);
    EXPECT_EQ(cut->errtype, std::string(100, 'e'));
    EXPECT_EQ(cut->message, std::string(1000, 'm'));
    EXPECT_EQ(std::count(cut->backtrace.begin(), cut->backtrace.end(), 'x'), 50);
}

TEST(Fail, MissingTextsAreUnknown) {
    for (const std::string_view json :
         {R"({"jid":"j"})", R"({"jid":"j","errtype":"","message":"","backtrace":[]})",
          R"({"jid":"j","errtype":null,"message":null,"backtrace":null,"retry_in":null})"}) {
        const auto item = read(&parse_fail, json);
        ASSERT_TRUE(item) << json;
        EXPECT_EQ(item->errtype, "unknown");
        EXPECT_EQ(item->message, "unknown");
        EXPECT_EQ(item->backtrace, "");
        EXPECT_FALSE(item->retry_in);
    }
    EXPECT_EQ(error_of(read(&parse_fail, "{}")), "FAIL: missing jid");
    EXPECT_EQ(error_of(read(&parse_failb, R"([{"jid":"j"}])")), "FAILB: missing lease of j");
    EXPECT_EQ(error_of(read(&parse_fail, R"({"jid":"j","retry_in":-1})")),
              "retry_in must be 0 to 31622400 seconds");
    EXPECT_EQ(error_of(read(&parse_fail, R"({"jid":"j","backtrace":"x"})")),
              "invalid JSON: backtrace must be an array");
}

TEST(Fail, CutsNeverSplitACharacter) {
    const auto item = read(
        &parse_fail, R"({"jid":"j","errtype":"x)" + [] {
            std::string text;
            for (int i = 0; i < 60; ++i) text += "é";
            return text;
        }() + "\"}");
    ASSERT_TRUE(item);
    EXPECT_EQ(item->errtype.size(), 99U);
}

TEST(Beat, StatesAndLeases) {
    const auto plain = read(&parse_beat, R"({"wid":"w","rss_kb":12})");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->wid, "w");
    EXPECT_EQ(plain->rss_kb, 12);
    EXPECT_FALSE(plain->state);
    EXPECT_FALSE(plain->has_leases);
    EXPECT_EQ(read(&parse_beat, R"({"wid":"w","current_state":"quiet"})")->state,
              WorkerWord::quiet);
    EXPECT_EQ(read(&parse_beat, R"({"wid":"w","current_state":"terminate"})")->state,
              WorkerWord::terminate);
    EXPECT_EQ(read(&parse_beat, R"({"wid":"w","current_state":"running"})")->state,
              WorkerWord::running);
    EXPECT_FALSE(read(&parse_beat, R"({"wid":"w","current_state":""})")->state);
    EXPECT_FALSE(read(&parse_beat, R"({"wid":"w","current_state":null})")->state);
    const auto extended = read(&parse_beat, R"({"wid":"w","jobs":["1f","2"],"free":{"slots":3}})");
    ASSERT_TRUE(extended);
    EXPECT_TRUE(extended->has_leases);
    EXPECT_EQ(extended->leases, (std::vector<std::uint64_t>{0x1F, 2}));
    EXPECT_TRUE(read(&parse_beat, R"({"wid":"w","jobs":[]})")->has_leases);
    EXPECT_FALSE(read(&parse_beat, R"({"wid":"w","jobs":["no"]})"));
}

TEST(Beat, Progress) {
    const std::string note(300, 'n');
    const auto beat =
        read(&parse_beat, R"({"wid":"w","jobs":["1f"],"progress":[{"lease":"1f","percent":140,)"
                          R"("note":")" +
                              note + R"("},{"lease":"2","percent":-3,"more":1},{"percent":5}]})");
    ASSERT_TRUE(beat);
    ASSERT_EQ(beat->progress.size(), 2U);
    EXPECT_EQ(beat->progress[0].lease, 0x1FU);
    EXPECT_EQ(beat->progress[0].percent, 100);
    EXPECT_EQ(beat->progress[0].note, note.substr(0, progress_note_bytes_max));
    EXPECT_EQ(beat->progress[1].percent, 0);
    EXPECT_TRUE(read(&parse_beat, R"({"wid":"w","progress":null})"));
    EXPECT_FALSE(read(&parse_beat, R"({"wid":"w","progress":{}})"));
    EXPECT_FALSE(read(&parse_beat, R"({"wid":"w","progress":[1]})"));
}

TEST(Fetch, WordsWithADefault) {
    EXPECT_EQ(parse_fetch("a b  c ")->queues, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(parse_fetch("")->queues, std::vector<std::string>{"default"});
    EXPECT_EQ(parse_fetch("  ")->queues, std::vector<std::string>{"default"});
    // Queues that can never hold a job; not "default" instead of them.
    EXPECT_EQ(parse_fetch("a*b " + std::string(256, 'x') + " c")->queues,
              std::vector<std::string>{"c"});
    EXPECT_TRUE(parse_fetch("a/b")->queues.empty());
    EXPECT_EQ(parse_fetch("a")->max, 1U);
    EXPECT_EQ(parse_fetch("a")->wait, 2s);
    std::string many;
    for (std::size_t i = 0; i <= request_names_max; ++i) many += "q ";
    EXPECT_EQ(error_of(parse_fetch(many)), "too many queues in one FETCH");
}

TEST(Fetch, BatchesAreClamped) {
    const auto fetch =
        read(&parse_fetchb, R"({"queues":["a","","b"],"max":64,"wait_ms":20000,"free":{}})");
    ASSERT_TRUE(fetch);
    EXPECT_EQ(fetch->queues, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(fetch->max, 64U);
    EXPECT_EQ(fetch->wait, 20s);
    const auto huge = read(&parse_fetchb, R"({"max":9223372036854775807,"wait_ms":9e15})");
    ASSERT_TRUE(huge);
    EXPECT_EQ(huge->max, fetch_jobs_max);
    EXPECT_EQ(huge->wait, wait_max);
    EXPECT_EQ(huge->queues, std::vector<std::string>{"default"});
    EXPECT_EQ(error_of(read(&parse_fetchb, R"({"max":0})")), "FETCHB: max must be at least 1");
    EXPECT_EQ(error_of(read(&parse_fetchb, R"({"wait_ms":-1})")),
              "FETCHB: wait_ms must not be negative");
}

TEST(Queue, SubCommandsIgnoreCase) {
    JsonParser parser;
    struct Case {
        std::string_view argument;
        QueueWord action;
        bool all;
        std::vector<std::string> names;
    };
    for (const Case& c : {
             Case{"PAUSE a b", QueueWord::pause, false, {"a", "b"}},
             Case{"pause a", QueueWord::pause, false, {"a"}},
             Case{"Resume *", QueueWord::resume, true, {}},
             Case{"REMOVE  a  ", QueueWord::remove, false, {"a"}},
             Case{"LATENCY a b", QueueWord::latency, false, {"a", "b"}},
             Case{"PAUSE", QueueWord::pause, false, {}},
             Case{"PAUSE a/b c", QueueWord::pause, false, {"c"}},
             Case{R"(SET {"name":"q","durability":"async"})", QueueWord::make_async, false, {"q"}},
             Case{R"(set {"name":"q","durability":"sync"})", QueueWord::make_sync, false, {"q"}},
         }) {
        const auto queue = parse_queue(c.argument, parser);
        ASSERT_TRUE(queue) << c.argument;
        EXPECT_EQ(queue->action, c.action) << c.argument;
        EXPECT_EQ(queue->all, c.all) << c.argument;
        EXPECT_EQ(queue->names, c.names) << c.argument;
    }
    EXPECT_EQ(error_of(parse_queue("STOP a", parser)), "no such QUEUE subcommand: STOP");
    EXPECT_EQ(error_of(parse_queue("", parser)), "no such QUEUE subcommand: ");
    EXPECT_EQ(error_of(parse_queue("LATENCY *", parser)),
              "QUEUE LATENCY does not support wildcards");
    EXPECT_EQ(error_of(parse_queue(R"(SET {"name":"a b","durability":"sync"})", parser)),
              "QUEUE SET: needs a queue name");
    EXPECT_EQ(error_of(parse_queue(R"(SET {"name":"a"})", parser)),
              "QUEUE SET: durability must be sync or async");
    EXPECT_FALSE(parse_queue("SET", parser));
}

TEST(Mutate, WordsAndFilters) {
    const auto kill = read(&parse_mutate, R"({"cmd":"kill","target":"retries","filter":{)"
                                          R"("jids":["a"],"jobtype":"t","regexp":"*x *"}})");
    ASSERT_TRUE(kill);
    EXPECT_EQ(kill->action, MutateWord::kill);
    EXPECT_EQ(kill->target, MutateTarget::retries);
    EXPECT_EQ(kill->filter.jids, std::vector<std::string>{"a"});
    EXPECT_EQ(kill->filter.type, "t");
    EXPECT_EQ(kill->filter.glob, "*x *");
    EXPECT_EQ(
        read(&parse_mutate, R"({"cmd":"discard","target":"scheduled","filter":null})")->action,
        MutateWord::discard);
    EXPECT_EQ(read(&parse_mutate, R"({"cmd":"requeue","target":"dead"})")->target,
              MutateTarget::dead);
    EXPECT_EQ(read(&parse_mutate, R"({"cmd":"clear","target":"dead","filter":{"jobtype":"t"}})")
                  ->filter.type,
              "");
    EXPECT_EQ(error_of(read(&parse_mutate, R"({"cmd":"x","target":"y"})")),
              "unknown mutate operation");
    EXPECT_EQ(error_of(read(&parse_mutate, R"({"cmd":"kill","target":"queues"})")),
              "invalid target for mutation command");
    EXPECT_EQ(error_of(read(&parse_mutate, "{}")), "unknown mutate operation");
}

TEST(Extension, RequeueAndExtend) {
    const auto requeue = read(&parse_requeue, R"({"jid":"j","lease":"5","delay_s":0.25})");
    ASSERT_TRUE(requeue);
    EXPECT_EQ(requeue->job.lease, 5U);
    EXPECT_EQ(requeue->delay, 250ms);
    EXPECT_EQ(read(&parse_requeue, R"({"jid":"j"})")->job.lease, 0U);
    EXPECT_EQ(error_of(read(&parse_requeue, "{}")), "REQUEUE: missing jid");
    const auto extend = read(&parse_extend, R"({"jid":"j","lease":"5","for_s":90})");
    ASSERT_TRUE(extend);
    EXPECT_EQ(extend->length, 90s);
    EXPECT_EQ(error_of(read(&parse_extend, R"({"jid":"j","for_s":9})")),
              "EXTEND: missing lease of j");
    EXPECT_EQ(error_of(read(&parse_extend, R"({"jid":"j","lease":"1"})")),
              "EXTEND: for_s must be 1 to 86400 seconds");
    EXPECT_EQ(error_of(read(&parse_extend, R"({"jid":"j","lease":"1","for_s":86401})")),
              "EXTEND: for_s must be 1 to 86400 seconds");
}

TEST(Extension, CancelNeverMeansAllByAccident) {
    EXPECT_EQ(read(&parse_cancel, R"({"jid":"a","reason":"r"})")->filter.jids,
              std::vector<std::string>{"a"});
    EXPECT_EQ(read(&parse_cancel, R"({"jids":["a","b"]})")->filter.jids.size(), 2U);
    EXPECT_EQ(
        read(&parse_cancel, R"({"filter":{"states":["enqueued"],"queue":"q"}})")->filter.queue,
        "q");
    EXPECT_TRUE(read(&parse_cancel, R"({"filter":{}})"));
    for (const std::string_view bad :
         {"{}", R"({"filter":null})", R"({"jids":[]})", R"({"jid":""})", R"({"jid":null})"}) {
        EXPECT_EQ(error_of(read(&parse_cancel, bad)), "CANCEL: needs a jid, jids or a filter");
    }
    for (const auto& [member, name] : {std::pair{R"("jids":[])", "jids"},
                                       {R"("states":[])", "states"},
                                       {R"("jobtype":"")", "jobtype"},
                                       {R"("regexp":"")", "regexp"},
                                       {R"("queue":"")", "queue"}}) {
        const std::string filter = R"({"filter":{)" + std::string(member) + "}}";
        const std::string refused = "filter: " + std::string(name) + " must not be empty";
        EXPECT_EQ(error_of(read(&parse_cancel, filter)), refused);
        JsonParser parser;
        EXPECT_EQ(error_of(parse_job_request("LIST " + filter, parser)), refused);
    }
    EXPECT_TRUE(read(&parse_cancel, R"({"filter":{"jids":null,"queue":null}})"));
    const std::string_view no_member =
        "filter: no such member: state; there are jids, jobtype, regexp, states and queue";
    EXPECT_EQ(error_of(read(&parse_cancel, R"({"filter":{"state":["dead"]}})")), no_member);
    EXPECT_EQ(error_of(read(&parse_mutate,
                            R"({"cmd":"kill","target":"dead","filter":{"state":["dead"]}})")),
              no_member);
    // Faktory's own clients may send these.
    EXPECT_TRUE(
        read(&parse_mutate, R"({"cmd":"kill","target":"dead","filter":{"jids":[],"regexp":""}})"));
}

TEST(Errors, TheByteOfInvalidJsonIsSaidOnce) {
    JsonParser parser;
    EXPECT_EQ(error_of(parse_queue("SET {", parser)),
              "invalid JSON: at byte 1: expected a name in quotes");
}

TEST(Extension, WaitAndJob) {
    const auto wait = read(&parse_wait, R"({"jids":["a"],"timeout_ms":999999999})");
    ASSERT_TRUE(wait);
    EXPECT_EQ(wait->timeout, wait_max);
    EXPECT_EQ(error_of(read(&parse_wait, "{}")), "WAIT: needs jids");
    EXPECT_EQ(error_of(read(&parse_wait, R"({"jids":["a"],"timeout_ms":-1})")),
              "WAIT: timeout_ms must not be negative");

    JsonParser parser;
    EXPECT_EQ(parse_job_request("GET abc", parser)->jid, "abc");
    EXPECT_EQ(parse_job_request("GET \"a b\"", parser)->jid, "a b");
    EXPECT_EQ(parse_job_request(R"(GET {"jid":"abc"})", parser)->jid, "abc");
    EXPECT_EQ(error_of(parse_job_request("GET", parser)), "JOB GET: missing jid");
    EXPECT_EQ(error_of(parse_job_request("DROP x", parser)), "no such JOB subcommand: DROP");
    const auto list = parse_job_request(
        R"(LIST {"filter":{"states":["dead"]},"after":"123","limit":99999})", parser);
    ASSERT_TRUE(list) << error_of(list);
    EXPECT_TRUE(list->is_list);
    EXPECT_EQ(list->list.filter.states, std::vector<std::string>{"dead"});
    EXPECT_EQ(list->list.after, 123U);
    EXPECT_EQ(list->list.limit, list_jobs_max);
    EXPECT_EQ(parse_job_request("LIST", parser)->list.limit, 100U);
    EXPECT_EQ(parse_job_request(R"(LIST {"after":7})", parser)->list.after, 7U);
    EXPECT_EQ(error_of(parse_job_request(R"(LIST {"limit":0})", parser)),
              "JOB LIST: limit must be at least 1");
    EXPECT_FALSE(parse_job_request(R"(LIST {"after":"x"})", parser));
}

TEST(Reply, RefusalsGoThereAndBack) {
    std::string out;
    const std::vector<std::pair<std::string_view, std::string_view>> refused{
        {"a\"", "STALE"}, {"b", "NOTUNIQUE Job not unique"}};
    append_refusals(out, refused);
    EXPECT_EQ(out, R"({"a\"":"STALE","b":"NOTUNIQUE Job not unique"})");
    const auto back = read(&parse_refusals, out);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, (std::vector<Refusal>{{"a\"", "STALE"}, {"b", "NOTUNIQUE Job not unique"}}));
    out.clear();
    append_refusals(out, {});
    EXPECT_EQ(out, "{}");
}

TEST(Reply, BeatAnswersGoThereAndBack) {
    std::string out;
    append_beat_answer(out, {});
    EXPECT_EQ(out, R"({"cancel":[],"lost":[]})");
    const BeatAnswer answer{
        .state = WorkerWord::quiet, .cancel = {"j1", "j2"}, .lost = {1, UINT64_MAX}};
    out.clear();
    append_beat_answer(out, answer);
    EXPECT_EQ(out, R"({"state":"quiet","cancel":["j1","j2"],)"
                   R"("lost":["0000000000000001","ffffffffffffffff"]})");
    EXPECT_EQ(*read(&parse_beat_answer, out), answer);
    EXPECT_EQ(read(&parse_beat_answer, R"({"state":"terminate"})")->state, WorkerWord::terminate);
    EXPECT_EQ(*read(&parse_beat_answer, "{}"), BeatAnswer{});
}

TEST(Reply, WaitAnswersAndCounts) {
    std::string out;
    append_wait_answer(
        out, true,
        std::vector<WaitedView>{{.jid = "a", .state = "succeeded", .result = "[1]"},
                                {.jid = "b", .state = "dead", .errtype = "E", .message = "m"},
                                {.jid = "c", .state = "unknown"}});
    EXPECT_EQ(out, R"({"complete":true,"jobs":[{"jid":"a","state":"succeeded","result":[1]},)"
                   R"({"jid":"b","state":"dead","error":{"errtype":"E","message":"m"}},)"
                   R"({"jid":"c","state":"unknown"}]})");
    out.clear();
    append_count(out, 12);
    EXPECT_EQ(out, R"({"count":12})");
}

}  // namespace
}  // namespace sluice::sdk
