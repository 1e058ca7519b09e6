// SPDX-License-Identifier: Apache-2.0
#include "modules/work/secrets.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>
#include <sys/stat.h>

#include <cstdlib>

namespace sluice::work {
namespace {

const sdk::JobSchema schema{
    .arguments = {{.name = "url"},
                  {.name = "key", .secrets = true},
                  {.name = "headers", .kind = sdk::ArgumentKind::pairs, .secrets = true},
                  {.name = "steps", .kind = sdk::ArgumentKind::list, .passes_secrets = true}},
    .positions = 2};

class SecretsTest : public testing::Test {
protected:
    SecretsTest() {
        folder.put("smtp", "hunter22\n");
        ::setenv("SLUICE_TEST_SECRET", "t0ken", 1);
        made = Secrets::make({{.name = "smtp", .file = folder / "smtp"},
                              {.name = "api", .env = "SLUICE_TEST_SECRET"},
                              {.name = "gone", .file = folder / "gone"},
                              {.name = "unset", .env = "SLUICE_TEST_NO_SUCH"},
                              {.name = "folder", .file = folder.path()}})
                   .value();
    }
    ~SecretsTest() override { ::unsetenv("SLUICE_TEST_SECRET"); }

    Result<std::string> put(const std::string& args) {
        return put_secrets(args, schema, made, given);
    }

    ScratchFolder folder;
    Secrets made;
    Redactor given;
};

TEST_F(SecretsTest, OfTheJobsThatAJobMakesStayReferences) {
    const std::string args =
        R"([{"steps":[{"type":"http.request","args":[{"key":{"$secret":"none"}}]}]}])";
    EXPECT_EQ(put(args).value(), args);
    EXPECT_TRUE(given.empty());
}

TEST_F(SecretsTest, AreReadWhenTheyAreNeeded) {
    EXPECT_EQ(made.read("smtp").value(), "hunter22");
    folder.put("smtp", "other word\r\n");
    EXPECT_EQ(made.read("smtp").value(), "other word");
    folder.put("smtp", "two\nlines\n\n");
    EXPECT_EQ(made.read("smtp").value(), "two\nlines\n");
    EXPECT_EQ(made.read("api").value(), "t0ken");
    EXPECT_EQ(made.read("none").error().code, Code::denied);
    EXPECT_EQ(made.read("gone").error().code, Code::io);
    EXPECT_EQ(made.read("unset").error().code, Code::io);
    EXPECT_EQ(made.read("folder").error().code, Code::io);
    folder.put("smtp", "abc\n");
    EXPECT_EQ(made.read("smtp").error().code, Code::invalid);
    folder.put("smtp", std::string(70'000, 'x'));
    const auto longer = made.read("smtp");
    EXPECT_EQ(longer.error().code, Code::invalid);
    EXPECT_EQ(longer.error().message.find("xxxx"), std::string::npos);
    EXPECT_FALSE(Secrets::make({{.name = "x"}}));
    EXPECT_FALSE(Secrets::make({{.name = "x", .file = "relative"}}));
    EXPECT_FALSE(Secrets::make({{.name = "x", .file = "/a", .env = "B"}}));
}

TEST_F(SecretsTest, StandInThePlaceOfTheirReferences) {
    EXPECT_EQ(put(R"(["u", {"$secret": "smtp"}])").value(), R"(["u","hunter22"])");
    EXPECT_EQ(
        put(R"(["u", {"headers": {"A": {"$secret":"api"}, "B": "b"}, "n": [1, null]}])").value(),
        R"(["u",{"headers":{"A":"t0ken","B":"b"},"n":[1,null]}])");
    EXPECT_EQ(put(R"([ "as it is" ])").value(), R"([ "as it is" ])");
    EXPECT_EQ(given.text("hunter22 and t0ken"), "*** and ***");
    for (const auto* wrong :
         {R"([{"$secret": "smtp"}])", R"([{"url": {"$secret": "smtp"}}])",
          R"(["u", {"key": {"$secret": "smtp", "x": 1}}])", R"(["u", {"key": {"$secret": 1}}])",
          R"(["u", {"other": {"$secret": "smtp"}}])", R"(["u", {"url": [{"$secret": "smtp"}]}])"}) {
        EXPECT_EQ(put(wrong).error().code, Code::invalid) << wrong;
    }
    const auto unknown = put(R"(["u", {"key": {"$secret": "none"}}])");
    EXPECT_EQ(unknown.error().message, "`key`: this worker has no secret \"none\"");
}

TEST_F(SecretsTest, AreInNothingThatAJobSays) {
    given.add("hunter22");
    given.add("he said \"yes\"\n");
    given.add("12345");
    given.add("abc");  // too short to be a secret
    const auto failure = given.outcome(sdk::Failure{"X", "login hunter22 failed", true, {}});
    EXPECT_EQ(std::get<sdk::Failure>(failure).message, "login *** failed");
    const auto json = [this](std::string text) {
        return std::get<std::string>(given.outcome(std::move(text)));
    };
    EXPECT_EQ(json(R"({"a":"x hunter22 y","hunter22":["\u0068unter22"],"n":912345,"m":1.5})"),
              R"({"a":"x *** y","***":["***"],"n":"9***","m":1.5})");
    EXPECT_EQ(json(R"(["he said \"yes\"\n", true, null, "abc"])"), R"(["***",true,null,"abc"])");
    EXPECT_EQ(json("\"nothing\""), "\"nothing\"");
    // In every form in which others may say it.
    Redactor written;
    written.add("pä/ss \"1\"\U0001F511");
    for (const auto* form :
         {R"(pä/ss \"1\"🔑)", R"(pä\/ss \"1\"🔑)", R"(p\u00e4/ss \"1\"\ud83d\udd11)",
          R"(p\u00e4\/ss \"1\"\ud83d\udd11)", "p%C3%A4%2Fss%20%221%22%F0%9F%94%91",
          "p%c3%a4%2fss%20%221%22%f0%9f%94%91"}) {
        EXPECT_EQ(written.text("<" + std::string(form) + ">"), "<***>") << form;
    }
    // AUTH PLAIN and Basic: base64 of a name, a separator and the password.
    written.add("hunter22");
    for (const auto* login : {"AGpvYnMAaHVudGVyMjI=", "am9iczpodW50ZXIyMg==", "YWRhOmh1bnRlcjIy",
                              "aHVudGVyMjI=", "YTpodW50ZXIyMg=="}) {
        const std::string told = written.text("535 no: " + std::string(login));
        EXPECT_NE(told.find("***"), std::string::npos) << told;
        EXPECT_LE(told.size(), 25u) << told;
    }
    // The longer one first, so that no end of it is left.
    Redactor both;
    both.add("word");
    both.add("password");
    EXPECT_EQ(both.text("password word"), "*** ***");
}

}  // namespace
}  // namespace sluice::work
