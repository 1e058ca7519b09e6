// SPDX-License-Identifier: Apache-2.0
// Trace contexts by the letter of W3C Trace Context, spans, and the file they go to.
#include "kernel/wire/json_reader.h"
#include "sdk/job_spec.h"
#include "sdk/span_writer.h"
#include "sdk/trace_context.h"
#include "sdk/tracer.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

constexpr std::string_view example = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceContext, TheStandardsExampleReadsBackTheSame) {
    const auto context = parse_trace_context(example, "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE");
    ASSERT_TRUE(context) << context.error().text();
    EXPECT_EQ(trace_id_text(*context), "0af7651916cd43dd8448eb211c80319c");
    EXPECT_EQ(span_id_text(*context), "b7ad6b7169203331");
    EXPECT_TRUE(context->sampled);
    EXPECT_FALSE(context->random);
    EXPECT_EQ(context->state, "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE");
    EXPECT_EQ(format_traceparent(*context), example);
}

TEST(TraceContext, WhatTheStandardForbidsIsRefused) {
    const std::string_view bad[] = {
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",       // no flags
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",     // half of them
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",  // version 00 ends here
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.",   //
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",    // no version
        "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",    //
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",    // zero
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",    // zero
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",    // upper case
        "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",    //
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",   // later, but no hyphen
    };
    for (const std::string_view one : bad) EXPECT_FALSE(parse_trace_context(one)) << one;
}

TEST(TraceContext, LaterVersionsAndUnknownFlagsAreReadAsFarAsKnown) {
    for (const std::string_view one :
         {"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes",
          "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-fd"}) {
        const auto context = parse_trace_context(one);
        ASSERT_TRUE(context) << one;
        EXPECT_EQ(format_traceparent(*context), example);
    }
    const auto off = parse_trace_context("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02");
    ASSERT_TRUE(off);
    EXPECT_FALSE(off->sampled);
    EXPECT_TRUE(off->random);
}

TEST(TraceContext, AStateThatIsNotValidIsLeftOut) {
    std::string many;
    for (int i = 0; i < 33; ++i) many += "k" + std::to_string(i) + "=v,";
    const struct {
        std::string text;
        bool valid;
    } rows[] = {
        {"", true},
        {"a=1", true},
        {"a=1, ,b=2,", true},
        {"a=1\t,\tb=2", true},
        {"tenant@vendor=1", true},
        {"0tenant@vendor=1", true},
        {"a/b*c_d-e=~ ~", true},
        {"a", false},
        {"a=", false},
        {"A=1", false},
        {"0a=1", false},
        {"a=1,a=2", false},
        {"a=b=c", false},
        {"a=\x7f", false},
        {"tenant@waytoolongvendor=1", false},
        {"a@b@c=1", false},
        {std::string(257, 'k') + "=v", false},
        {"k=" + std::string(257, 'v'), false},
        {many, false},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(is_trace_state(row.text), row.valid) << row.text;
        const auto context = parse_trace_context(example, row.text);
        ASSERT_TRUE(context);
        EXPECT_EQ(context->state, row.valid ? row.text : "");
    }
}

TEST(TraceContext, TravelsInTheCustomMembersOfAJob) {
    JobSpec job{.type = "t", .jid = "12345678"};
    job.trace = *parse_trace_context(example, "a=1");
    job.priority = 7;
    job.custom = R"({"mine":1})";
    std::string json;
    ASSERT_TRUE(append_push_json(json, job));
    EXPECT_EQ(json, R"({"jid":"12345678","queue":"default","jobtype":"t","args":[],"custom":)"
                    R"({"traceparent":")" +
                        std::string(example) +
                        R"(","tracestate":"a=1","sluice":{"priority":7},"mine":1}})");
    EXPECT_EQ(trace_of_custom(R"({"x":1,"traceparent":")" + std::string(example) +
                              R"(","tracestate":"a=1"})"),
              job.trace);
    // What the caller put there itself stays.
    job.custom = R"({"traceparent":"mine"})";
    job.priority.reset();
    json.clear();
    ASSERT_TRUE(append_push_json(json, job));
    EXPECT_NE(json.find(R"("custom":{"traceparent":"mine"}})"), std::string::npos) << json;
    for (const char* custom : {"", "{}", "nonsense \"traceparent\"", R"({"traceparent":7})",
                               R"({"traceparent":"zz"})", R"(["traceparent"])"}) {
        EXPECT_FALSE(trace_of_custom(custom)) << custom;
    }
}

class Kept final : public SpanExporter {
public:
    void export_span(const SpanRecord& span) override { spans.push_back(span); }
    std::vector<SpanRecord> spans;
};

TEST(Tracer, ChildrenKnowTheirParentsAndTimes) {
    Kept kept;
    WallTime now = wall_from_ns(1'000);
    const Tracer tracer(kept, {.now = [&now] { return now; }});
    {
        Span root = tracer.root("root");
        now += 5ns;
        {
            Span child = root.child("child", SpanKind::producer);
            child.set("n", 1);
            child.set("n", 2);
            child.set("text", "x");
            child.event("half");
            now += 5ns;
            child.fail("Timeout", "too slow");
        }
        now += 5ns;
    }
    ASSERT_EQ(kept.spans.size(), 2U);
    const SpanRecord& child = kept.spans[0];
    const SpanRecord& root = kept.spans[1];
    EXPECT_EQ(child.context.trace_id, root.context.trace_id);
    EXPECT_NE(child.context.span_id, root.context.span_id);
    EXPECT_EQ(child.parent_span_id, span_id_text(root.context));
    EXPECT_EQ(root.parent_span_id, "");
    EXPECT_EQ(root.end - root.start, 15ns);
    EXPECT_EQ(child.end - child.start, 5ns);
    EXPECT_TRUE(child.failed);
    ASSERT_EQ(child.attributes.size(), 3U);
    EXPECT_EQ(std::get<std::int64_t>(child.attributes[0].second), 2);
    EXPECT_EQ(child.attributes[2].first, "error.type");
    ASSERT_EQ(child.events.size(), 1U);
}

TEST(Tracer, OnlyWhatIsSampledIsExported) {
    Kept kept;
    const Tracer none(kept, {.sampled = 0.0});
    {
        Span span = none.root("not kept");
        EXPECT_FALSE(span.context().sampled);
        span.set("a", 1);
        const Span child = span.child("nor this");
        EXPECT_EQ(child.context().trace_id, span.context().trace_id);
    }
    EXPECT_TRUE(kept.spans.empty());
    // A trace from elsewhere goes on as it came.
    {
        const Span span = none.child(*parse_trace_context(example), "kept");
    }
    EXPECT_EQ(kept.spans.size(), 1U);
    std::set<std::string> ids;
    for (int i = 0; i < 100; ++i) ids.insert(trace_id_text(new_trace()));
    EXPECT_EQ(ids.size(), 100U);
}

TEST(Tracer, ASpanKeepsOnlySoMuch) {
    Kept kept;
    const Tracer tracer(kept);
    {
        Span span = tracer.root("big");
        for (int i = 0; i < 200; ++i) {
            span.set("k" + std::to_string(i), i);
            span.event("e");
        }
        span.set("k0", std::string(10'000, 'x'));
    }
    ASSERT_EQ(kept.spans.size(), 1U);
    const SpanRecord& span = kept.spans[0];
    EXPECT_EQ(span.attributes.size(), span_attributes_max);
    EXPECT_EQ(span.dropped_attributes, 72U);
    EXPECT_EQ(span.events.size(), span_events_max);
    EXPECT_EQ(span.dropped_events, 72U);
    EXPECT_EQ(std::get<std::string>(span.attributes[0].second).size(), span_text_bytes_max);
}

TEST(SpanFile, EveryLineIsAWholeDocumentWithTheNamesOfOpenTelemetry) {
    const std::filesystem::path path =
        std::filesystem::path(::testing::TempDir()) / ("spans-" + new_jid() + ".jsonl");
    {
        auto file = SpanFile::open(path.string(), "resizer");
        ASSERT_TRUE(file) << file.error().text();
        const Tracer tracer(**file,
                            {.now = [] { return wall_from_ns(1'700'000'000'123'456'789); }});
        Span span =
            tracer.child(*parse_trace_context(example, "a=1"), "process x", SpanKind::consumer);
        span.set("flag", true);
        span.set("count", std::int64_t{1} << 60);
        span.set("share", 0.5);
        span.event("half");
        span.fail("Busy", "full \"house\"");
        {
            const Span other = tracer.root("second");
        }
        span.end();
        EXPECT_EQ((*file)->lost(), 0U);
    }
    std::ifstream in(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    std::filesystem::remove(path);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_TRUE(is_valid_json(lines[0]));
    const std::string& line = lines[1];
    ASSERT_TRUE(is_valid_json(line)) << line;
    for (const char* part :
         {R"("resourceSpans":[{"resource":{"attributes":[{"key":"service.name",)",
          R"("value":{"stringValue":"resizer"}}]},"scopeSpans":[{)",
          R"("scopeSpans":[{"scope":{"name":"sluice"},"spans":[{)",
          R"("traceId":"0af7651916cd43dd8448eb211c80319c")", R"("traceState":"a=1")",
          R"("parentSpanId":"b7ad6b7169203331")", R"("name":"process x","kind":5)",
          R"("startTimeUnixNano":"1700000000123456789")",
          R"({"key":"flag","value":{"boolValue":true}})",
          R"({"key":"count","value":{"intValue":"1152921504606846976"}})",
          R"({"key":"share","value":{"doubleValue":0.5}})", R"("name":"half")",
          R"("status":{"code":2,"message":"full \"house\""})"}) {
        EXPECT_NE(line.find(part), std::string::npos) << part << " is not in " << line;
    }
    EXPECT_FALSE(SpanFile::open("/nowhere/at/all", "x"));
}

}  // namespace
}  // namespace sluice::sdk
