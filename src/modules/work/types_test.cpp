// SPDX-License-Identifier: Apache-2.0
// The built-in job types as a worker sees them, on the sample data and on hostile input.
#include "kernel/net/loopback_server_testing.h"
#include "kernel/sync/cancel.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/thread.h"
#include "kernel/wire/json_reader.h"
#include "modules/work/built_in_types_testing.h"

#include <gtest/gtest.h>
#include <support/deflated.h>

#include <algorithm>
#include <filesystem>
#include <functional>

namespace sluice::work {
namespace {

TEST_F(BuiltInTypes, TheTableIsSortedAndDocumented) {
    const auto table = built_in_types({}).value();
    ASSERT_GE(table.size(), 9u);
    EXPECT_TRUE(std::is_sorted(table.begin(), table.end(),
                               [](const auto& a, const auto& b) { return a.name < b.name; }));
    for (const auto& row : table) {
        EXPECT_FALSE(row.summary.empty()) << row.name;
        EXPECT_FALSE(row.schema.arguments.empty()) << row.name;
        for (const auto& argument : row.schema.arguments) {
            EXPECT_FALSE(argument.help.empty()) << row.name << " " << argument.name;
            EXPECT_FALSE(argument.help.ends_with('.')) << row.name << " " << argument.name;
        }
        EXPECT_FALSE(row.result_help.empty()) << row.name;
        EXPECT_NE(row.example.find("sluice push " + row.name), std::string::npos) << row.name;
        EXPECT_TRUE(row.run) << row.name;
    }
}

TEST_F(BuiltInTypes, WrongSettingsAreToldAtTheStart) {
    EXPECT_EQ(built_in_types({.read_roots = {"/nonexistent"}}).error().code, Code::not_found);
    EXPECT_EQ(built_in_types({.programs = {{.name = "x", .path = "bin/x"}}}).error().code,
              Code::invalid);
    EXPECT_EQ(built_in_types({.http = {.networks = {"lan"}}}).error().code, Code::invalid);
}

TEST_F(BuiltInTypes, EveryTypeNamesTheMemberThatIsWrong) {
    const struct {
        const char* type;
        const char* args;
        const char* said;
    } rows[] = {
        {"text.wordcount", "[]", "`path` is missing"},
        {"text.wordcount", R"(["a",{"top":-1}])", "`top` must be"},
        {"text.wordcount", R"(["a",{"encoding":"runes"}])", "`encoding` is an unknown encoding"},
        {"text.convert", R"(["a"])", "`output` is missing"},
        {"text.convert", R"(["a","b",{"case":"loud"}])", "`case` must be one of"},
        {"text.convert", R"(["a","b",{"to":"UTF-8//IGNORE"}])", "`to` is an unknown encoding"},
        {"math.primes", R"([1])", "`to` is missing"},
        {"math.primes", R"([9,1])", "`from` is greater than `to`"},
        {"math.primes", R"([0,9000000000])", "the range from `from` to `to`"},
        {"math.factorial", R"([1000001])", "`n` must be a whole number from 0 to 200000"},
        {"math.factorial", R"(["ten"])", "`n` must be"},
        {"file.compress", R"(["a",{"level":10}])", "`level` must be"},
        {"file.compress", R"(["a",{"format":"rar"}])", "`format` must be one of"},
        {"file.decompress", R"(["a.txt"])", "`output` is missing"},
        {"csv.stats", R"(["a",{"delimiter":";"}])", "`delimiter` must be one of"},
        {"csv.stats", R"(["a",{"heading":true}])", "did you mean `header`?"},
        {"http.get", R"([{"timeout":1}])", "`url` is missing"},
        {"http.get", R"(["http://x/",{"timeout":1000}])", "`timeout` must be"},
        {"exec", R"(["rm"])", "`program` names \"rm\", which this worker does not allow"},
        {"exec", R"(["/bin/sh"])", "`program` names"},
        {"exec", R"(["sh",{"environment":{"LD_PRELOAD":"x"}}])", "`environment` sets"},
        {"exec", R"(["sh",{"arguments":["a\u0000b"]}])", "`arguments` holds a NUL"},
    };
    for (const auto& row : rows) {
        Context context(row.args);
        const auto outcome = run(row.type, context);
        const auto* failure = std::get_if<sdk::Failure>(&outcome);
        ASSERT_NE(failure, nullptr) << row.type << row.args;
        EXPECT_EQ(failure->errtype, "InvalidArguments");
        EXPECT_TRUE(failure->final);
        EXPECT_NE(failure->message.find(row.said), std::string::npos) << failure->message;
    }
}

TEST_F(BuiltInTypes, FilesOutsideTheFoldersAreNeitherReadNorWritten) {
    std::filesystem::create_symlink("/etc/passwd", folder / "link.txt");
    std::filesystem::create_directory_symlink("/tmp", folder / "way");
    expect_failure("text.wordcount", R"(["link.txt"])", "Denied: ");
    expect_failure("text.wordcount", R"(["../../../etc/passwd"])", "`..` part");
    expect_failure("csv.stats", R"(["/etc/passwd"])", "is absolute");
    expect_failure("file.compress", R"(["link.txt"])", "Denied: ");
    expect_failure("file.compress", R"(["texts/greek.txt","way/out.gz"])", "Denied: ");
    expect_failure("file.compress", R"(["texts/greek.txt","../out.gz"])", "`..` part");
    expect_failure("text.wordcount", R"(["texts/none.txt"])", "NotFound: ");
    settings.write_root.clear();
    types.clear();
    expect_failure("file.compress", R"(["texts/greek.txt"])", "Denied: this worker writes no");
}

TEST_F(BuiltInTypes, WordcountCountsTheSampleTexts) {
    // The first three figures are those of `wc`.
    const std::string got = run("text.wordcount", R"(["texts/lighthouse.txt",{"top":2}])");
    EXPECT_TRUE(got.find(R"("bytes":2940,"lines":41,"words":591,"characters":2940,"invalid":0)") !=
                std::string::npos)
        << got;
    EXPECT_NE(got.find(R"("top":[{"word":"the","count":)"), std::string::npos) << got;
    expect_in("text.wordcount", R"(["texts/geduld-utf16.txt",{"encoding":"UTF-16","top":0}])",
              R"("words":73)");
    expect_in("text.wordcount", R"(["texts/geduld.txt",{"top":0}])", R"("words":73)");
    expect_in("text.wordcount", R"(["texts/latin1-letter.txt",{"top":0}])", R"("invalid":)");
    expect_in("text.wordcount", R"(["archive/orders-2025.csv.gz",{"top":3}])", R"("invalid":)");
    folder.put("empty.txt", "");
    expect_in("text.wordcount", R"(["empty.txt"])", R"("words":0)");
}

TEST_F(BuiltInTypes, ConvertBringsTextsToUtf8AndBack) {
    expect_in("text.convert",
              R"(["texts/latin1-letter.txt","out/letter.txt",{"from":"ISO-8859-1"}])",
              R"("replaced":0)");
    EXPECT_NE(folder.get("out/letter.txt").find("dévoué, Étienne Lefèvre"), std::string::npos);
    run("text.convert", R"(["out/letter.txt","back.txt",{"to":"ISO-8859-1"}])");
    const ScratchFolder& out = folder;
    std::ifstream original(std::string(SLUICE_SAMPLE_DATA) + "/texts/latin1-letter.txt");
    EXPECT_EQ(out.get("back.txt"), std::string(std::istreambuf_iterator<char>(original), {}));

    run("text.convert", R"(["texts/orchard-crlf.txt","lf.txt",{"line_endings":"lf"}])");
    std::ifstream orchard(std::string(SLUICE_SAMPLE_DATA) + "/texts/orchard.txt");
    EXPECT_EQ(out.get("lf.txt"), std::string(std::istreambuf_iterator<char>(orchard), {}));

    run("text.convert", R"(["texts/geduld-utf16.txt","g.txt",{"from":"UTF-16","case":"upper"}])");
    EXPECT_TRUE(out.get("g.txt").starts_with("ÜBER DIE GEDULD DER FLÜ"));
    run("text.convert", R"(["texts/snow-koi8r.txt","snow.txt",{"from":"KOI8-R"}])");
    EXPECT_TRUE(out.get("snow.txt").starts_with("Снег над рекой"));
}

TEST_F(BuiltInTypes, ConvertRefusesOrReplacesWhatItCannotKeep) {
    expect_failure("text.convert", R"(["texts/latin1-letter.txt","a.txt"])", "InvalidInput: byte ");
    expect_failure("text.convert", R"(["texts/greek.txt","a.txt",{"to":"ISO-8859-1"}])",
                   "InvalidInput: ");
    EXPECT_EQ(folder.entries(), 0u);  // no halves are left behind
    expect_in("text.convert",
              R"(["texts/greek.txt","a.txt",{"to":"ISO-8859-1","on_unknown":"replace"}])",
              R"("output":"a.txt")");
    expect_failure("text.convert",
                   R"(["texts/greek.txt","a.txt",{"to":"ASMO_449","on_unknown":"replace"}])",
                   "InvalidArguments: `to` is an encoding without a `?`");
}

TEST_F(BuiltInTypes, PrimesAndFactorialsAreExact) {
    EXPECT_EQ(run("math.primes", R"([1, 1000000, {"list": 5}])"),
              R"({"count":78498,"first":2,"last":999983,"twins":8169,"largest_gap":114,)"
              R"("largest_gap_after":492113,"primes":[2,3,5,7,11]})");
    EXPECT_EQ(run("math.primes", "[24, 28]"),
              R"({"count":0,"first":null,"last":null,"twins":0,"largest_gap":0,)"
              R"("largest_gap_after":null,"primes":[]})");
    expect_in("math.factorial", "[20]", R"("value":"2432902008176640000")");
    expect_in("math.factorial", R"([5000,{"output":"f.txt"}])", R"("digits":16326)");
    EXPECT_EQ(folder.get("f.txt").size(), 16'327u);
    expect_in("math.factorial", "[5000]", R"("first_digits":")");
}

TEST_F(BuiltInTypes, CompressedFilesComeBackTheSame) {
    for (const char* ending : {".gz", ".zst"}) {
        const std::string packed = std::string("access.log") + ending;
        const auto there = run("file.compress", R"(["logs/access.log",")" + packed + R"("])");
        const auto back = run("file.decompress", R"([")" + packed + R"(","back.log"])");
        const auto digest_of = [](const std::string& result) {
            return result.substr(result.find("sha256"));
        };
        EXPECT_EQ(digest_of(there), digest_of(back)) << there << back;
        EXPECT_EQ(folder.get("back.log").size(),
                  std::filesystem::file_size(std::string(SLUICE_SAMPLE_DATA) + "/logs/access.log"));
    }
    run("file.decompress", R"(["archive/orders-2025.csv.gz"])");
    expect_in("csv.stats", R"(["archive/orders-2025.csv"])", R"("rows":1500)");
    run("file.decompress", R"(["archive/lost-volume.txt.zst"])");
    EXPECT_TRUE(folder.get("archive/lost-volume.txt").starts_with("A LOST VOLUME"));
}

TEST_F(BuiltInTypes, DecompressionBombsAndDamagedFilesLeaveNothingBehind) {
    settings.limits.output_max = mib(8);
    settings.limits.ratio_max = 100;
    folder.put("bomb.gz", gzipped(std::string(8'000'000, '\0')));
    folder.put("two-bombs.gz",
               gzipped(std::string(6'000'000, 'a')) + gzipped(std::string(6'000'000, 'a')));
    std::string noise;
    for (std::uint64_t i = 0; noise.size() < 9'000'000; ++i)
        noise += std::to_string(i * 7919) + ",";
    folder.put("large.gz", gzipped(noise));
    folder.put("small.gz", gzipped(std::string(1'000'000, 'a')));
    const std::string sound = gzipped("sound");
    folder.put("cut.gz", sound.substr(0, sound.size() - 3));
    folder.put("head.gz", sound.substr(0, 4));
    folder.put("rubbish.gz", sound + "rubbish");
    folder.put("text.gz", "this is not compressed");
    folder.put("empty.gz", "");
    std::ifstream volume(std::string(SLUICE_SAMPLE_DATA) + "/archive/lost-volume.txt.zst",
                         std::ios::binary);
    folder.put("cut.zst", std::string(std::istreambuf_iterator<char>(volume), {}).substr(0, 3000));
    const std::size_t before = folder.entries();
    expect_failure("file.decompress", R"(["bomb.gz","out"])", "LimitExceeded: more than 100 times");
    expect_failure("file.decompress", R"(["two-bombs.gz","out"])", "LimitExceeded: ");
    expect_failure("file.decompress", R"(["large.gz","out"])",
                   "LimitExceeded: the output is larger");
    expect_failure("file.decompress", R"(["cut.gz","out"])", "CorruptInput: the gzip data is cut");
    expect_failure("file.decompress", R"(["cut.zst","out"])", "CorruptInput: the zstd data is cut");
    expect_failure("file.decompress", R"(["head.gz","out"])", "CorruptInput: ");
    expect_failure("file.decompress", R"(["rubbish.gz","out"])", "CorruptInput: ");
    expect_failure("file.decompress", R"(["text.gz","out"])",
                   "InvalidInput: neither gzip, zstd nor xz");
    expect_failure("file.decompress", R"(["empty.gz","out"])", "InvalidInput: an empty file");
    EXPECT_EQ(folder.entries(), before);
    expect_in("file.decompress", R"(["small.gz","out"])", R"("output_bytes":1000000)");
}

TEST_F(BuiltInTypes, CsvStatsDescribesTheSampleTables) {
    const std::string orders = run("csv.stats", R"(["tables/orders.csv"])");
    EXPECT_NE(orders.find(R"("rows":6000,"ragged_rows":0,"column_count":9)"), std::string::npos);
    EXPECT_NE(orders.find(R"({"name":"order_id","type":"integer","values":6000,"nulls":0,)"
                          R"("distinct":6000,"distinct_capped":false,"min":100001,"max":106000,)"
                          R"("sum":618003000,"mean":103000.5,)"),
              std::string::npos)
        << orders;
    for (const auto* part :
         {R"("name":"day","type":"date")", R"("name":"city","type":"text")",
          R"("name":"price","type":"number")", R"("name":"paid","type":"boolean")"}) {
        EXPECT_NE(orders.find(part), std::string::npos) << part;
    }
    expect_in("csv.stats", R"(["tables/sensors.csv"])", R"("rows":9000)");
    expect_in("csv.stats", R"(["tables/ragged.csv"])", R"("rows":3,"ragged_rows":2)");
    expect_in("csv.stats", R"(["tables/cities-semicolon.csv",{"delimiter":"semicolon"}])",
              R"({"name":"people","type":"integer")");
    expect_in("csv.stats", R"(["tables/without-header.csv",{"header":false}])",
              R"("rows":3,"ragged_rows":0,"column_count":2,"columns":[{"name":"column 1")");
    // A log is no table, but must not do harm.
    expect_in("csv.stats", R"(["logs/access.log"])", R"("rows")");
}

TEST_F(BuiltInTypes, CsvStatsRefusesHostileTables) {
    folder.put("nul.csv", std::string("a,b\n1,\0\n", 8));
    folder.put("long.csv", "a,b\n" + std::string(2 << 20, 'x'));
    folder.put("wide.csv", std::string(10'001, ','));
    folder.put("open.csv", "a\n\"" + std::string(100'000, '\n'));
    folder.put("latin1.csv", "caf\xE9,\xFF\n\xE9,2\n");
    expect_failure("csv.stats", R"(["tables/broken-quotes.csv"])", "quotes opened at line 2");
    expect_failure("csv.stats", R"(["nul.csv"])", "InvalidInput: line 2: a NUL byte");
    expect_failure("csv.stats", R"(["long.csv"])", "LimitExceeded: line 2: the record is longer");
    expect_failure("csv.stats", R"(["wide.csv"])", "LimitExceeded: line 1: more than 10000 fields");
    expect_failure("csv.stats", R"(["open.csv"])", "InvalidInput: line ");
    expect_in("csv.stats", R"(["latin1.csv"])", "\"name\":\"caf\xEF\xBF\xBD\"");
}

TEST_F(BuiltInTypes, HttpGetIsOffUntilAllowed) {
    LoopbackServer server;
    server.answer_ok("/page", "some page");
    server.answer("/busy", "HTTP/1.1 429 Slow\r\nRetry-After: 9\r\nContent-Length: 0\r\n\r\n");
    server.redirect("/to-metadata", "http://169.254.169.254/latest/");
    server.start();
    const std::string page = R"([")" + server.url("/page") + R"(",{"output":"page.txt"}])";
    expect_failure("http.get", page, "Denied: this worker fetches nothing");
    settings.http.hosts = {"*"};
    types.clear();
    expect_failure("http.get", page, "Denied: the host leads to an address");
    settings.http = {.networks = {"127.0.0.1"}, .body_max = mib(1)};
    types.clear();
    expect_in("http.get", page, R"("status":200,"content_type":"text/plain","bytes":9,"sha256":")");
    EXPECT_EQ(folder.get("page.txt"), "some page");
    expect_failure("http.get", R"([")" + server.url("/to-metadata") + R"("])", "Denied: ");
    expect_failure("http.get", R"([")" + server.url("/endless") + R"(",{"output":"e"}])",
                   "LimitExceeded: ");
    expect_in("http.get", R"([")" + server.url("/none") + R"("])", R"("status":404)");
    Context context(R"([")" + server.url("/busy") + R"("])");
    const auto failure = std::get<sdk::Failure>(run("http.get", context));
    EXPECT_EQ(failure.errtype, "HttpStatus");
    EXPECT_EQ(failure.retry_in, Duration(9s));
    EXPECT_FALSE(failure.final);
    EXPECT_EQ(folder.entries(), 1u);
}

TEST_F(BuiltInTypes, ExecRunsOnlyWhatIsAllowed) {
    expect_in("exec", R"(["env",{"environment":{"B":"two"}}])", R"("stdout":"A=1\nB=two\n")");
    expect_in("exec", R"(["sh",{"arguments":["-c","cat"],"input":"hi"}])", R"("stdout":"hi")");
    expect_failure("exec", R"(["sh",{"arguments":["-c","echo why >&2; exit 4"]}])",
                   "ExitStatus: exit code 4: why");
    expect_in("exec", R"(["sh",{"arguments":["-c","exit 4"],"check":false}])", R"("exit_code":4)");
    expect_failure("exec", R"(["sh",{"arguments":["-c","sleep 1000"],"timeout":0.1}])",
                   "Timeout: ");
    expect_in("exec", R"(["sh",{"arguments":["-c","printf '\\377\\000'"]}])",
              "\"stdout\":\"\xEF\xBF\xBD\\u0000\"");
}

/// Every long type, each cancelled at its first report.
TEST_F(BuiltInTypes, CancelInTheMiddleLeavesNoOutput) {
    std::string text;
    while (text.size() < 3'000'000) text += "some,more,words\n";
    folder.put("long.txt", text);
    folder.put("long.txt.gz", gzipped(text));
    const std::size_t before = folder.entries();
    const struct {
        const char* type;
        const char* args;
    } rows[] = {
        {"text.wordcount", R"(["long.txt"])"},
        {"text.convert", R"(["long.txt","out.txt"])"},
        {"file.compress", R"(["long.txt","out.gz"])"},
        {"csv.stats", R"(["long.txt"])"},
        {"math.primes", "[1, 2000000000]"},
        {"math.factorial", R"([200000,{"output":"out.txt"}])"},
    };
    for (const auto& row : rows) {
        const CancelSource source;
        Context context(row.args, source.token());
        context.on_progress = [&source] { source.cancel(); };
        const auto outcome = run(row.type, context);
        const auto* failure = std::get_if<sdk::Failure>(&outcome);
        ASSERT_NE(failure, nullptr) << row.type;
        EXPECT_EQ(failure->errtype, "Cancelled") << row.type << failure->message;
        EXPECT_FALSE(failure->final);
        EXPECT_EQ(context.reports, 1) << row.type;
    }
    EXPECT_EQ(folder.entries(), before);
    for (const auto& row : types) {
        const CancelSource source;
        source.cancel();
        Context context(R"([1,2])", source.token());
        EXPECT_TRUE(std::holds_alternative<sdk::Failure>(row.run(context))) << row.name;
    }
}

TEST_F(BuiltInTypes, LongWorkReportsProgress) {
    Context context(R"(["texts/chronicle-of-the-harbour.txt"])");
    EXPECT_TRUE(std::holds_alternative<std::string>(run("text.wordcount", context)));
    EXPECT_EQ(context.last, 100);
    EXPECT_GE(context.reports, 2);
    Context primes("[1, 20000000]");
    EXPECT_TRUE(std::holds_alternative<std::string>(run("math.primes", primes)));
    EXPECT_EQ(primes.last, 100);
}

TEST_F(BuiltInTypes, OneTableServesManyThreads) {
    const auto table = built_in_types(settings).value();
    std::vector<Thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back("worker", [&table, i] {
            const std::string number = std::to_string(i);
            const std::string file = R"(["tables/orders.csv")";
            const std::string output = file + R"(,"o)" + number + R"(.gz"])";
            const std::string cities = R"("tables/cities.csv",)";
            const auto made = [&](std::string_view kind) {
                return "\"" + std::string(kind) + number + ".csv\",";
            };
            const std::pair<std::string_view, std::string> calls[] = {
                {"archive.create", "[" + cities + R"("a)" + number + R"(.zip"])"},
                {"archive.extract", R"(["archive/harbour.zip","e)" + number + R"("])"},
                {"archive.list", R"(["archive/harbour.7z"])"},
                {"csv.aggregate", "[" + cities + made("a") + R"({"compute":"count"}])"},
                {"csv.filter", file + R"(,"f)" + number + R"(.csv"])"},
                {"csv.join", "[" + cities + cities + made("j") + R"({"on":"city"}])"},
                {"csv.sort", "[" + cities + made("s") + R"({"by":"city"}])"},
                {"csv.stats", file + "]"},
                {"csv.to_json", "[" + cities + made("t") + R"({"form":"array"}])"},
                {"exec", R"(["sh",{"arguments":["-c","echo x"]}])"},
                {"file.compress", output},
                {"file.hash", file + "]"},
                {"file.split", file + R"(,"p)" + number + R"(",{"lines":1000}])"},
                {"file.type", file + "]"},
                {"json.to_csv", R"(["logs/events.jsonl",)" + made("u") + "{}]"},
                {"log.analyze", R"(["logs/machines.syslog"])"},
                {"math.factorial", "[500]"},
                {"math.next_prime", "[1000]"},
                {"math.primes", "[1, 100000]"},
                {"report.render", R"(["r)" + number + R"(.html","T",{"sections":[{"text":"a"}]}])"},
                {"text.convert", output},
                {"text.markdown", R"(["texts/logbook.md","m)" + number + R"(.html"])"},
                {"text.wordcount", file + "]"},
            };
            for (const auto& [name, args] : calls) {
                const auto row = std::find_if(table.begin(), table.end(),
                                              [&](const auto& type) { return type.name == name; });
                ASSERT_NE(row, table.end()) << name;
                Context context(args);
                EXPECT_TRUE(std::holds_alternative<std::string>(row->run(context))) << name;
            }
        });
    }
}

}  // namespace
}  // namespace sluice::work
