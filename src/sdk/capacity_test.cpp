// SPDX-License-Identifier: Apache-2.0
#include "sdk/capacity.h"

#include "kernel/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace sluice::sdk {

namespace {

TypeTerms needs(JobNeeds of) { return {.needs = std::move(of)}; }

TEST(Admission, WithoutNeedsEverythingStartsInItsOrder) {
    Admission admission({});
    const auto type = admission.add_type({});
    for (std::uint64_t ticket = 1; ticket <= 5; ++ticket) admission.wait(type, ticket);
    for (std::uint64_t ticket = 1; ticket <= 5; ++ticket) EXPECT_EQ(admission.next(), ticket);
    EXPECT_EQ(admission.next(), std::nullopt);
}

TEST(Admission, AJobWaitsForMemoryAndForProcessors) {
    Admission admission({.cpu = 2, .mem_mb = 1000});
    const auto large = admission.add_type(needs({.cpu = 0.5, .mem_mb = 600}));
    const auto busy = admission.add_type(needs({.cpu = 1.5}));
    admission.wait(large, 1);
    admission.wait(large, 2);
    admission.wait(busy, 3);
    EXPECT_EQ(admission.next(), 1U);
    EXPECT_EQ(admission.next(), 3U) << "the second large one lacks memory and may be passed";
    EXPECT_EQ(admission.next(), std::nullopt);
    EXPECT_DOUBLE_EQ(admission.used().cpu, 2);
    EXPECT_EQ(admission.used().mem_mb, 600U);
    admission.finish(large);
    EXPECT_EQ(admission.next(), 2U);
}

TEST(Admission, ATypeHasItsOwnLimit) {
    Admission admission({});
    const auto one = admission.add_type({.concurrency_max = 1});
    const auto other = admission.add_type({.concurrency_max = 2});
    for (const std::uint64_t ticket : {1U, 2U}) admission.wait(one, ticket);
    for (const std::uint64_t ticket : {3U, 4U, 5U}) admission.wait(other, ticket);
    EXPECT_EQ(admission.next(), 1U);
    EXPECT_EQ(admission.next(), 3U);
    EXPECT_EQ(admission.next(), 4U);
    EXPECT_EQ(admission.next(), std::nullopt);
    admission.finish(one);
    EXPECT_EQ(admission.next(), 2U);
    EXPECT_EQ(admission.running(other), 2U);
}

TEST(Admission, WhatNeverFitsSaysWhatItLacks) {
    Admission admission({.cpu = 2, .mem_mb = 512, .gpu = 0, .labels = {"ssd"}});
    const auto text = [&](JobNeeds of) {
        return admission.misfit(admission.add_type(needs(std::move(of)))).value_or("fits");
    };
    EXPECT_EQ(text({.cpu = 2, .mem_mb = 512, .labels = {"ssd"}}), "fits");
    EXPECT_EQ(text({.cpu = 2.25}), "needs cpu 2.25 (this worker has 2)");
    EXPECT_EQ(text({.mem_mb = 513, .gpu = 1}),
              "needs mem_mb 513 (this worker has 512), gpu 1 (this worker has 0)");
    EXPECT_EQ(text({.labels = {"ssd", "office"}}),
              "needs the label \"office\" (this worker lacks it)");
}

TEST(Admission, WhoeverIsWithdrawnIsNotNamed) {
    Admission admission({.mem_mb = 10});
    const auto type = admission.add_type(needs({.mem_mb = 10}));
    for (const std::uint64_t ticket : {1U, 2U, 3U}) admission.wait(type, ticket);
    EXPECT_EQ(admission.next(), 1U);
    EXPECT_TRUE(admission.withdraw(type, 2));
    EXPECT_FALSE(admission.withdraw(type, 2));
    EXPECT_FALSE(admission.withdraw(type, 1)) << "it runs";
    admission.finish(type);
    EXPECT_EQ(admission.next(), 3U);
    EXPECT_EQ(admission.waiting(), 0U);
}

TEST(Admission, ALargeJobIsNotStarvedBySmallOnes) {
    Admission admission({.mem_mb = 100});
    const auto small = admission.add_type(needs({.mem_mb = 10}));
    const auto large = admission.add_type(needs({.mem_mb = 100}));
    std::uint64_t ticket = 1;
    for (int i = 0; i < 10; ++i) admission.wait(small, ticket++);
    while (admission.next()) {
    }
    constexpr std::uint64_t large_ticket = 1'000'000;
    admission.wait(large, large_ticket);
    // Ever more small ones come; one ends at a time.
    std::uint32_t passed = 0;
    std::uint32_t running = 10;
    for (int round = 0; round < 1000; ++round) {
        admission.wait(small, ticket++);
        if (running > 0) {
            admission.finish(small);
            --running;
        }
        while (const auto next = admission.next()) {
            if (*next == large_ticket) {
                EXPECT_LE(passed, admission_overtakes_max);
                return;
            }
            ++passed;
            ++running;
        }
    }
    FAIL() << "the large job never started";
}

/// Types, arrivals and ends drawn from a seed, and beside them a plain account of what runs.
class RandomRun {
public:
    explicit RandomRun(std::uint64_t seed)
        : random_(seed), capacity_(draw_capacity()), admission_(capacity_) {
        const std::size_t count = 1 + random_.below(6);
        while (types_.size() < count) {
            TypeTerms terms{.needs = {.cpu = static_cast<double>(random_.below(5)) / 2,
                                      .mem_mb = random_.below(2) * random_.below(1200),
                                      .gpu = static_cast<std::uint32_t>(random_.below(2))},
                            .concurrency_max = static_cast<std::uint32_t>(random_.below(4))};
            const auto type = admission_.add_type(terms);
            types_.push_back({terms, !admission_.misfit(type), {}, 0, 0});
        }
    }

    void step() {
        if (random_.below(2) == 0) arrive();
        if (random_.below(3) != 0) end_one();
        start_all();
    }
    void end() {
        while (admission_.waiting() > 0) {
            ASSERT_FALSE(running_.empty()) << "somebody waits although nothing runs";
            end_one();
            start_all();
        }
    }

private:
    struct Kind {
        TypeTerms terms;
        bool fits;
        std::deque<std::uint64_t> waiting;
        std::uint32_t running;
        std::uint32_t passed;  ///< the first that waits, by younger ones that share a need
    };

    Capacity draw_capacity() {
        return {.cpu = 2, .mem_mb = 1000, .gpu = static_cast<std::uint32_t>(random_.below(2))};
    }
    static bool share(const JobNeeds& a, const JobNeeds& b) {
        return (a.cpu > 0 && b.cpu > 0) || (a.mem_mb > 0 && b.mem_mb > 0) ||
               (a.gpu > 0 && b.gpu > 0);
    }
    [[nodiscard]] bool is_full(const Kind& kind) const {
        return kind.terms.concurrency_max != 0 && kind.running >= kind.terms.concurrency_max;
    }
    void arrive() {
        const std::size_t type = random_.below(types_.size());
        if (!types_[type].fits) return;
        types_[type].waiting.push_back(++tickets_);
        type_of_[tickets_] = type;
        admission_.wait(type, tickets_);
    }
    void end_one() {
        if (running_.empty()) return;
        const std::size_t at = random_.below(running_.size());
        const std::size_t type = type_of_[running_[at]];
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(at));
        --types_[type].running;
        admission_.finish(type);
    }
    void start_all() {
        while (const auto ticket = admission_.next()) started(*ticket);
    }
    void started(std::uint64_t ticket) {
        Kind& kind = types_[type_of_[ticket]];
        ASSERT_FALSE(kind.waiting.empty());
        ASSERT_EQ(kind.waiting.front(), ticket) << "jobs of one type keep their order";
        ASSERT_FALSE(is_full(kind));
        for (Kind& other : types_) {
            if (&other == &kind || other.waiting.empty() || is_full(other)) continue;
            if (other.waiting.front() > ticket || !share(other.terms.needs, kind.terms.needs))
                continue;
            ASSERT_LE(++other.passed, admission_overtakes_max);
        }
        kind.waiting.pop_front();
        kind.passed = 0;
        ++kind.running;
        running_.push_back(ticket);
        check_room();
    }
    void check_room() {
        double cpu = 0;
        std::uint64_t memory = 0;
        std::uint32_t gpu = 0;
        for (const Kind& kind : types_) {
            cpu += kind.running * kind.terms.needs.cpu;
            memory += kind.running * kind.terms.needs.mem_mb;
            gpu += kind.running * kind.terms.needs.gpu;
        }
        ASSERT_LE(cpu, *capacity_.cpu);
        ASSERT_LE(memory, *capacity_.mem_mb);
        ASSERT_LE(gpu, capacity_.gpu);
    }

    Random random_;
    Capacity capacity_;
    Admission admission_;
    std::vector<Kind> types_;
    std::map<std::uint64_t, std::size_t> type_of_;
    std::vector<std::uint64_t> running_;
    std::uint64_t tickets_ = 0;
};

TEST(Admission, HoldsItsPromisesForManySeeds) {
    for (std::uint64_t seed = 1; seed <= 300 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        RandomRun run(seed);
        for (int i = 0; i < 200 && !testing::Test::HasFailure(); ++i) run.step();
        run.end();
    }
}

}  // namespace

}  // namespace sluice::sdk
