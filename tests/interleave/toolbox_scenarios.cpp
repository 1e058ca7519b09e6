// SPDX-License-Identifier: Apache-2.0
// ObjectPool and the shared buckets under the model, with the histories that they may have.
#include "recorder.h"
#include "scenario.h"

#include "kernel/algo/shared_buckets.h"
#include "kernel/sync/object_pool.h"

#include <algorithm>
#include <compare>
#include <optional>

namespace sluice::interleave {
namespace {

/// A pool without threads: what is idle, last in first out, and how many are out. A borrow may be
/// refused at any time: an object that is coming back is idle a moment before its place is free, so
/// at a deadline there may be a place that the borrower could not have yet.
struct PoolSpec {
    enum class Verb { borrow, give_back };
    struct Call {
        Verb verb = Verb::borrow;
        int object = 0;  ///< 0: the borrow was refused.
    };
    struct State {
        std::vector<int> idle;
        std::vector<int> out;
        int size_max = 1;
        auto operator<=>(const State&) const = default;
    };

    static bool apply(State& state, const Call& call) {
        const auto out = std::find(state.out.begin(), state.out.end(), call.object);
        if (call.verb == Verb::give_back) {
            if (out == state.out.end()) return false;
            state.out.erase(out);
            state.idle.push_back(call.object);
            return true;
        }
        const bool none_left = static_cast<int>(state.out.size()) == state.size_max;
        if (call.object == 0) return true;
        if (none_left || out != state.out.end()) return false;
        if (!state.idle.empty()) {
            // The one that came back last; never a new one while one is idle.
            if (state.idle.back() != call.object) return false;
            state.idle.pop_back();
        }
        state.out.push_back(call.object);
        return true;
    }
    static std::string to_string(const Call& call) {
        return std::string(call.verb == Verb::borrow ? "borrow: " : "give back ") +
               std::to_string(call.object);
    }
};

struct Connection {
    explicit Connection(int its_number) : number(its_number) {}
    int number;
    Var<int> uses{0};
};

using Pool = BasicObjectPool<Connection, ModelSync>;

Pool::Create numbered(int& made) {
    return [&made](Instant,
                   const BasicCancelToken<ModelSync>&) -> Result<std::unique_ptr<Connection>> {
        return std::make_unique<Connection>(++made);
    };
}

/// One object at a time, and to one borrower at a time.
void pool_lends_to_one() {
    int made = 0;
    Pool pool({.size_max = 1}, numbered(made));
    const auto use = [&] {
        auto loan = pool.borrow();
        MODEL_CHECK(loan.has_value());
        (*loan)->uses.set((*loan)->uses.get() + 1);
    };
    together(use, use, use);
    MODEL_CHECK(made == 1 && pool.counters().lent == 0);
}

void pool_linearizable() {
    int made = 0;
    Pool pool({.size_max = 2}, numbered(made));
    Recorder<PoolSpec> history(Precedence::execution);
    const auto use = [&](Instant deadline) {
        std::optional<Pool::Loan> loan;
        history.record({PoolSpec::Verb::borrow, 0}, [&](PoolSpec::Call& call) {
            auto borrowed = pool.borrow(deadline);
            if (!borrowed) return;
            loan.emplace(std::move(borrowed).value());
            call.object = (*loan)->number;
        });
        if (!loan) return;
        history.record({PoolSpec::Verb::give_back, (*loan)->number},
                       [&](PoolSpec::Call&) { loan->give_back(); });
    };
    together([&] { use(no_deadline); }, [&] { use(no_deadline); }, [&] { use(soon()); });
    history.check({{}, {}, 2});
    MODEL_CHECK(made <= 2);
}

/// The first object cannot be made: the place must go to the next in line.
void pool_create_fails() {
    int made = 0;
    Pool pool({.size_max = 1},
              [&made](Instant,
                      const BasicCancelToken<ModelSync>&) -> Result<std::unique_ptr<Connection>> {
                  if (++made == 1) return fail(Code::io, "refused");
                  return std::make_unique<Connection>(made);
              });
    int got = 0;
    const auto use = [&] {
        auto loan = pool.borrow();
        if (loan.has_value()) ++got;
    };
    together(use, use);
    MODEL_CHECK(got == 1);
}

/// Whoever drains may destroy the pool while the last loan is still coming back.
void pool_destroyed_after_drain() {
    int made = 0;
    auto* const pool = new Pool({.size_max = 1}, numbered(made));
    auto loan = std::make_unique<Pool::Loan>(pool->borrow().value());
    together([&] { loan->give_back(); },
             [&] {
                 MODEL_CHECK(pool->drain());
                 delete pool;
             });
}

/// Both who wait for the last loan hear of it.
void pool_drained_by_two() {
    int made = 0;
    Pool pool({.size_max = 1}, numbered(made));
    Pool::Loan loan = pool.borrow().value();
    const auto drain = [&] { MODEL_CHECK(pool.drain()); };
    together(drain, drain, [&] { loan.give_back(); });
}

/// Closing ends the waits of those in line.
void pool_close_wakes() {
    int made = 0;
    Pool pool({.size_max = 1}, numbered(made));
    auto held = pool.borrow();
    const auto wait = [&] { MODEL_CHECK(!pool.borrow().has_value()); };
    together(wait, wait, [&] { pool.close(); });
}

/// Nothing is lent any more when drain() has said so.
void pool_drained() {
    int made = 0;
    Pool pool({.size_max = 1}, numbered(made));
    bool drained = false;
    together(
        [&] {
            auto loan = pool.borrow();
            MODEL_CHECK(!(loan.has_value() && drained));
        },
        [&] {
            MODEL_CHECK(pool.drain());
            drained = true;
        });
}

/// Tokens by the book: ITU-T I.371, with 10 ns between two and a burst of 2.
struct BucketSpec {
    struct Call {
        std::int64_t now = 0;
        std::int64_t count = 1;
        bool allowed = false;
    };
    using State = std::int64_t;  ///< The theoretical arrival time.
    static constexpr std::int64_t interval = 10, burst = 2;

    static bool apply(State& state, const Call& call) {
        const std::int64_t next = std::max(state, call.now) + call.count * interval;
        const bool fits = next - call.now <= burst * interval;
        if (fits) state = next;
        return fits == call.allowed;
    }
    static std::string to_string(const Call& call) {
        return "take " + std::to_string(call.count) + " at " + std::to_string(call.now) +
               (call.allowed ? ": yes" : ": no");
    }
};

Instant at(std::int64_t ns) { return Instant{Duration{ns}}; }

void token_bucket_linearizable() {
    SharedTokenBucket<Instant, Atomic> bucket({.tokens = 1, .per = 10ns, .burst = 2});
    Recorder<BucketSpec> history(Precedence::execution);
    const auto take = [&](std::int64_t now, std::int64_t count) {
        history.record({now, count, false}, [&](BucketSpec::Call& call) {
            call.allowed = bucket.take(at(now), static_cast<std::uint64_t>(count)).allowed;
        });
    };
    together(
        [&] {
            take(100, 1);
            take(105, 1);
        },
        [&] {
            take(100, 2);
            take(111, 1);
        },
        [&] { take(103, 1); });
    history.check(0);
}

/// Drops by the book: one each 10 ns, one more may wait.
struct LeakSpec {
    struct Call {
        std::int64_t now = 0;
        std::int64_t turn = -1;  ///< -1: refused.
    };
    using State = std::int64_t;  ///< The next free turn.

    static bool apply(State& state, const Call& call) {
        const std::int64_t turn = std::max(state, call.now);
        if (turn - call.now > 10) return call.turn == -1;
        state = turn + 10;
        return call.turn == turn;
    }
    static std::string to_string(const Call& call) {
        return "pour at " + std::to_string(call.now) + ": " + std::to_string(call.turn);
    }
};

void leaky_bucket_linearizable() {
    LeakyBucket<Instant, Atomic> bucket({.interval = 10ns, .depth = 1});
    Recorder<LeakSpec> history(Precedence::execution);
    const auto pour = [&](std::int64_t now) {
        history.record({now}, [&](LeakSpec::Call& call) {
            if (const auto turn = bucket.pour(at(now)))
                call.turn = turn->time_since_epoch().count();
        });
    };
    together(
        [&] {
            pour(100);
            pour(104);
        },
        [&] {
            pour(100);
            pour(112);
        },
        [&] { pour(100); });
    history.check(0);
}

}  // namespace

std::vector<Scenario> toolbox_scenarios() {
    const std::string pool = "sync/object_pool.h";
    return {
        {"pool.lends_to_one", pool_lends_to_one, {}, "", pool},
        {"pool.linearizable", pool_linearizable, {}, "", pool},
        {"pool.create_fails", pool_create_fails, {}, "", pool},
        {"pool.destroyed_after_drain", pool_destroyed_after_drain, {}, "", pool},
        {"pool.close_wakes", pool_close_wakes, {}, "", pool},
        {"pool.drained_by_two", pool_drained_by_two, {}, "", pool},
        {"pool.drained", pool_drained, {}, "", pool},
        {"token_bucket.linearizable", token_bucket_linearizable},
        {"leaky_bucket.linearizable", leaky_bucket_linearizable},
    };
}

}  // namespace sluice::interleave
