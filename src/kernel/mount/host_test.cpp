// SPDX-License-Identifier: Apache-2.0
#include "kernel/mount/host.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

using Journal = std::vector<std::string>;

class RecordingModule final : public Module {
public:
    RecordingModule(std::string name, Journal& journal, bool fails = false)
        : name_(std::move(name)), journal_(journal), fails_(fails) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] std::vector<Setting> settings() const override {
        return {Setting::integer(name_ + ".size", 7, {1, 9}, "Size.")};
    }
    Status start(const Mount& mount) override {
        journal_.push_back("start " + name_ + " " + std::to_string(mount.config.integer("size")));
        if (fails_) return fail(Code::io, "no disk");
        return {};
    }
    void drain() override { journal_.push_back("drain " + name_); }
    void stop(Instant deadline) override {
        journal_.push_back("stop " + name_ + (deadline == Instant(5s) ? " by 5" : ""));
    }

private:
    std::string name_;
    Journal& journal_;
    bool fails_;
};

struct HostTest : ::testing::Test {
    Status start(Host& host) {
        ConfigTable table;
        host.declare(table);
        config = table.load({}).value();
        return host.start(
            [&](const Module& module) {
                return Mount{*runtime, metrics, router, config.section(std::string(module.name())),
                             Clock{},  1};
            },
            Instant(5s));
    }
    Host host_of(std::vector<std::pair<std::string, bool>> names) {
        std::vector<std::unique_ptr<Module>> modules;
        for (auto& [name, fails] : names) {
            modules.push_back(std::make_unique<RecordingModule>(name, journal, fails));
        }
        return Host(std::move(modules));
    }
    Journal journal;
    Registry metrics;
    HttpRouter router;
    Config config;
    std::unique_ptr<Runtime> runtime = Runtime::start({}).value();
};

TEST_F(HostTest, StartsInOrderDrainsAllStopsInReverse) {
    Host host = host_of({{"a", false}, {"b", false}, {"c", false}});
    ASSERT_TRUE(start(host));
    host.drain();
    host.drain();
    host.stop(Instant(5s));
    host.stop(Instant(5s));
    EXPECT_EQ(journal, (Journal{"start a 7", "start b 7", "start c 7", "drain a", "drain b",
                                "drain c", "stop c by 5", "stop b by 5", "stop a by 5"}));
}

TEST_F(HostTest, AFailedStartStopsWhatHadStarted) {
    Host host = host_of({{"a", false}, {"b", true}, {"c", false}});
    const Status status = start(host);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message, "b: no disk");
    EXPECT_EQ(journal, (Journal{"start a 7", "start b 7", "drain a", "stop a by 5"}));
}

TEST_F(HostTest, DestructionStopsWithoutWaiting) {
    {
        Host host = host_of({{"a", false}});
        ASSERT_TRUE(start(host));
    }
    EXPECT_EQ(journal, (Journal{"start a 7", "drain a", "stop a"}));
}

}  // namespace
}  // namespace sluice
