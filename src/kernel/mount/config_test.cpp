// SPDX-License-Identifier: Apache-2.0
#include "kernel/mount/config.h"

#include "kernel/wire/json_reader.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include <unistd.h>

namespace sluice {
namespace {

class ConfigTest : public ::testing::Test {
protected:
    ConfigTest() {
        table_.declare({
            Setting::text("data", "/var/lib/sluice", "Where the store is."),
            Setting::text("jobs.listen", "127.0.0.1:7419", "Address of the job port."),
            Setting::secret("jobs.password", "Password of the job port."),
            Setting::integer("jobs.shards", 1, {1, 64}, "Owner threads."),
            Setting::duration("jobs.lease", 30min, {.min = 1s, .max = 24h},
                              "How long a job is held."),
            Setting::size("jobs.payload_max", mib(1), {.min = kib(1), .max = mib(64)},
                          "Largest job."),
            Setting::boolean("http.enabled", true, "Serve the admin pages."),
            Setting::choice("log.level", {"info", "debug", "warning", "error"}, "How much to log."),
            Setting::list("http.hosts", {"localhost"}, "Host names.\nAgainst DNS rebinding."),
        });
    }
    ~ConfigTest() override { std::remove(path_.c_str()); }
    Result<Config> load(const std::string& file, ConfigSources sources = {}) {
        std::ofstream(path_) << file;
        sources.file = path_;
        return table_.load(sources);
    }
    /// The error of a load, with the file's path as FILE.
    std::string error_of(const std::string& file, ConfigSources sources = {}) {
        auto loaded = load(file, std::move(sources));
        if (loaded) return "none";
        std::string message = loaded.error().message;
        for (std::size_t at = message.find(path_); at != std::string::npos;
             at = message.find(path_)) {
            message.replace(at, path_.size(), "FILE");
        }
        return message;
    }
    const std::string path_ =
        ::testing::TempDir() + "sluice_config_" + std::to_string(::getpid()) + ".toml";
    ConfigTable table_;
};

TEST_F(ConfigTest, DefaultsAreThere) {
    const Config config = table_.load({}).value();
    EXPECT_EQ(config.text("jobs.listen"), "127.0.0.1:7419");
    EXPECT_EQ(config.section("jobs").duration("lease"), Duration(30min));
    EXPECT_EQ(config.section("jobs").size("payload_max"), mib(1));
    EXPECT_EQ(config.text("log.level"), "info");
    EXPECT_TRUE(config.is_default("jobs.listen"));
}

TEST_F(ConfigTest, FlagsWinOverEnvironmentOverFile) {
    const Config config =
        load(
            "data = \"/srv\"\n[jobs]\nshards = 2\nlease = \"5m\"\npayload_max = \"2MiB\"\n"
            "[http]\nhosts = [\"a\", \"b\"]\nenabled = false\n",
            {.environment = {{"PATH", "/bin"},
                             {"SLUICE_JOBS_SHARDS", "3"},
                             {"SLUICE_JOBS_LEASE", "10m"},
                             {"SLUICE_HTTP_HOSTS", "x, y"},
                             {"SLUICE_SERVICE_HOST", "10.0.0.1"}},
             .flags = {{"jobs.lease", "15m"}}})
            .value();
    EXPECT_EQ(config.text("data"), "/srv");
    EXPECT_EQ(config.integer("jobs.shards"), 3);
    EXPECT_EQ(config.duration("jobs.lease"), Duration(15min));
    EXPECT_EQ(config.size("jobs.payload_max"), mib(2));
    EXPECT_EQ(config.list("http.hosts"), (std::vector<std::string>{"x", "y"}));
    EXPECT_FALSE(config.boolean("http.enabled"));
    ASSERT_EQ(config.warnings().size(), 1U);
    EXPECT_NE(config.warnings()[0].find("SLUICE_SERVICE_HOST"), std::string::npos);
}

TEST(ConfigSources, FlagsThatWereNotGivenSayNothing) {
    ConfigSources sources;
    sources.add_flag("jobs.data", "");
    sources.add_flag("jobs.listen", "127.0.0.1:1");
    ASSERT_TRUE(sources.add_settings({"jobs.cache=", "log.level=a=b"}));
    const std::vector<std::pair<std::string, std::string>> expected = {
        {"jobs.listen", "127.0.0.1:1"}, {"jobs.cache", ""}, {"log.level", "a=b"}};
    EXPECT_EQ(sources.flags, expected);
    const Status wrong = sources.add_settings({"jobs.cache"});
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Code::invalid);
    EXPECT_EQ(wrong.error().message, "--set jobs.cache: write section.key=value");
}

TEST_F(ConfigTest, AllMistakesAreReportedAtOnceWithTheirPlaces) {
    EXPECT_EQ(
        error_of("[jobs]\nlisen = \"x\"\nshards = 65\nlease = 30\npayload_max = \"x\"\n"
                 "[log]\nlevel = \"loud\"\n[http]\nenabled = \"yes\"\nhosts = [1]\n",
                 {.environment = {{"SLUICE_JOBS_LEASE", "1ms"}},
                  .flags = {{"jobs.shrads", "1"}, {"jobs.password", "hidden"}}}),
        "FILE:2: unknown setting \"jobs.lisen\"; did you mean \"jobs.listen\"?\n"
        "FILE:3: jobs.shards: found 65, allowed is a whole number from 1 to 64\n"
        "FILE:4: jobs.lease: found the number 30, allowed is a duration from 1s to 1d (such "
        "as 90s, 5m)\n"
        "FILE:5: jobs.payload_max: found \"x\", allowed is a size from 1KiB to 64MiB (such as "
        "512KiB, 64MiB)\n"
        "FILE:7: log.level: found \"loud\", allowed is one of info, debug, warning, error\n"
        "FILE:9: http.enabled: found the text \"yes\", allowed is true or false\n"
        "FILE:10: http.hosts: found a list that holds more than texts, allowed is a list of "
        "texts\n"
        "environment SLUICE_JOBS_LEASE: jobs.lease: found \"1ms\", allowed is a duration from "
        "1s to 1d (such as 90s, 5m)\n"
        "flag --jobs.shrads: unknown setting \"jobs.shrads\"; did you mean \"jobs.shards\"?\n"
        "flag --jobs.password: jobs.password: a secret is not taken from a flag, where every "
        "user of the machine can read it; use the file or SLUICE_JOBS_PASSWORD");
}

TEST_F(ConfigTest, SectionsOfAnotherProgramAreNotLookedAt) {
    ConfigTable& table = table_;
    table.share_with({"work", "server"});
    EXPECT_EQ(
        error_of("[work]\nqueues = [\"a\"]\nwhat = 1.5\n[work.deeper]\nx = 1\n[jobs]\nlisen = "
                 "\"x\"\n[works]\nx = 1\n",
                 {.flags = {{"work.queues", "a"}}}),
        "FILE:7: unknown setting \"jobs.lisen\"; did you mean \"jobs.listen\"?\n"
        "FILE:9: unknown section \"works\"; did you mean \"work\"?\n"
        "flag --work.queues: unknown setting \"work.queues\"");
    const auto config = table.load(
        {.environment = {
             {"SLUICE_WORK_QUEUES", "a"}, {"SLUICE_SERVER_X", "b"}, {"SLUICE_WORKS", "c"}}});
    ASSERT_TRUE(config);
    ASSERT_EQ(config->warnings().size(), 1U);
    EXPECT_NE(config->warnings()[0].find("SLUICE_WORKS"), std::string::npos);
}

TEST_F(ConfigTest, AnUnknownSectionIsReportedOnceWithTheNearestOne) {
    EXPECT_EQ(error_of("[joobs]\nlisten = \"x\"\nshards = 2\n[joobs.more]\nx = 1\n"
                       "[database]\nurl = \"x\"\n[jobs.deeper]\nx = 1\n"),
              "FILE:2: unknown section \"joobs\"; did you mean \"jobs\"?\n"
              "FILE:7: unknown section \"database\"\n"
              "FILE:9: unknown section \"jobs.deeper\"");
}

TEST_F(ConfigTest, AnUnknownSectionNearAFamilyIsSuggestedWithItsName) {
    table_.declare({Setting::text("work.exec.*.command", "", "Program."),
                    Setting::text("work.exec.*.limits.memory", "", "Its memory."),
                    Setting::text("work.mail.server", "", "Server.")});
    EXPECT_EQ(error_of("[work.exce.thumb]\ncommand = \"x\"\n[work.exec.thumb]\ncommand = \"x\"\n"
                       "[work.exec.thumb.limit]\nmemory = \"1\"\n[work.mial]\nserver = \"x\"\n"),
              "FILE:2: unknown section \"work.exce\"; did you mean \"work.exec\"?\n"
              "FILE:6: unknown section \"work.exec.thumb.limit\"; did you mean "
              "\"work.exec.thumb.limits\"?\n"
              "FILE:8: unknown section \"work.mial\"; did you mean \"work.mail\"?");
}

TEST_F(ConfigTest, NothingOutsideOfTheOnlySectionIsLookedAt) {
    table_.look_only_at("jobs");
    EXPECT_EQ(error_of("top = 1\n[joobs]\nx = 1\n[log]\nlevel = \"loud\"\n[jobs]\nlisen = \"x\"\n"
                       "[jobs.deeper]\nx = 1\n"),
              "FILE:7: unknown setting \"jobs.lisen\"; did you mean \"jobs.listen\"?\n"
              "FILE:9: unknown section \"jobs.deeper\"");
}

TEST_F(ConfigTest, JsonHasEveryValueWithItsOrigin) {
    const Config config = load(
                              "data = \"/a \\\"b\\\"\"\n[jobs]\npassword = \"hidden\"\n"
                              "[http]\nhosts = [\"a\", \"b\"]\n",
                              {.flags = {{"jobs.lease", "15m"}}})
                              .value();
    std::string json = config.json();
    for (std::size_t at = json.find(path_); at != std::string::npos; at = json.find(path_))
        json.replace(at, path_.size(), "FILE");
    EXPECT_EQ(json, R"({"data":{"value":"/a \"b\"","origin":"FILE:1"},)"
                    R"("jobs.listen":{"value":"127.0.0.1:7419","origin":"default"},)"
                    R"("jobs.password":{"value":"***","origin":"FILE:3"},)"
                    R"("jobs.shards":{"value":1,"origin":"default"},)"
                    R"("jobs.lease":{"value":"15m","origin":"flag --jobs.lease"},)"
                    R"("jobs.payload_max":{"value":"1MiB","origin":"default"},)"
                    R"("http.enabled":{"value":true,"origin":"default"},)"
                    R"("log.level":{"value":"info","origin":"default"},)"
                    R"("http.hosts":{"value":["a","b"],"origin":"FILE:5"}})");
}

TEST(ConfigFamilies, NamesComeFromWhoeverSetsThem) {
    ConfigTable table;
    table.declare({Setting::text("work.secrets.*.file", "", "A file."),
                   Setting::text("work.secrets.*.env", "", "A variable."),
                   Setting::text("work.other", "x", "Another.")});
    const auto config = table.load({.environment = {{"SLUICE_WORK_SECRETS_API_KEY_ENV", "KEY"}},
                                    .flags = {{"work.secrets.smtp.file", "/run/smtp"}}});
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->names_in("work.secrets"), (std::vector<std::string>{"api_key", "smtp"}));
    EXPECT_EQ(config->text("work.secrets.smtp.file"), "/run/smtp");
    EXPECT_EQ(config->text("work.secrets.smtp.env"), "");
    EXPECT_EQ(config->text("work.secrets.api_key.env"), "KEY");
    EXPECT_TRUE(config->warnings().empty());
    EXPECT_NE(config->dump().find("[work.secrets.smtp]\nfile = \"/run/smtp\""), std::string::npos)
        << config->dump();
    EXPECT_NE(table.describe().find("\n# [work.secrets.NAME]\n"), std::string::npos)
        << table.describe();
    EXPECT_NE(table.describe().find("environment: SLUICE_WORK_SECRETS_NAME_FILE\n"),
              std::string::npos)
        << table.describe();
    EXPECT_NE(table.describe_json().find(
                  R"("work.secrets.NAME.file":{"type":"text","default":"","help":"A file.",)"
                  R"("environment":"SLUICE_WORK_SECRETS_NAME_FILE"})"),
              std::string::npos)
        << table.describe_json();
    for (const char* wrong : {"work.secrets.smtp.fiel", "work.secrets.Smtp.file",
                              "work.secrets..file", "work.secrets.a.b.file", "work.secrets.file"}) {
        EXPECT_FALSE(table.load({.flags = {{wrong, "/x"}}})) << wrong;
    }
    const auto near = table.load({.flags = {{"work.secrets.smtp.fiel", "/x"}}});
    EXPECT_NE(near.error().message.find("did you mean \"work.secrets.smtp.file\"?"),
              std::string::npos)
        << near.error().message;
    EXPECT_TRUE(table.load({}).value().names_in("work.secrets").empty());
}

TEST(ConfigDescription, IsJsonForPrograms) {
    ConfigTable table;
    table.declare(
        {Setting::duration("jobs.lease", 30min, {.min = 60s, .max = 24h}, "How \"long\"."),
         Setting::size("jobs.cache", mib(2), {}, "Memory."),
         Setting::integer("jobs.shards", 1, {1, 64}, "Shards."),
         Setting::choice("log.level", {"info", "debug"}, "What is logged."),
         Setting::list("work.queues", {"default"}, "Queues."),
         Setting::boolean("http.insecure", false, "Allow."),
         Setting::secret("jobs.password", "A password.")});
    const std::string text = table.describe_json();
    JsonParser parser;
    const auto root = parser.parse(text);
    ASSERT_TRUE(root) << text;
    const auto of = [&](std::string_view name) { return std::string(root->find(name)->raw()); };
    EXPECT_EQ(of("jobs.lease"), R"({"type":"duration","default":"30m","min":"1m","max":"1d",)"
                                R"("help":"How \"long\".","environment":"SLUICE_JOBS_LEASE"})");
    EXPECT_EQ(of("jobs.cache"), R"({"type":"size","default":"2MiB","min":"0",)"
                                R"("help":"Memory.","environment":"SLUICE_JOBS_CACHE"})");
    EXPECT_EQ(of("jobs.shards"), R"({"type":"integer","default":1,"min":1,"max":64,)"
                                 R"("help":"Shards.","environment":"SLUICE_JOBS_SHARDS"})");
    EXPECT_EQ(of("log.level"), R"({"type":"choice","default":"info","choices":["info","debug"],)"
                               R"("help":"What is logged.","environment":"SLUICE_LOG_LEVEL"})");
    EXPECT_EQ(of("work.queues"), R"({"type":"list","default":["default"],)"
                                 R"("help":"Queues.","environment":"SLUICE_WORK_QUEUES"})");
    EXPECT_EQ(of("http.insecure"), R"({"type":"boolean","default":false,)"
                                   R"("help":"Allow.","environment":"SLUICE_HTTP_INSECURE"})");
    EXPECT_EQ(of("jobs.password"), R"({"type":"secret","default":"",)"
                                   R"("help":"A password.","environment":"SLUICE_JOBS_PASSWORD"})");
}

TEST_F(ConfigTest, BrokenAndMissingFilesSayWhere) {
    EXPECT_EQ(error_of("a = \n").find("FILE:1: "), 0U);
    const auto missing = table_.load({.file = "/nonexistent/sluice.toml"});
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, Code::invalid);
    EXPECT_EQ(missing.error().message,
              "cannot read /nonexistent/sluice.toml: No such file or directory");
    EXPECT_FALSE(table_.load({.file = ::testing::TempDir()}));
}

TEST_F(ConfigTest, DumpShowsOriginsAndHidesSecrets) {
    const Config config =
        load("[jobs]\npassword = \"hunter2\"\n", {.flags = {{"data", "/x\"y"}}}).value();
    EXPECT_EQ(config.text("jobs.password"), "hunter2");
    const std::string dump = config.dump();
    EXPECT_EQ(dump.find("hunter2"), std::string::npos);
    EXPECT_NE(dump.find("password = \"***\"  # " + path_ + ":2\n"), std::string::npos) << dump;
    EXPECT_NE(dump.find("data = \"/x\\\"y\"  # flag --data\n"), std::string::npos) << dump;
    EXPECT_NE(dump.find("shards = 1  # default\n"), std::string::npos) << dump;
}

TEST_F(ConfigTest, TheDescriptionUncommentedIsTheDefault) {
    std::string text = table_.describe();
    for (std::size_t at = text.find("\n# "); at != std::string::npos; at = text.find("\n# ", at)) {
        const bool is_key = text.find(" = ", at) < text.find('\n', at + 1);
        if (is_key) text.erase(at + 1, 2);
        ++at;
    }
    auto loaded = load(text);
    ASSERT_TRUE(loaded) << loaded.error().message << "\n" << text;
    for (const Setting& setting : table_.settings()) {
        EXPECT_FALSE(loaded->is_default(setting.name)) << setting.name << "\n" << text;
    }
    EXPECT_EQ(loaded->duration("jobs.lease"), Duration(30min));
    EXPECT_NE(text.find("## Against DNS rebinding.\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace sluice
