// SPDX-License-Identifier: Apache-2.0
// A job from a described struct (members.h): the producer's side of typed_handler.h.
#pragma once

#include "sdk/job_spec.h"
#include "sdk/typed_json.h"

#include <string>
#include <string_view>
#include <utility>

namespace sluice::sdk {

/// The job that runs it, for options to be set: `auto job = job_of(Resize{…}); job.queue = "eu";`
template <NamedJob Args>
JobSpec job_of(const Args& args) {
    JobSpec job;
    job.type = std::string_view(Args::job_type);
    job.args = args_json(args);
    return job;
}
template <Described Args>
JobSpec job_of(std::string type, const Args& args) {
    JobSpec job;
    job.type = std::move(type);
    job.args = args_json(args);
    return job;
}

}  // namespace sluice::sdk
