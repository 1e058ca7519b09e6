// SPDX-License-Identifier: Apache-2.0
// ReadyTarget: how many jobs a worker should hold ready beside the running ones, by how long jobs
// take, and how soon it should ask for more. Tiny jobs are held by the hundred, as one round trip
// then moves many; of long ones none is taken away from workers that are free. An inner part of
// Worker. Pure.
#pragma once

#include "kernel/base/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace sluice::sdk {

class ReadyTarget {
public:
    struct Options {
        std::uint32_t slots = 1;
        std::uint32_t most = 0;
        /// What is held ready is work for so long, beside that of a round trip; zero: always
        /// `most`.
        Duration time{0};
    };
    explicit ReadyTarget(Options options) : options_(options) {}

    void job_took(Duration took);
    void round_trip_took(Duration took);
    /// A fetch has brought so many jobs.
    void fetched(std::size_t jobs, Instant now);

    /// So many; before any job has ended, one for each slot.
    [[nodiscard]] std::uint32_t target() const;
    /// Of those that are held, when for so long no job has ended although some wait: twice the
    /// target, so that one which moves to and fro gives nothing back.
    [[nodiscard]] std::uint32_t worth_keeping(Duration nothing_ended_for) const;
    /// How long to wait with the next fetch after one that did not bring all it might: where jobs
    /// come by the thousand in a second, each one for itself would cost a round trip and several
    /// wake-ups. Else zero.
    [[nodiscard]] Duration fetch_pause() const;
    [[nodiscard]] bool is_fixed() const { return options_.time <= Duration{0}; }

private:
    static constexpr Duration arrival_max = 1s;
    [[nodiscard]] std::uint32_t count_for(Duration job) const;

    Options options_;
    std::optional<Duration> job_;  ///< Moving averages.
    Duration round_trip_{0};
    /// Of the time in which one job comes.
    Duration arrival_ = arrival_max;
    Instant last_fetched_{};
};

}  // namespace sluice::sdk
