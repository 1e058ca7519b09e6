// SPDX-License-Identifier: Apache-2.0
// Front: what all connections of the job port share.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/observe/metrics.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/worker_pool.h"
#include "modules/jobs/front/desk.h"
#include "modules/jobs/front/info_json.h"
#include "modules/jobs/shell/shard.h"

#include <atomic>
#include <string>
#include <string_view>

namespace sluice::jobs {

struct FrontOptions {
    std::string password;  ///< empty: none is asked for
    Duration handshake_timeout = 2s;
    Bytes line_max = mib(64);           ///< one request; more closes the connection
    Bytes handshake_line_max = kib(4);  ///< before HELLO was accepted
    std::size_t requests_max =
        1024;  ///< unanswered requests of one connection; past it reading pauses
    std::size_t bulk_max = 10'000;  ///< jobs in one PUSHB
    /// A job is hardly read if its connection is reset so soon after it arrived. One that a worker
    /// has had for longer it may be running.
    Duration unread_within = 2s;
    Duration send_margin = 20ms;  ///< jobs are not sent unless their leases last so long
    std::string version;
};

struct Front {
    Front(Desks& desks_in, Registry& registry, FrontOptions options_in)
        : desks(desks_in),
          options(std::move(options_in)),
          started_at(monotonic_now()),
          commands(registry.counter({"sluice_jobs_requests_total", "Requests on the job port"})),
          refused(registry.counter(
              {"sluice_jobs_refused_total", "Requests on the job port answered with an error"})),
          bad_passwords(registry.counter(
              {"sluice_jobs_bad_passwords_total", "HELLOs with a wrong password"})),
          late(registry.counter({"sluice_jobs_late_deliveries_total",
                                 "Jobs not sent because their lease had run out meanwhile"})) {}

    Desks& desks;
    Shard* shard = nullptr;  ///< set before the listener opens
    const FrontOptions options;
    const Instant started_at;
    std::atomic<bool> draining{false};  ///< pushes are refused, fetches get nothing
    std::atomic<std::uint64_t> connections{0};
    WorkerPool passwords{{.name = "jobs-password", .threads = 1, .queue_max = 1024}};
    Counter& commands;
    Counter& refused;
    Counter& bad_passwords;
    Counter& late;

    [[nodiscard]] ServerFacts facts() const;
};

}  // namespace sluice::jobs
