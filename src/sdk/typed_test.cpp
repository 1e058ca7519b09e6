// SPDX-License-Identifier: Apache-2.0
// Described structs: from JSON, to JSON, and as the arguments and answers of handlers.
#include "sdk/typed_handler.h"
#include "sdk/typed_job.h"

#include "kernel/sync/cancel.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

enum class Fit : std::uint8_t { cover, contain };
constexpr auto words_of(Fit) {
    return std::array{word("cover", Fit::cover), word("contain", Fit::contain)};
}

struct Frame {
    int width = 0;
    std::optional<std::string> note;
    static constexpr auto members =
        std::tuple{member("width", &Frame::width).from(1), member("note", &Frame::note)};
    friend bool operator==(const Frame&, const Frame&) = default;
};

struct Resize {
    static constexpr std::string_view job_type = "image.resize";
    std::string path;
    int width = 0;
    bool sharpen = false;
    double quality = 0.8;
    Fit fit = Fit::cover;
    std::uint8_t level = 6;
    std::uint64_t seed = 0;
    std::vector<Frame> frames;
    std::map<std::string, std::string> tags;
    RawJson extra;
    static constexpr auto members = std::tuple{
        member("path", &Resize::path, "the picture").from(1).to(20),
        member("width", &Resize::width, "in pixels").from(1).to(10'000),
        member("sharpen", &Resize::sharpen).optional(),
        member("quality", &Resize::quality).from(0).to(1).optional(),
        member("fit", &Resize::fit).optional(),
        member("level", &Resize::level).optional(),
        member("seed", &Resize::seed).optional(),
        member("frames", &Resize::frames).to(2).optional(),
        member("tags", &Resize::tags).optional(),
        member("extra", &Resize::extra).optional(),
    };
    friend bool operator==(const Resize&, const Resize&) = default;
};

struct Nothing {
    static constexpr std::tuple<> members{};
};

struct Answer {
    int width = 0;
    std::optional<int> height;
    static constexpr auto members =
        std::tuple{member("width", &Answer::width), member("height", &Answer::height)};
};

TEST(Typed, ValuesInFrontAndNamedOnesMix) {
    const Resize plain{.path = "a.png", .width = 80};
    for (const char* json : {R"(["a.png", 80])", R"(["a.png", {"width": 80}])",
                             R"([{"width": 80, "path": "a.png", "sharpen": null}])"}) {
        const auto read = read_args<Resize>(json);
        ASSERT_TRUE(read) << json << ": " << read.error().text();
        EXPECT_EQ(*read, plain) << json;
    }
    const auto full = read_args<Resize>(
        R"(["a", 3, true, 0.5, "contain", {"level": 9, "seed": 18446744073709551615, "frames":)"
        R"( [{"width":1,"note":"n"}], "tags":{"k":"v"},"extra":[1, null]}])");
    ASSERT_TRUE(full) << full.error().text();
    EXPECT_EQ(*full, (Resize{.path = "a",
                             .width = 3,
                             .sharpen = true,
                             .quality = 0.5,
                             .fit = Fit::contain,
                             .level = 9,
                             .seed = 18446744073709551615ULL,
                             .frames = {{.width = 1, .note = "n"}},
                             .tags = {{"k", "v"}},
                             .extra = {"[1, null]"}}));
    EXPECT_TRUE(read_args<Nothing>("[]"));
    EXPECT_TRUE(read_args<Nothing>("[{}]"));
}

TEST(Typed, EveryMistakeNamesItsMember) {
    const struct {
        const char* json;
        const char* said;
    } rows[] = {
        {"[]", "`path` is missing"},
        {R"(["a"])", "`width` is missing"},
        {R"([5, 3])", "`path` must be a text"},
        {R"(["", 3])", "`path` is empty"},
        {R"(["a", 0])", "`width` must be a whole number from 1 to 10000"},
        {R"(["a", 1.5])", "`width` must be a whole number"},
        {R"(["a", "3"])", "`width` must be a whole number"},
        {R"(["a", 99999999999999999999])", "`width` must be a whole number"},
        {R"(["a", 3, {"sharpen": 1}])", "`sharpen` must be true or false"},
        {R"(["a", 3, {"quality": 1.5}])", "`quality` must be a number from 0 to 1"},
        {R"(["a", 3, {"fit": "fill"}])", "`fit` must be one of \"cover\", \"contain\""},
        {R"(["a", 3, {"fit": 1}])", "`fit` must be one of"},
        {R"(["a", 3, {"level": 256}])", "`level` must be a whole number from 0 to 255"},
        {R"(["a", 3, {"seed": -1}])", "`seed` must be a whole number of at least 0"},
        {R"(["a", 3, {"frames": {}}])", "`frames` must be an array"},
        {R"(["a", 3, {"frames": [{"width":1},{"width":0}]}])",
         "`frames[1].width` must be a whole number from 1 to 2147483647"},
        {R"(["a", 3, {"frames": [{"width":1},{"wide":1}]}])",
         "`frames[1].wide` is not known here; did you mean `width`?"},
        {R"(["a", 3, {"frames": [{}]}])", "`frames[0].width` is missing"},
        {R"(["a", 3, {"frames": [7]}])", "`frames[0]` must be an object"},
        {R"(["a", 3, {"frames": [{"width":1},{"width":1},{"width":1}]}])",
         "`frames` has more than 2 parts"},
        {R"(["a", 3, {"tags": {"k": 1}}])", "`tags.k` must be a text"},
        {R"(["a", 3, {"widht": 1}])", "`widht` is not known here; did you mean `width`?"},
        {R"(["a", 3, {"path": "b"}])", "`path` is given twice"},
        {R"([{"path": "b", "path": "b", "width": 1}])", "`path` is given twice"},
        {"[1,2,3,4,5,6]", "too many arguments: at most 5 values"},
        {R"({"path": "a"})", "not a JSON array"},
        {"[", "no JSON array"},
        {"", "no JSON array"},
    };
    for (const auto& row : rows) {
        const auto read = read_args<Resize>(row.json);
        ASSERT_FALSE(read) << row.json;
        EXPECT_EQ(read.error().code, Code::invalid);
        EXPECT_NE(read.error().message.find(row.said), std::string::npos)
            << row.json << ": " << read.error().message;
    }
}

TEST(Typed, WhatIsWrittenReadsBackTheSame) {
    const Resize all{.path = "ä\"\n",
                     .width = 80,
                     .quality = 0.25,
                     .fit = Fit::contain,
                     .seed = 1ULL << 63,
                     .frames = {{.width = 1, .note = {}}, {.width = 2, .note = "x"}},
                     .tags = {{"a", "b"}},
                     .extra = {R"({"n":1e9})"}};
    const auto read = read_args<Resize>(args_json(all));
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(*read, all);
    EXPECT_EQ(args_json(Frame{.width = 1, .note = {}}), R"([{"width":1}])");
    EXPECT_EQ(args_json(Nothing{}), "[{}]");
    EXPECT_EQ(to_json(std::vector<std::optional<int>>{1, {}}), "[1,null]");
    EXPECT_EQ(to_json("text"), "\"text\"");
    const auto answer = read_json<Answer>(R"({"width":1,"height":2})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->height, 2);
    EXPECT_FALSE(read_json<Answer>("[1]"));
}

TEST(Typed, AJobIsMadeOfItsArguments) {
    const JobSpec job = job_of(Frame{}.note ? Resize{} : Resize{.path = "a", .width = 1});
    EXPECT_EQ(job.type, "image.resize");
    EXPECT_TRUE(job.args.starts_with(R"([{"path":"a","width":1,)")) << job.args;
    EXPECT_EQ(job_of("frame", Frame{.width = 1, .note = {}}).type, "frame");
}

TEST(Typed, TheSchemaSaysWhatTheListSays) {
    const JobSchema schema = schema_of<Resize>();
    EXPECT_EQ(schema.positions, 5U);
    EXPECT_EQ(describe(schema),
              "- `path` (text, 1 to 20 bytes, required, first value): the picture.\n"
              "- `width` (whole number, 1 to 10,000, required, second value): in pixels.\n"
              "- `sharpen` (true or false, third value, default `false`): .\n"
              "- `quality` (number, 0 to 1, fourth value, default `0.8`): .\n"
              "- `fit` (`cover` or `contain`, fifth value, default `cover`): .\n"
              "- `level` (whole number, default `6`): .\n"
              "- `seed` (whole number, default `0`): .\n"
              "- `frames` (array, at most 2 elements): .\n"
              "- `tags` (object of texts): .\n"
              "- `extra` (any value): .");
    EXPECT_EQ(schema_of<Frame>().positions, 2U);
    EXPECT_FALSE(schema_of<Frame>().find("note")->required);
    const JobType type = typed_job_type<Resize>("Resizes.", "`width`",
                                                [](const Resize& given) { return given.width; });
    EXPECT_EQ(type.name, "image.resize");
    EXPECT_TRUE(type.run);
}

class Context final : public JobContext {
public:
    explicit Context(std::string args) { delivery_.args = std::move(args); }
    [[nodiscard]] const Delivery& job() const override { return delivery_; }
    [[nodiscard]] const CancelToken& cancel() const override { return token_; }
    void progress(int, std::string_view) override {}

private:
    Delivery delivery_;
    CancelToken token_;
};

Outcome run(const Handler& handler, const std::string& args) {
    Context context(args);
    return handler(context);
}

TEST(TypedHandler, AnswersInEveryFormBecomeOutcomes) {
    const std::string args = R"(["a", 3])";
    const auto result_of = [&](const Handler& handler) {
        return std::get<std::string>(run(handler, args));
    };
    EXPECT_EQ(result_of(typed_handler<Resize>([](const Resize& given, JobContext&) {
                  return Result<Answer>(Answer{.width = given.width, .height = {}});
              })),
              R"({"width":3})");
    EXPECT_EQ(result_of(typed_handler<Resize>([](const Resize& given) { return given.path; })),
              "\"a\"");
    EXPECT_EQ(result_of(typed_handler<Resize>([](const Resize&) {})), "");
    EXPECT_EQ(result_of(typed_handler<Resize>([](const Resize&) { return Status(); })), "");
    EXPECT_EQ(
        result_of(typed_handler<Resize>([](const Resize&) { return Outcome(std::string("[1]")); })),
        "[1]");
}

TEST(TypedHandler, FailuresSayWhetherTryingAgainHelps) {
    const auto failure_from = [](const Handler& handler, const std::string& args) {
        return std::get<Failure>(run(handler, args));
    };
    const Handler busy = typed_handler<Resize>(
        [](const Resize&, JobContext&) -> Result<Answer> { return fail(Code::busy, "full"); });
    const Failure wrong = failure_from(busy, R"(["a", 0])");
    EXPECT_EQ(wrong.errtype, "InvalidArguments");
    EXPECT_TRUE(wrong.final);
    EXPECT_NE(wrong.message.find("`width`"), std::string::npos);
    const Failure full = failure_from(busy, R"(["a", 1])");
    EXPECT_EQ(full.errtype, "Busy");
    EXPECT_EQ(full.message, "full");
    EXPECT_FALSE(full.final);
    const Handler own = typed_handler<Resize>(
        [](const Resize&) { return Failure{.errtype = "Mine", .message = "m"}; });
    EXPECT_EQ(failure_from(own, R"(["a", 1])").errtype, "Mine");
}

}  // namespace
}  // namespace sluice::sdk
