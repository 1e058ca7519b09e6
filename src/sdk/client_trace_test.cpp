// SPDX-License-Identifier: Apache-2.0
// What a client with a tracer sends along, and which spans it leaves.
#include "kernel/wire/json_reader.h"
#include "sdk/client.h"
#include "sdk/scripted_server_testing.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

struct Named {
    static constexpr std::string_view job_type = "named";
    int n = 0;
    static constexpr auto members = std::tuple{member("n", &Named::n)};
};

class Kept final : public SpanExporter {
public:
    void export_span(const SpanRecord& span) override { spans.push_back(span); }
    std::vector<SpanRecord> spans;
};

/// A server that takes every push but those of the type "refused", and a client of it with a
/// tracer.
class ClientTrace : public testing::Test {
protected:
    ClientTrace()
        : server([this](auto&, int, const std::string& line) -> std::string {
              lines.push_back(line);
              if (line.find("\"refused\"") != std::string::npos) return "-ERR not that one\r\n";
              return line.starts_with("PUSHB") ? "$2\r\n{}\r\n" : "+OK\r\n";
          }),
          tracer(kept),
          client({.server = server.address(), .tracer = &tracer}) {}

    std::vector<std::string> lines;
    ScriptedServer server;
    Kept kept;
    Tracer tracer;
    Client client;
};

/// The context that a line's `traceparent` says, wherever it stands in the line.
TraceContext traceparent_in(const std::string& line) {
    const std::string name = "\"traceparent\":\"";
    const auto at = line.find(name);
    if (at == std::string::npos) return {};
    return parse_trace_context(line.substr(at + name.size(), 55)).value();
}

TEST_F(ClientTrace, APushIsASpanAndItsContextGoesWithTheJob) {
    const auto jid = client.push(Named{.n = 7});
    ASSERT_TRUE(jid) << jid.error().text();
    ASSERT_EQ(kept.spans.size(), 1U);
    const SpanRecord& span = kept.spans[0];
    EXPECT_EQ(span.name, "send named");
    EXPECT_EQ(span.kind, SpanKind::producer);
    EXPECT_FALSE(span.failed);
    server.post([&] {
        ASSERT_EQ(lines.size(), 1U);
        EXPECT_NE(lines[0].find(R"("args":[{"n":7}])"), std::string::npos) << lines[0];
        EXPECT_EQ(traceparent_in(lines[0]), span.context);
    });
}

TEST_F(ClientTrace, ATraceThatTheCallerNamesGoesOn) {
    JobSpec job{.type = "t"};
    job.trace =
        parse_trace_context("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").value();
    ASSERT_TRUE(client.push(job));
    ASSERT_EQ(kept.spans.size(), 1U);
    EXPECT_EQ(kept.spans[0].parent_span_id, "b7ad6b7169203331");
    EXPECT_EQ(trace_id_text(kept.spans[0].context), "0af7651916cd43dd8448eb211c80319c");
    server.post([&] { EXPECT_EQ(traceparent_in(lines.at(0)), kept.spans[0].context); });
}

TEST_F(ClientTrace, JobsPushedTogetherBelongToOneSpan) {
    std::vector<JobSpec> jobs{{.type = "a"}, {.type = "b"}};
    ASSERT_TRUE(client.push_bulk(jobs));
    ASSERT_EQ(kept.spans.size(), 1U);
    EXPECT_EQ(jobs[0].trace, kept.spans[0].context);
    EXPECT_EQ(jobs[1].trace, kept.spans[0].context);
}

TEST_F(ClientTrace, ARefusedPushIsAFailedSpan) {
    const auto pushed = client.push({.type = "refused"});
    ASSERT_FALSE(pushed);
    ASSERT_EQ(kept.spans.size(), 1U);
    EXPECT_TRUE(kept.spans[0].failed);
    EXPECT_EQ(kept.spans[0].attributes.back().first, "sluice.error.code");
    EXPECT_EQ(std::get<std::string>(kept.spans[0].attributes.back().second),
              "SL101 invalid_request");
}

}  // namespace
}  // namespace sluice::sdk
