// SPDX-License-Identifier: Apache-2.0
// Roles: what the connections of the benchmarks do, as producers and workers of the queue.
#pragma once

#include "load.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::bench {

/// How long the requests of one kind waited for their replies.
struct Waits {
    std::uint64_t total_ns = 0;
    std::uint64_t count = 0;
    void add(const Link& link) {
        total_ns += link.answered_at_ns - link.sent_at_ns;
        ++count;
    }
};

/// Counts of one measurement.
struct Counts {
    std::uint64_t pushed = 0;
    std::uint64_t done = 0;
    Waits pushes;
    Waits fetches;
    Waits acks;
};

/// A job of a usual size with an id of its own, as JSON.
void append_job(std::string& out, std::string_view queue);
/// The text from the end of `key` to the next quote; empty without the key.
std::string_view member(std::string_view json, std::string_view key);

/// PUSH, `pipeline` of them under way. Pauses while more than `open_max` jobs are not done, so that
/// producers that are faster than the workers do not build a backlog; 0 means never.
Role single_pusher(Counts& counts, unsigned pipeline, std::uint64_t open_max = 0);
/// PUSHB of `batch` jobs, one at a time. `open_max` as above.
Role bulk_pusher(Counts& counts, unsigned batch, std::uint64_t open_max = 0);
/// FETCH, ACK, FETCH, … one verb at a time, as a plain client does.
Role plain_worker(Counts& counts);
/// ACK of the last job and FETCH of the next one in one write: plain verbs, two of them under way.
Role ack_and_fetch_worker(Counts& counts);
/// ACKB of the last batch and FETCHB of the next together, as our SDK does.
Role batch_worker(Counts& counts, unsigned batch);

}  // namespace sluice::bench
