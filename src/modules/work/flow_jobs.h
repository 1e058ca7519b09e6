// SPDX-License-Identifier: Apache-2.0
// The jobs that a flow consists of besides those for its files: looks at pages, and its end
// (flow_types.cpp says how they work together). Private to this module.
#pragma once

#include "modules/work/flow_store.h"
#include "modules/work/task.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::work {

struct PageRequest {
    std::string flow;
    std::uint64_t page = 0;
    std::uint64_t check = 0;
};
struct FlowRequest {
    std::string flow;
};

/// A look at a page, and the job that ends a flow.
sdk::JobSpec look_job(const FlowStore& store, const FlowPlan& plan, std::uint64_t page,
                      std::uint64_t check);
sdk::JobSpec finish_job(const FlowStore& store, const FlowPlan& plan);
/// Jobs that the server may not refuse one by one, as they are our own.
Status push_own(Task& task, std::vector<sdk::JobSpec> jobs);

Result<std::string> run_flow_page(const PageRequest& request, Task& task);
Result<std::string> run_flow_finish(const FlowRequest& request, Task& task);
Result<std::string> run_flow_stop(const FlowRequest& request, Task& task);

}  // namespace sluice::work
