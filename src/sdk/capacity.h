// SPDX-License-Identifier: Apache-2.0
// Admission: which of the waiting jobs may start, so that the needs of those that run never exceed
// what the worker has. Pure: no clock, no thread; the owner of a worker asks it.
#pragma once

#include "sdk/needs.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace sluice::sdk {

/// Times that a waiting job may be passed by younger ones that need some of the same, before what
/// it needs is kept free for it.
inline constexpr std::uint32_t admission_overtakes_max = 16;

/// Oldest first among the types; jobs of one type in their order. A younger job may pass one that
/// does not fit, but only so often (admission_overtakes_max): then nobody else is given of what the
/// old one needs, and as running jobs end it gets its turn. One thread.
class Admission {
public:
    using Type = std::size_t;
    using Ticket = std::uint64_t;

    explicit Admission(const Capacity& capacity);

    Type add_type(const TypeTerms& terms);
    /// What a job of this type needs that this worker never has, in words; nothing if it fits.
    [[nodiscard]] std::optional<std::string> misfit(Type type) const;

    /// A job comes. Its type must fit (misfit()); the ticket is the caller's and unique.
    void wait(Type type, Ticket ticket);
    /// The next job that may start; it runs from now on. Nothing: ask again after finish().
    std::optional<Ticket> next();
    /// A job that waits does so no more. False: it does not wait.
    bool withdraw(Type type, Ticket ticket);
    /// A job that next() named has ended.
    void finish(Type type);

    [[nodiscard]] std::size_t waiting() const { return waiting_; }
    [[nodiscard]] std::uint32_t running(Type type) const { return types_[type].running; }
    /// In use now, in the units of JobNeeds.
    [[nodiscard]] JobNeeds used() const;

private:
    /// Thousandths of processors, MiB, graphics processors.
    static constexpr std::size_t kinds = 3;
    using Amounts = std::array<std::uint64_t, kinds>;
    struct Waiting {
        Ticket ticket;
        std::uint64_t number;  ///< in order of arrival
    };
    struct TypeState {
        Amounts needs{};
        std::uint32_t concurrency_max = 0;
        std::optional<std::string> misfit;
        std::uint32_t running = 0;
        std::uint32_t overtaken = 0;  ///< the first of `waiting`
        std::deque<Waiting> waiting;
    };

    static Amounts amounts(const JobNeeds& needs);
    static bool share(const Amounts& a, const Amounts& b);
    [[nodiscard]] bool fits(const Amounts& needs) const;
    [[nodiscard]] bool is_full(const TypeState& type) const;

    Amounts total_{};
    Amounts used_{};
    std::vector<std::string> labels_;
    std::vector<TypeState> types_;
    std::vector<Type> heads_;    ///< types with somebody waiting; a scratch list of next()
    std::vector<Type> blocked_;  ///< likewise
    std::uint64_t arrivals_ = 0;
    std::size_t waiting_ = 0;
};

}  // namespace sluice::sdk
