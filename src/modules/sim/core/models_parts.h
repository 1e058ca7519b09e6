// SPDX-License-Identifier: Apache-2.0
// What a run of a plain model is made of: customers, the ring they wait in, a level with the area
// under it. The inside of run_model; others include models.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sluice::sim {

/// Customer times nanoseconds; exact however long the run.
__extension__ using Area = unsigned __int128;

/// A customer, wherever it is. Times in nanoseconds since the start. Kept small: it is copied from
/// queue to server and back.
struct Customer {
    std::int64_t arrived = 0;
    /// Sum of the ends of its waits less the beginnings: while it waits, that is the time waited
    /// before less the moment since when it waits.
    std::int64_t waited = 0;
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
    /// Valid until the next push.
    const Customer& pop_front() {
        const Customer& customer = slots_[first_];
        first_ = (first_ + 1) & (slots_.size() - 1);
        --size_;
        return customer;
    }
    [[nodiscard]] const Customer& peek(std::size_t index) const {
        return slots_[(first_ + index) & (slots_.size() - 1)];
    }

private:
    void grow() {
        std::vector<Customer> larger(slots_.size() * 2);
        for (std::size_t i = 0; i < size_; ++i) larger[i] = peek(i);
        slots_ = std::move(larger);
        first_ = 0;
    }

    std::vector<Customer> slots_;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

/// A number that changes in time, and the area under it. Each step up adds its distance from now to
/// the area, each step down takes it away: sums of times are all that has to be kept.
struct ModelLevel {
    std::uint64_t value = 0;
    Area steps = 0;        ///< Times of the steps down less those of the steps up; wraps.
    Area area_before = 0;  ///< Of the warm-up.

    void up(std::int64_t now) {
        steps -= static_cast<std::uint64_t>(now);
        ++value;
    }
    void down(std::int64_t now) {
        steps += static_cast<std::uint64_t>(now);
        --value;
    }
    [[nodiscard]] Area area(std::int64_t now) const {
        return steps + static_cast<Area>(value) * static_cast<std::uint64_t>(now);
    }
    void begin_window(std::int64_t now) { area_before = area(now); }
    [[nodiscard]] double average(std::int64_t now, double window_ns) const {
        return static_cast<double>(area(now) - area_before) / window_ns;
    }
};

}  // namespace sluice::sim
