// SPDX-License-Identifier: Apache-2.0
// ModelRun: one run of a plain queueing model. The inside of run_model; others include models.h.
#pragma once

#include "modules/sim/core/event_loop.h"
#include "modules/sim/core/models.h"

#include <cstdint>
#include <vector>

namespace sluice::sim {

/// Customer times nanoseconds; exact however long the run.
__extension__ using Area = unsigned __int128;

/// A customer, wherever it is. Times in nanoseconds since the start.
struct Customer {
    std::int64_t arrived = 0;
    std::int64_t queued = 0;        ///< Since when it waits.
    std::int64_t waited = 0;        ///< Before that, in all.
    std::int64_t service_left = 0;  ///< Of the present attempt.
    std::uint32_t attempts = 1;
    std::uint32_t kind = 0;  ///< Index of its class.
};

/// A double-ended queue of customers in one ring of a power of two.
class CustomerRing {
public:
    CustomerRing() : slots_(16) {}
    [[nodiscard]] std::size_t size() const { return size_; }
    void push_back(const Customer& customer) {
        if (size_ == slots_.size()) grow();
        slots_[(first_ + size_++) & (slots_.size() - 1)] = customer;
    }
    void push_front(const Customer& customer) {
        if (size_ == slots_.size()) grow();
        first_ = (first_ - 1) & (slots_.size() - 1);
        slots_[first_] = customer;
        ++size_;
    }
    Customer pop_front() {
        const Customer customer = slots_[first_];
        first_ = (first_ + 1) & (slots_.size() - 1);
        --size_;
        return customer;
    }
    [[nodiscard]] const Customer& peek(std::size_t index) const {
        return slots_[(first_ + index) & (slots_.size() - 1)];
    }

private:
    void grow();

    std::vector<Customer> slots_;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

/// A number that changes in time, and the area under it.
struct Level {
    std::uint64_t value = 0;
    std::int64_t since = 0;
    Area area = 0;
    Area area_before = 0;  ///< Of the warm-up.

    void settle(std::int64_t now) {
        area += static_cast<Area>(value) * static_cast<std::uint64_t>(now - since);
        since = now;
    }
    void up(std::int64_t now) {
        settle(now);
        ++value;
    }
    void down(std::int64_t now) {
        settle(now);
        --value;
    }
    [[nodiscard]] double average(double window_ns) const {
        return static_cast<double>(area - area_before) / window_ns;
    }
};

/// One run. Construct, call run() once.
class ModelRun {
public:
    ModelRun(const QueueModel& model, const RunPlan& plan);
    Result<ModelResult> run();

private:
    enum class Kind : std::uint32_t { arrival, departure, retry };
    static constexpr unsigned index_bits = 22;

    struct ClassState {
        Arrivals arrivals;
        Distribution service;
        Stream service_stream;
        Level system;
        Level queue;
        ClassResult result;
        std::uint64_t seen = 0;  ///< Over the whole run, warm-up included, as are these:
        std::uint64_t turned_away = 0;
        std::uint64_t left = 0;
        Area spent = 0;        ///< Sojourn of those that left.
        Area wait_sum = 0;     ///< Of those that count.
        Area sojourn_sum = 0;  ///< The same.
    };
    struct Server {
        Customer customer;
        std::int64_t started = 0;
        std::uint64_t sequence = idle;  ///< Of the departure that counts.
    };
    static constexpr std::uint64_t idle = ~std::uint64_t{0};

    static std::uint32_t payload(Kind kind, std::uint32_t index) {
        return static_cast<std::uint32_t>(kind) << index_bits | index;
    }
    void schedule_arrival(std::uint32_t kind);
    void on_arrival(std::uint32_t kind);
    void on_departure(std::uint32_t index, std::uint64_t sequence);
    void on_retry(std::uint32_t slot);
    void admit(Customer customer);
    void start(std::uint32_t server, Customer customer);
    void wait_at_end(Customer customer);
    bool displace(const Customer& customer);
    void serve_next(std::uint32_t server);
    bool fails_and_returns(Customer& customer);
    void leave(const Customer& customer);
    void begin_window();
    [[nodiscard]] CustomerRing& ring_of(std::uint32_t kind) {
        return rings_[one_queue_ ? 0 : kind];
    }
    void check_laws() const;
    ModelResult finish();

    const QueueModel& model_;
    const RunPlan& plan_;
    EventLoop loop_;
    std::int64_t now_ = 0;
    std::int64_t window_start_ = std::numeric_limits<std::int64_t>::max();
    bool one_queue_;
    bool preemptive_;
    bool overflow_ = false;
    std::uint64_t offered_ = 0;
    std::uint64_t in_system_ = 0;
    std::uint64_t waiting_ = 0;
    std::uint64_t capacity_;
    std::uint64_t nonempty_ = 0;  ///< Bit for each ring.
    std::vector<ClassState> classes_;
    std::vector<CustomerRing> rings_;
    std::vector<Server> servers_;
    std::vector<std::uint32_t> free_;  ///< The one freed last is taken first.
    Level busy_;
    Stream failures_;
    Stream delays_;
    std::vector<Customer> away_;  ///< Between failure and retry.
    std::vector<std::uint32_t> away_free_;
    std::vector<float> series_;
};

}  // namespace sluice::sim
