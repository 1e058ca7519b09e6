// SPDX-License-Identifier: Apache-2.0
// Producer: what pushes jobs. Code that only pushes takes a Producer&, and so runs with a server
// (client.h) as well as without one in a test (inline_queue.h).
#pragma once

#include "kernel/base/result.h"
#include "sdk/job_spec.h"
#include "sdk/protocol/reply.h"
#include "sdk/typed_job.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sdk {

/// Where a job stands, as JOB GET tells.
struct JobStatus {
    std::string jid;
    std::string type;
    std::string queue;
    std::string state;
    int attempt = 0;
    std::string result;            ///< JSON text, or empty
    std::string errtype;           ///< of the last failure
    std::string message;           ///< of the last failure
    std::vector<std::string> why;  ///< why it waits
    std::string json;              ///< everything the server said
};

class Producer {
public:
    virtual ~Producer() = default;

    /// The jid of the kept job.
    virtual Result<std::string> push(JobSpec job) = 0;
    /// Pushes all; jobs without a jid are given one (visible in `jobs`). Gives those that were
    /// refused.
    virtual Result<std::vector<Refusal>> push_bulk(std::span<JobSpec> jobs) = 0;
    /// Nothing for an unknown jid.
    virtual Result<std::optional<JobStatus>> status(std::string_view jid) = 0;

    /// push() of the job that runs with these arguments.
    template <NamedJob Args>
    Result<std::string> push(const Args& args) {
        return push(job_of(args));
    }

protected:
    Producer() = default;
    Producer(const Producer&) = default;
    Producer(Producer&&) = default;
    Producer& operator=(const Producer&) = default;
    Producer& operator=(Producer&&) = default;
};

}  // namespace sluice::sdk
