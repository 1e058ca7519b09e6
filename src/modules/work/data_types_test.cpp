// SPDX-License-Identifier: Apache-2.0
// csv.*, log.analyze and report.render as a worker runs them.
#include "kernel/sync/clock.h"
#include "modules/work/built_in_types_testing.h"
#include "modules/work/shell/codec.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace sluice::work {
namespace {

/// Records that need several runs in a megabyte of memory.
std::string many_records(int count) {
    std::string text = "id,key,pad\n";
    for (int i = 0; i < count; ++i) {
        text += std::to_string(i) + "," + std::to_string(i * 7919 % count) + "," +
                std::string(40, static_cast<char>('a' + i % 26)) + "\n";
    }
    return text;
}

TEST_F(BuiltInTypes, CsvSortWritesAsideAndLeavesNothing) {
    settings.limits.table_memory_max = kib(256);
    folder.put("in.csv", many_records(8000));
    const std::string got = run("csv.sort", R"(["in.csv", "out.csv", {"by": "key:number"}])");
    EXPECT_NE(got.find(R"("rows":8000,"unreadable":0)"), std::string::npos) << got;
    EXPECT_EQ(got.find(R"("runs":0)"), std::string::npos) << got;
    EXPECT_EQ(folder.entries(), 2u);
    const std::string out = folder.get("out.csv");
    EXPECT_TRUE(out.starts_with("id,key,pad\n0,0,a")) << out.substr(0, 100);
    EXPECT_EQ(out.size(), folder.get("in.csv").size());
}

TEST_F(BuiltInTypes, CsvSortStopsInBothPhases) {
    settings.limits.table_memory_max = kib(256);
    folder.put("in.csv", many_records(8000));
    for (const int after : {1, 2}) {
        CancelSource source;
        Context context(R"(["in.csv", "out.csv", {"by": "key:number"}])", source.token());
        context.on_progress = [&] {
            if (context.reports >= after) source.cancel();
        };
        const auto outcome = run("csv.sort", context);
        ASSERT_TRUE(std::holds_alternative<sdk::Failure>(outcome)) << after;
        EXPECT_EQ(std::get<sdk::Failure>(outcome).errtype, "Cancelled");
        EXPECT_EQ(folder.entries(), 1u);
    }
}

TEST_F(BuiltInTypes, CsvSortKeepsToWhatItMayWriteAside) {
    settings.limits.table_memory_max = kib(64);
    settings.limits.scratch_max = kib(128);
    folder.put("in.csv", many_records(8000));
    expect_failure("csv.sort", R"(["in.csv", "out.csv", {"by": "key"}])",
                   "LimitExceeded: what is written aside is more than the limit of 131072 bytes");
    EXPECT_EQ(folder.entries(), 1u);
}

TEST_F(BuiltInTypes, CsvStatsStopsInTheMiddleOfAPieceThatBecomesMuchText) {
    std::string packed;
    const Sink sink = [&packed](std::string_view bytes) {
        packed += bytes;
        return Status();
    };
    const auto codec = make_compressor(Compression::zstd, 1);
    const std::string lines(1'000'000, '\n');
    for (int i = 0; i < 64; ++i) ASSERT_TRUE(codec->feed(lines, sink));
    // Who reads to the end finds that this is no table.
    ASSERT_TRUE(codec->feed(std::string_view("\0", 1), sink));
    ASSERT_TRUE(codec->finish(sink));
    ASSERT_LT(packed.size(), 100'000U);
    folder.put("much.csv.zst", packed);
    const CancelSource source(deadline_after(20ms));
    Context context(R"(["much.csv.zst"])", source.token());
    const auto outcome = run("csv.stats", context);
    ASSERT_TRUE(std::holds_alternative<sdk::Failure>(outcome));
    EXPECT_EQ(std::get<sdk::Failure>(outcome).errtype, "Timeout");
}

TEST_F(BuiltInTypes, CsvTypesRefuseWhatIsNoTable) {
    folder.put("nul.csv", std::string("a,b\n1,\0\n", 8));
    folder.put("long.csv", "a\n" + std::string(3 << 20, 'x'));
    folder.put("empty.csv", "");
    for (const char* type : {"csv.sort", "csv.filter", "csv.aggregate"}) {
        const std::string more = type == std::string("csv.sort")        ? R"({"by": "a"})"
                                 : type == std::string("csv.aggregate") ? R"({"compute": "count"})"
                                                                        : "{}";
        expect_failure(type, R"(["nul.csv", "o.csv", )" + more + "]", "line 2: a NUL byte");
        expect_failure(type, R"(["long.csv", "o.csv", )" + more + "]", "LimitExceeded: line 2");
        expect_failure(type, R"(["tables/broken-quotes.csv", "o.csv", )" + more + "]",
                       "opened at line 2");
        expect_in(type, R"(["empty.csv", "o.csv", )" + more + "]", R"("output_bytes":0)");
    }
    expect_failure("csv.sort", R"(["tables/orders.csv", "o.csv", {"by": "prise:number"}])",
                   "did you mean \"price\"");
    expect_failure("csv.aggregate", R"~(["tables/orders.csv", "o.csv", {"compute": "total(x)"}])~",
                   "InvalidArguments");
    expect_failure("csv.join", R"(["tables/orders.csv", "empty.csv", "o.csv", {"on": "city"}])",
                   "the right file has no records");
}

TEST_F(BuiltInTypes, CsvJoinAndAggregateGiveTheSameInLittleMemory) {
    folder.put("left.csv", many_records(4000));
    folder.put("right.csv", many_records(5000));
    const auto both = [this](const char* name) {
        const std::string n(name);
        run("csv.join", R"(["left.csv", "right.csv", "join-)" + n + R"(.csv", {"on": "key"}])");
        run("csv.aggregate", R"(["left.csv", "group-)" + n +
                                 R"~(.csv", {"by": "key", "compute": ["count", "max(pad)"]}])~");
    };
    both("large");
    types.clear();
    settings.limits.table_memory_max = kib(128);
    both("small");
    EXPECT_EQ(folder.get("join-large.csv"), folder.get("join-small.csv"));
    EXPECT_EQ(folder.get("group-large.csv"), folder.get("group-small.csv"));
    EXPECT_GT(folder.get("join-small.csv").size(), 100'000u);
}

TEST_F(BuiltInTypes, LogAnalyzeReadsEveryFormat) {
    expect_in("log.analyze", R"(["logs/access.log"])", R"("format":"combined","lines":3000)");
    expect_in("log.analyze", R"(["logs/timed.log.gz"])", R"("latency":{"count":2500)");
    expect_in("log.analyze", R"(["logs/service.jsonl"])", R"("format":"json")");
    expect_in("log.analyze", R"(["logs/worker.logfmt"])", R"("format":"logfmt")");
    expect_in("log.analyze", R"(["logs/machines.syslog"])", R"("format":"syslog")");
    expect_in("log.analyze", R"(["texts/lighthouse.txt"])", R"("format":null)");
    expect_failure("log.analyze", R"(["logs/access.log", {"members": {"colour": "c"}}])",
                   "does not know \"colour\"");
}

TEST_F(BuiltInTypes, LogAnalyzeOutlivesHostileFiles) {
    folder.put("long.log", std::string(20 << 20, 'x') + "\n" + std::string("\0\0\n", 3));
    expect_in("log.analyze", R"(["long.log"])", R"("too_long":1)");
    folder.put("cut.gz", "\x1f\x8b\x08\x00 not really");
    expect_failure("log.analyze", R"(["cut.gz"])", "CorruptInput");
}

TEST_F(BuiltInTypes, LinesOfAHundredMegabytesAreRefusedOrCounted) {
    // Without a line end: zeros, or letters.
    folder.put("zeros", "a,b\n");
    std::filesystem::resize_file(folder / "zeros", 100'000'000);
    std::string letters = "a,b\n";
    letters.resize(100'000'000, 'x');
    folder.put("letters", letters);
    for (const char* file : {"zeros", "letters"}) {
        const std::string name = "[\"" + std::string(file) + '"';
        for (const char* type : {"csv.stats", "csv.to_json"}) {
            const std::string got =
                run(type, name + (type == std::string_view("csv.stats") ? "]" : ",\"out\"]"));
            EXPECT_NE(got.find("line 2"), std::string::npos) << type << file << got;
        }
        expect_failure("json.to_csv", name + ",\"out\"]", "InvalidInput");
        expect_in("log.analyze", name + "]", R"("too_long":1)");
        EXPECT_FALSE(std::filesystem::exists(folder / "out"));
    }
}

TEST_F(BuiltInTypes, ReportRenderMakesAPage) {
    const std::string got = run("report.render", R"(["r.html", "T", {"sections": [
        {"kind": "bar", "data": "tables/orders.csv", "x": "city", "aggregate": "count"},
        {"kind": "histogram", "data": "tables/orders.csv", "column": "price"},
        {"kind": "line", "data": "tables/sensors.csv", "x": "time", "y": "temperature",
         "aggregate": "mean"}]}])");
    EXPECT_NE(got.find(R"("format":"html","sections":3,"charts":3,"tables":0)"), std::string::npos)
        << got;
    EXPECT_TRUE(folder.get("r.html").starts_with("<!DOCTYPE html>"));
}

TEST_F(BuiltInTypes, ReportRenderSaysWhyThereIsNoPdf) {
    settings.pdf_program = "";
    expect_failure("report.render", R"(["r.pdf", "T", {"sections": [{"text": "a"}]}])",
                   "Denied: this worker makes no PDF");
    types.clear();
    settings.pdf_program = "/nonexistent/weasyprint";
    expect_failure("report.render", R"(["r.pdf", "T", {"sections": [{"text": "a"}]}])",
                   "package weasyprint");
    types.clear();
    settings.pdf_program = "/bin/false";
    expect_failure("report.render", R"(["r.pdf", "T", {"sections": [{"text": "a"}]}])",
                   "ended with 1");
    EXPECT_EQ(folder.entries(), 0u);
}

}  // namespace
}  // namespace sluice::work
