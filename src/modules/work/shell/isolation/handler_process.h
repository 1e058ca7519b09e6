// SPDX-License-Identifier: Apache-2.0
// Handlers in processes of their own: a crash there costs one job and not the worker. This program
// is started again as such a process; the pool keeps one for each slot that needs one, gives it one
// job at a time and replaces it when it ends. Which types run so, the settings say.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "sdk/handler.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

/// The descriptor at which a handler process finds its worker.
inline constexpr int handler_process_socket = 3;

struct HandlerProcessOptions {
    /// The program that will call serve_handlers(), and its arguments (argv[0] first).
    std::string path;
    std::vector<std::string> arguments;
    /// NAME=value beside this process's environment.
    std::vector<std::string> environment{};
    /// At most so many at once: the slots.
    std::size_t processes_max = 1;
    /// After a cancel, for the handler to obey; then its process is killed.
    Duration cancel_grace = 3s;
};

struct HandlerProcessCounters {
    std::uint64_t started = 0;
    std::uint64_t crashed = 0;  ///< ended while they had a job
    std::uint64_t killed = 0;   ///< by us, as a handler did not obey
};

/// The processes of one worker.
class HandlerProcesses {
public:
    explicit HandlerProcesses(HandlerProcessOptions options);
    ~HandlerProcesses();
    HandlerProcesses(const HandlerProcesses&) = delete;
    HandlerProcesses& operator=(const HandlerProcesses&) = delete;

    /// Runs the job in a process, started if none is idle. A process that ends on the way is the
    /// failure "HandlerCrashed", which says how. Any thread; waits.
    sdk::Outcome run(sdk::JobContext& context);
    [[nodiscard]] HandlerProcessCounters counters() const;

private:
    class Process;
    struct Idle;
    Result<std::unique_ptr<Process>> take();
    void give_back(std::unique_ptr<Process> process);

    const HandlerProcessOptions options_;
    std::unique_ptr<Idle> idle_;
    std::atomic<std::uint64_t> started_{0};
    std::atomic<std::uint64_t> crashed_{0};
    std::atomic<std::uint64_t> killed_{0};
};

/// The same type with its jobs in those processes. A job that runs for longer than `time_max` is
/// cancelled, after the grace killed, and is the final failure "LimitExceeded"; zero: no limit.
sdk::Handler isolated(std::shared_ptr<HandlerProcesses> processes, Duration time_max = {});

/// The life of a handler process: jobs of these types from the socket, one after another, until the
/// worker closes it or ends; then it ends at once, whatever a handler still does.
[[noreturn]] void serve_handlers(int socket, const std::vector<sdk::JobType>& types);

}  // namespace sluice::work
