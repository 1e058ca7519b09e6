// SPDX-License-Identifier: Apache-2.0
#include "app/module_list.h"

#include "app/version.h"
#include "modules/jobs/module.h"

namespace sluice::app {

std::vector<std::unique_ptr<Module>> make_modules() {
    std::vector<std::unique_ptr<Module>> modules;
    modules.push_back(jobs::make_jobs_module(std::string(version)));
    return modules;
}

}  // namespace sluice::app
