// SPDX-License-Identifier: Apache-2.0
// The worker's own page for the machine it runs on: what its slots do, what it has, what failed
// lately; the same as JSON, and metrics. The server's dashboard shows all workers; this shows one.
#pragma once

#include "kernel/base/result.h"
#include "modules/work/module.h"
#include "sdk/job_metrics.h"
#include "sdk/worker.h"

#include <memory>
#include <string>
#include <vector>

namespace sluice::app {

/// What does not change while the worker runs.
struct WorkerFacts {
    std::string server;
    std::vector<std::string> queues;
    std::size_t types = 0;
    std::uint32_t slots = 0;
    sdk::Capacity capacity;
    std::vector<std::string> isolated;     ///< types
    std::vector<std::string> confinement;  ///< work::describe_confinement
};

/// What is shown.
struct WorkerParts {
    sdk::Worker& worker;
    const work::HandlerProcesses* processes;  ///< nullptr: none
    const sdk::JobMetrics& jobs;
};

/// Who may reach the page. Errors: invalid (no address), denied (an address beyond this machine
/// without `insecure`).
Status check_status_address(const std::string& listen, bool insecure);

/// A running page: / (HTML), /status.json, /metrics.
class StatusPage {
public:
    /// What `of` names outlives it; it ends before the worker's run() is over. Errors: as
    /// HttpServer::start and check_status_address.
    static Result<std::unique_ptr<StatusPage>> start(const std::string& listen, bool insecure,
                                                     const WorkerParts& of, WorkerFacts facts);
    ~StatusPage();
    StatusPage(const StatusPage&) = delete;
    StatusPage& operator=(const StatusPage&) = delete;
    [[nodiscard]] std::string address() const;

private:
    struct State;
    explicit StatusPage(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace sluice::app
