// SPDX-License-Identifier: Apache-2.0
// The settings of the worker's runtime, as people write them.
#include "app/worker_runtime.h"
#include "app/worker_exec.h"

#include <gtest/gtest.h>

namespace sluice::app {
namespace {

using Flags = std::vector<std::pair<std::string, std::string>>;

Config load(const Flags& flags) {
    ConfigTable table;
    table.declare(runtime_settings());
    table.declare(exec_handler_settings());
    table.declare({Setting::list("work.labels", {}, "Labels.")});
    return table.load({.file = {}, .environment = {}, .flags = flags}).value();
}

std::string error(const Flags& flags) {
    const auto rules = TypeRules::read(load(flags));
    return rules ? std::string("none") : rules.error().message;
}

TEST(TypeRules, TheFirstPatternThatFitsCounts) {
    const auto rules = TypeRules::read(load({{"work.needs",
                                              "image.thumb: mem_mb=64,image.*: cpu=1.5 mem_mb=512 "
                                              "gpu=1 label=ssd"},
                                             {"work.type_concurrency", "image.*=2"},
                                             {"work.isolate", "image.*"}}))
                           .value();
    const auto thumb = rules.terms("image.thumb", {.cpu = 1});
    EXPECT_EQ(thumb.needs.mem_mb, 64U);
    EXPECT_EQ(thumb.needs.cpu, 0) << "instead of what the type says";
    EXPECT_EQ(thumb.concurrency_max, 2U);
    const auto resize = rules.terms("image.resize", {});
    EXPECT_EQ(resize.needs.cpu, 1.5);
    EXPECT_EQ(resize.needs.gpu, 1U);
    EXPECT_EQ(resize.needs.labels, std::vector<std::string>{"ssd"});
    EXPECT_EQ(rules.terms("exec", {.cpu = 1}).needs.cpu, 1) << "others keep their own";
    EXPECT_TRUE(rules.is_isolated("image.thumb"));
    EXPECT_FALSE(rules.is_isolated("exec"));
}

TEST(TypeRules, MistakesAreNamedWithTheWayOut) {
    EXPECT_EQ(error({{"work.needs", "exec: colour=1"}}),
              "work.needs: \"exec: colour=1\": unknown need \"colour\"; there are cpu, mem_mb, "
              "gpu and label");
    EXPECT_EQ(error({{"work.needs", "exec: mem_bm=1"}}),
              "work.needs: \"exec: mem_bm=1\": unknown need \"mem_bm\"; did you mean \"mem_mb\"?");
    EXPECT_EQ(error({{"work.needs", "exec"}}),
              "work.needs: \"exec\": write \"TYPE: cpu=1 mem_mb=512\"");
    EXPECT_NE(error({{"work.needs", "exec: cpu=-1"}}).find("is no number"), std::string::npos);
    EXPECT_EQ(error({{"work.type_concurrency", "exec"}}),
              "work.type_concurrency: \"exec\": write \"TYPE=2\"");
    EXPECT_NE(error({{"work.type_concurrency", "exec=0"}}), "none");
    const auto rules = TypeRules::read(load({{"work.isolate", "math.prime"}})).value();
    EXPECT_EQ(
        rules.unused({"exec", "math.primes"}),
        std::vector<std::string>{"work.isolate: no type is called \"math.prime\"; did you mean "
                                 "\"math.primes\"?"});
}

TEST(RuntimeSettings, CapacityIsGivenDetectedOrNotCounted) {
    sdk::WorkerOptions options;
    ASSERT_TRUE(set_runtime(load({}), options));
    EXPECT_TRUE(options.capacity.cpu && options.capacity.mem_mb) << "detected";
    EXPECT_FALSE(options.pressure.are_none());
    ASSERT_TRUE(set_runtime(load({{"work.capacity.cpu", "1.5"},
                                  {"work.capacity.mem_mb", "none"},
                                  {"work.capacity.gpu", "2"},
                                  {"work.labels", "ssd"}}),
                            options));
    EXPECT_EQ(options.capacity.cpu, 1.5);
    EXPECT_EQ(options.capacity.mem_mb, std::nullopt);
    EXPECT_EQ(options.capacity.gpu, 2U);
    EXPECT_EQ(options.capacity.labels, std::vector<std::string>{"ssd"});
    EXPECT_FALSE(set_runtime(load({{"work.capacity.cpu", "many"}}), options));
}

TEST(ExecSettings, EachNameIsAHandler) {
    const auto handlers = exec_handlers(load({{"work.exec.one.command", "ffmpeg,-v"},
                                              {"work.exec.one.timeout", "5m"},
                                              {"work.exec.two.command", "true"},
                                              {"work.exec.two.network", "true"}}));
    ASSERT_EQ(handlers.size(), 2U);
    EXPECT_EQ(handlers[0].name, "one");
    EXPECT_EQ(handlers[0].command, (std::vector<std::string>{"ffmpeg", "-v"}));
    EXPECT_EQ(handlers[0].timeout, Duration{5min});
    EXPECT_FALSE(handlers[0].network);
    EXPECT_TRUE(handlers[1].network);
}

}  // namespace
}  // namespace sluice::app
