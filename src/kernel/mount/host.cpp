// SPDX-License-Identifier: Apache-2.0
#include "kernel/mount/host.h"

#include "kernel/observe/log.h"

#include <string>
#include <utility>

namespace sluice {

void Host::declare(ConfigTable& table) const {
    for (const auto& module : table_) table.declare(module->settings());
}

Status Host::start(const MakeMount& make_mount, Instant give_up) {
    SLUICE_CHECK(started_ == 0 && !draining_);
    for (const auto& module : table_) {
        Status status = module->start(make_mount(*module));
        if (!status) {
            stop(give_up);
            return std::move(status).error().in(module->name());
        }
        ++started_;
        log_debug("module started", {{"module", module->name()}});
    }
    return {};
}

void Host::drain() {
    if (std::exchange(draining_, true)) return;
    for (std::size_t i = 0; i < started_; ++i) table_[i]->drain();
}

void Host::stop(Instant deadline) {
    drain();
    while (started_ > 0) {
        Module& module = *table_[--started_];
        module.stop(deadline);
        log_debug("module stopped", {{"module", module.name()}});
    }
}

}  // namespace sluice
