// SPDX-License-Identifier: Apache-2.0
// The durable queue as a module of the server; the only header of this module that others include.
#pragma once

#include "kernel/mount/module.h"

#include <memory>
#include <string>

namespace sluice::jobs {

/// Settings are in the section "jobs". Serves the job port, GET /stats, GET /health and POST
/// /backup.
std::unique_ptr<Module> make_jobs_module(std::string version);

/// Makes the data folder `folder` (missing or empty) from a backup, after proving the backup whole.
/// Errors: not_found, exists, corrupt, exhausted, io.
Status restore_backup(const std::string& backup, const std::string& folder);

}  // namespace sluice::jobs
