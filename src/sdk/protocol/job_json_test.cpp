// SPDX-License-Identifier: Apache-2.0
#include "sdk/protocol/job_json.h"

#include "sdk/protocol/fields.h"

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

constexpr WallTime now = wall_from_ns(1'700'000'000'123'456'789);

/// A job and the document its views point into.
struct Parsed {
    explicit Parsed(std::string_view source) : text(source) {
        auto value = read_argument(text, parser);
        job = value ? parse_job(*value, now) : Result<JobParts>(std::move(value).error());
    }
    [[nodiscard]] std::string error() const { return job ? "" : job.error().message; }
    std::string text;
    JsonParser parser;
    Result<JobParts> job = fail(Code::internal, "");
};

std::string with(std::string_view members) {
    std::string out = R"({"jid":"12345678","jobtype":"t","args":[])";
    if (!members.empty()) (out += ',') += members;
    return out + '}';
}

TEST(JobJson, AnyYearOfATimeIsUnderstood) {
    const auto at = [](const std::string& text) {
        const Parsed parsed(with(R"("at":")" + text + '"'));
        return parsed.job ? format_rfc3339(parsed.job->at) : parsed.error();
    };
    // The zero time of Go, and what others write for "never".
    EXPECT_EQ(at("0001-01-01T00:00:00Z"), "1970-01-01T00:00:00Z");
    EXPECT_EQ(at("1968-02-29T12:00:00+01:00"), "1970-01-01T00:00:00Z");
    EXPECT_EQ(at("9999-12-31T23:59:59.999999999Z"), "2261-12-31T23:59:59Z");
    EXPECT_EQ(at("2262-01-01T00:00:00Z"), "2261-12-31T23:59:59Z");
    EXPECT_EQ(at("2261-12-31T23:59:59Z"), "2261-12-31T23:59:59Z");
    for (const char* bad : {"2263-02-29T00:00:00Z", "9999-12-31", "10000-01-01T00:00:00Z", "999",
                            "-001-01-01T00:00:00Z", "0000", "1900-02-29T00:00:00Z"})
        EXPECT_EQ(at(bad), "invalid timestamp for 'at': '" + std::string(bad) + "'");
}

TEST(JobJson, TheSmallestJobGetsTheDefaults) {
    const Parsed parsed(with(""));
    ASSERT_TRUE(parsed.job) << parsed.error();
    const JobParts& job = *parsed.job;
    EXPECT_EQ(job.jid, "12345678");
    EXPECT_EQ(job.type, "t");
    EXPECT_EQ(job.queue, "default");
    EXPECT_EQ(job.args, "[]");
    EXPECT_EQ(job.custom, "");
    EXPECT_EQ(job.extra, "");
    EXPECT_EQ(job.retry, 25);
    EXPECT_EQ(job.priority, 5);
    EXPECT_FALSE(job.wait_when_worker_lost);
    EXPECT_EQ(job.reserve_for, Duration{0});
    EXPECT_EQ(job.timeout, Duration{0});
    EXPECT_EQ(job.keep, Duration{-1});
    EXPECT_EQ(job.at, WallTime{});
    EXPECT_EQ(job.created_at, now);
    EXPECT_EQ(job.backoff, BackoffParts{});
}

TEST(JobJson, ArgsAndCustomComeThroughByteForByte) {
    const Parsed parsed(with(R"("args": [ 12345678901234567890, 1.0, {"b":1, "a":"\u0041<é>"} ],)"
                             R"("custom": {"z": 1,  "a":{"sluice":{}}},"queue":"q.-_9")"));
    ASSERT_TRUE(parsed.job) << parsed.error();
    EXPECT_EQ(parsed.job->args, R"([ 12345678901234567890, 1.0, {"b":1, "a":"\u0041<é>"} ])");
    EXPECT_EQ(parsed.job->custom, R"({"z": 1,  "a":{"sluice":{}}})");
    EXPECT_EQ(parsed.job->queue, "q.-_9");
}

TEST(JobJson, EveryMemberIsRead) {
    const Parsed parsed(
        with(R"("retry":-1,"reserve_for":600,"at":"2030-01-02T03:04:05.5+01:00",)"
             R"("created_at":"2020-01-01T00:00:00Z","priority":9,"custom":{"sluice":{)"
             R"("timeout_s":1.5,"keep_s":60,"on_worker_lost":"wait","tenant":"x",)"
             R"("backoff":{"kind":"exponential","base_s":2,"max_s":60,"jitter":25}}})"));
    ASSERT_TRUE(parsed.job) << parsed.error();
    const JobParts& job = *parsed.job;
    EXPECT_EQ(job.retry, -1);
    EXPECT_EQ(job.reserve_for, 600s);
    EXPECT_EQ(format_rfc3339(job.at), "2030-01-02T02:04:05.5Z");
    EXPECT_EQ(format_rfc3339(job.created_at), "2020-01-01T00:00:00Z");
    EXPECT_EQ(job.priority, 9);
    EXPECT_EQ(job.timeout, 1500ms);
    EXPECT_EQ(job.keep, 60s);
    EXPECT_TRUE(job.wait_when_worker_lost);
    EXPECT_EQ(job.backoff,
              (BackoffParts{
                  .kind = BackoffWord::exponential, .base = 2s, .max = 60s, .jitter_percent = 25}));
}

TEST(JobJson, RefusalsHaveFaktorysTexts) {
    struct Case {
        std::string json;
        std::string_view error;
    };
    const std::string long_word(256, 'a');
    for (const Case& bad : {
             Case{R"({})", "jobs must have a reasonable jid parameter"},
             Case{R"({"jid":null})", "jobs must have a reasonable jid parameter"},
             Case{R"({"jid":"1234567","jobtype":"t","args":[]})",
                  "jobs must have a reasonable jid parameter"},
             Case{R"({"jid":")" + long_word + R"("})",
                  "jobs must have a jid parameter of at most 255 bytes"},
             Case{R"({"jid":"12345678"})", "jobs must have a jobtype parameter"},
             Case{R"({"jid":"12345678","jobtype":"","args":[]})",
                  "jobs must have a jobtype parameter"},
             Case{R"({"jid":"12345678","jobtype":")" + long_word + R"("})",
                  "jobs must have a jobtype parameter of at most 255 bytes"},
             Case{R"({"jid":"12345678","jobtype":"t"})", "jobs must have an args parameter"},
             Case{R"({"jid":"12345678","jobtype":"t","args":null})",
                  "jobs must have an args parameter"},
             Case{with(R"("reserve_for":86401)"), "jobs cannot be reserved for more than one day"},
             Case{with(R"("at":"tomorrow")"), "invalid timestamp for 'at': 'tomorrow'"},
             Case{with(R"("at":"a\r\nb")"), "invalid timestamp for 'at': 'a  b'"},
             Case{with(R"("queue":"a b")"),
                  "cannot get \"a b\" queue: queue names must match \\A[a-zA-Z0-9._-]+\\z"},
             Case{with(R"("queue":"a\nb")"),
                  "cannot get \"a b\" queue: queue names must match \\A[a-zA-Z0-9._-]+\\z"},
             Case{with(R"("custom":{"sluice":{"priority":10}})"),
                  "custom.sluice.priority must be 1 to 9"},
             Case{with(R"("custom":{"sluice":{"on_worker_lost":"run"}})"),
                  "custom.sluice.on_worker_lost must be wait or requeue"},
             Case{with(R"("custom":{"sluice":{"backoff":{"kind":"linear"}}})"),
                  "custom.sluice.backoff.kind must be faktory, constant, exponential or none"},
             Case{with(R"("custom":{"sluice":{"backoff":{"jitter":101}}})"),
                  "custom.sluice.backoff.jitter must be 0 to 100 percent"},
             Case{with(R"("custom":{"sluice":{"timeout_s":-1}})"),
                  "custom.sluice.timeout_s must be 0 to 604800 seconds"},
         }) {
        EXPECT_EQ(Parsed(bad.json).error(), bad.error) << bad.json;
    }
}

TEST(JobJson, TheFirstOfSeveralFaultsIsNamed) {
    EXPECT_EQ(Parsed(R"({"queue":" ","at":"x","reserve_for":99999,"args":null,"jobtype":"",
                         "jid":""})")
                  .error(),
              "jobs must have a reasonable jid parameter");
    EXPECT_EQ(Parsed(with(R"("queue":" ","at":"x","reserve_for":99999)")).error(),
              "jobs cannot be reserved for more than one day");
    EXPECT_EQ(Parsed(with(R"("custom":{"sluice":{"priority":0}},"queue":" ","at":"x")")).error(),
              "invalid timestamp for 'at': 'x'");
    EXPECT_EQ(Parsed(with(R"("custom":{"sluice":{"priority":0}},"queue":" ")")).error(),
              "cannot get \" \" queue: queue names must match \\A[a-zA-Z0-9._-]+\\z");
}

TEST(JobJson, WrongTypesAreInvalidJson) {
    for (const auto& [json, error] : std::initializer_list<std::pair<std::string, std::string>>{
             {"[]", "invalid JSON: a job must be an object"},
             {"1", "invalid JSON: a job must be an object"},
             {R"({"jid":1})", "invalid JSON: jid must be a string"},
             {with(R"("jobtype":{})"), "invalid JSON: jobtype must be a string"},
             {with(R"("args":{})"), "invalid JSON: args must be an array"},
             {with(R"("args":"[]")"), "invalid JSON: args must be an array"},
             {with(R"("queue":[])"), "invalid JSON: queue must be a string"},
             {with(R"("retry":"3")"), "invalid JSON: retry must be an integer"},
             {with(R"("retry":1.5)"), "invalid JSON: retry must be an integer"},
             {with(R"("reserve_for":true)"), "invalid JSON: reserve_for must be an integer"},
             {with(R"("at":5)"), "invalid JSON: at must be a string"},
             {with(R"("custom":[])"), "invalid JSON: custom must be an object"},
             {with(R"("backtrace":"all")"), "invalid JSON: backtrace must be an integer"},
         }) {
        EXPECT_EQ(Parsed(json).error(), error) << json;
    }
}

TEST(JobJson, TextThatIsNotJsonIsRefused) {
    for (const std::string_view bad :
         {"", " ", "{", "}", "{\"jid\"}", "{\"jid\":}", "{\"jid\":\"12345678\",}", "nul",
          "{\"jid\":\"12345678\"} x", "{\"jid\":\"12345678\"}{}", "{'jid':1}", "{\"a\":01}",
          "{\"a\":\"\\x\"}", "{\"a\":\"\xFF\"}", "{\"a\":\"\x01\"}"}) {
        EXPECT_TRUE(Parsed(bad).error().starts_with("invalid JSON: ")) << bad;
    }
    const std::string deep(100'000, '[');
    EXPECT_TRUE(Parsed(with("\"x\":" + deep)).error().starts_with("invalid JSON: "));
    const std::string closed = deep + std::string(deep.size(), ']');
    EXPECT_TRUE(Parsed(with("\"x\":" + closed)).error().starts_with("invalid JSON: "));
}

TEST(JobJson, NullCountsAsAbsent) {
    const Parsed parsed(
        with(R"("queue":null,"retry":null,"reserve_for":null,"at":null,"created_at":null,)"
             R"("custom":null,"priority":null,"backtrace":null,"failure":null)"));
    ASSERT_TRUE(parsed.job) << parsed.error();
    EXPECT_EQ(parsed.job->queue, "default");
    EXPECT_EQ(parsed.job->retry, 25);
    EXPECT_EQ(parsed.job->custom, "");
    EXPECT_EQ(parsed.job->extra, "");
    EXPECT_TRUE(Parsed(with(R"("custom":{"sluice":null})")).job);
    EXPECT_TRUE(
        Parsed(with(R"("custom":{"sluice":{"priority":null,"backoff":null,"keep_s":null}})")).job);
}

TEST(JobJson, EmptyTextsCountAsAbsentWhereFaktoryThinksSo) {
    const Parsed parsed(with(R"("queue":"","at":"","created_at":"yesterday")"));
    ASSERT_TRUE(parsed.job) << parsed.error();
    EXPECT_EQ(parsed.job->queue, "default");
    EXPECT_EQ(parsed.job->at, WallTime{});
    EXPECT_EQ(parsed.job->created_at, now);
}

TEST(JobJson, UnknownMembersAreKeptAndTheServersOwnAreDropped) {
    const Parsed parsed(
        with(R"("a\"b": {"x" : 1},"enqueued_at":"x","failure":{"retry_count":9},"lease":"1",)"
             R"("attempt":3,"backtrace":20,"tags":["x"])"));
    ASSERT_TRUE(parsed.job) << parsed.error();
    EXPECT_EQ(parsed.job->extra, R"("a\"b":{"x" : 1},"backtrace":20,"tags":["x"])");
}

TEST(JobJson, PrioritiesOfOldClientsAreTakenAndOddOnesIgnored) {
    const auto priority = [](const std::string& members) {
        const Parsed parsed(with(members));
        EXPECT_TRUE(parsed.job) << parsed.error();
        return parsed.job ? static_cast<int>(parsed.job->priority) : -1;
    };
    EXPECT_EQ(priority(R"("priority":1)"), 1);
    EXPECT_EQ(priority(R"("priority":0)"), 5);
    EXPECT_EQ(priority(R"("priority":10)"), 5);
    EXPECT_EQ(priority(R"("priority":-3)"), 5);
    EXPECT_EQ(priority(R"("priority":9,"custom":{"sluice":{"priority":2}})"), 2);
    EXPECT_EQ(priority(R"("custom":{"sluice":{"priority":2}},"priority":9)"), 2);
}

TEST(JobJson, NumbersOutOfRangeAreClampedNotWrapped) {
    const auto retry = [](std::string_view number) {
        const Parsed parsed(with("\"retry\":" + std::string(number)));
        EXPECT_TRUE(parsed.job) << parsed.error();
        return parsed.job ? parsed.job->retry : 0;
    };
    EXPECT_EQ(retry("9223372036854775807"), INT32_MAX);
    EXPECT_EQ(retry("-9223372036854775808"), -1);
    EXPECT_EQ(retry("0"), 0);
    EXPECT_EQ(Parsed(with(R"("reserve_for":-5)")).job->reserve_for, 60s);
    EXPECT_EQ(Parsed(with(R"("reserve_for":0)")).job->reserve_for, 0s);
    EXPECT_EQ(Parsed(with(R"("reserve_for":86400)")).job->reserve_for, 24h);
}

TEST(JobJson, EscapesInNamesAreDecoded) {
    const Parsed parsed(R"({"jid":"\u0031\u00e92345678","jobtype":"a\/b","args":[]})");
    ASSERT_TRUE(parsed.job) << parsed.error();
    EXPECT_EQ(parsed.job->jid, "1é2345678");
    EXPECT_EQ(parsed.job->type, "a/b");
}

TEST(JobJson, QueueNames) {
    for (const std::string_view good : {"default", "a", "A-Z", "x.y_z-0"}) {
        EXPECT_TRUE(is_queue_name(good)) << good;
    }
    for (const std::string_view bad : {"", " ", "a b", "*", "ä", "a/b", "a\n"}) {
        EXPECT_FALSE(is_queue_name(bad)) << bad;
    }
    EXPECT_TRUE(is_queue_name(std::string(255, 'q')));
    EXPECT_FALSE(is_queue_name(std::string(256, 'q')));
}

TEST(JobJson, LeasesAreSixteenDigits) {
    EXPECT_EQ(format_lease(0x1F), "000000000000001f");
    EXPECT_EQ(*parse_lease("000000000000001f"), 0x1FU);
    EXPECT_EQ(*parse_lease(format_lease(UINT64_MAX)), UINT64_MAX);
    for (const std::string_view bad : {"", "0", "g", "0x1", "-1", " 1", "11111111111111111"}) {
        EXPECT_FALSE(parse_lease(bad)) << bad;
    }
}

TEST(JobJson, AWaitingJobIsRenderedInOrder) {
    std::string out;
    append_job_json(out, {.jid = "12345678",
                          .type = "t<\"\n",
                          .queue = "default",
                          .args = "[ 1 ]",
                          .custom = R"({"a":1})",
                          .extra = R"("tags":[1])",
                          .reserve_for = 600s,
                          .created_at = now,
                          .enqueued_at = wall_from_ns(1'700'000'000'000'000'000),
                          .at = wall_from_ns(1'700'000'000'500'000'000)});
    EXPECT_EQ(out,
              R"({"jid":"12345678","queue":"default","jobtype":"t<\"\n","args":[ 1 ],)"
              R"("created_at":"2023-11-14T22:13:20.123456789Z",)"
              R"("enqueued_at":"2023-11-14T22:13:20Z","at":"2023-11-14T22:13:20.5Z","retry":25,)"
              R"("reserve_for":600,"custom":{"a":1},"tags":[1]})");
}

TEST(JobJson, FailureAndLeaseFollow) {
    const FailureView failure{.retry_count = 2,
                              .remaining = 3,
                              .failed_at = wall_from_ns(1'000'000'000),
                              .message = "no",
                              .errtype = "E",
                              .backtrace = R"(["a"])"};
    std::string out = "x";
    append_job_json(out, {.jid = "12345678",
                          .type = "t",
                          .queue = "q",
                          .args = "[]",
                          .retry = -1,
                          .priority = 9,
                          .failure = &failure,
                          .lease = 255,
                          .attempt = 4});
    EXPECT_EQ(out,
              R"(x{"jid":"12345678","queue":"q","jobtype":"t","args":[],"retry":-1,"priority":9,)"
              R"("failure":{"retry_count":2,"remaining":3,"failed_at":"1970-01-01T00:00:01Z",)"
              R"("message":"no","errtype":"E","backtrace":["a"]},)"
              R"("lease":"00000000000000ff","attempt":4})");
}

TEST(JobJson, StatusFollowsForOperators) {
    const std::vector<std::string> why{"queue paused", "no \"worker\""};
    const StatusView status{.state = "enqueued",
                            .seq = 7,
                            .changed_at = wall_from_ns(1'000'000'000),
                            .worker = "w",
                            .cancel_requested = true,
                            .result = "{}",
                            .why = why};
    std::string out;
    append_job_json(
        out, {.jid = "12345678", .type = "t", .queue = "q", .args = "[]", .status = &status});
    EXPECT_EQ(out,
              R"({"jid":"12345678","queue":"q","jobtype":"t","args":[],"retry":25,)"
              R"("state":"enqueued","seq":"7","changed_at":"1970-01-01T00:00:01Z","worker":"w",)"
              R"("cancel_requested":true,"result":{},"why":["queue paused","no \"worker\""]})");
}

TEST(JobJson, EveryTimeIsWrittenAsTheSlowWriterDoes) {
    for (const std::int64_t ns :
         {std::int64_t{1}, std::int64_t{999'999'999}, std::int64_t{951'782'400'000'000'000},
          std::int64_t{4'102'444'799'999'999'999}, std::int64_t{1'709'164'800'000'000'100}}) {
        std::string out;
        append_job_json(
            out,
            {.jid = "j", .type = "t", .queue = "q", .args = "[]", .created_at = wall_from_ns(ns)});
        EXPECT_NE(out.find("\"" + format_rfc3339(wall_from_ns(ns)) + "\""), std::string::npos)
            << out;
    }
}

TEST(JobJson, WhatIsRenderedIsReadBackTheSame) {
    std::string out;
    append_job_json(out, {.jid = "jid \"\\\x01 é",
                          .type = "t",
                          .queue = "q",
                          .args = R"([1e400,"\ud83d\ude00"])",
                          .custom = R"({"sluice":{"priority":3}})",
                          .extra = R"("a":1)",
                          .retry = 3,
                          .priority = 3,
                          .reserve_for = 100s,
                          .created_at = now,
                          .enqueued_at = now,
                          .at = now,
                          .lease = 9,
                          .attempt = 1});
    const Parsed parsed(out);
    ASSERT_TRUE(parsed.job) << parsed.error();
    EXPECT_EQ(parsed.job->jid, "jid \"\\\x01 é");
    EXPECT_EQ(parsed.job->args, R"([1e400,"\ud83d\ude00"])");
    EXPECT_EQ(parsed.job->extra, R"("a":1)");
    EXPECT_EQ(parsed.job->at, now);
    EXPECT_EQ(parsed.job->created_at, now);
    EXPECT_EQ(parsed.job->priority, 3);
}

TEST(JobJson, CompactDropsBlanksOutsideTextsOnly) {
    EXPECT_EQ(compact_json("[]"), "[]");
    EXPECT_EQ(compact_json(" [ 1 ,\t\"a b\\\" c\" , {\"k\" : null} ]\n"),
              R"([1,"a b\" c",{"k":null}])");
    EXPECT_EQ(compact_json(R"(["\\", " "])"), R"(["\\"," "])");
}

}  // namespace
}  // namespace sluice::sdk
