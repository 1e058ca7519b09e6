// SPDX-License-Identifier: Apache-2.0
#include "kernel/store/faults.h"

namespace sluice {

void FaultInjector::arm(const Plan& plan) {
    MutexLock lock(mutex_);
    plan_ = plan;
    seen_ = 0;
    fired_ = false;
    power_cut_ = false;
}

void FaultInjector::disarm() { arm(Plan{.nth = 0}); }

void FaultInjector::cut_power() {
    MutexLock lock(mutex_);
    power_cut_ = true;
}

std::uint64_t FaultInjector::seen() const {
    MutexLock lock(mutex_);
    return seen_;
}

bool FaultInjector::fired() const {
    MutexLock lock(mutex_);
    return fired_;
}

void FaultInjector::note_synced(const std::string& path, std::uint64_t length) {
    MutexLock lock(mutex_);
    synced_[path] = length;
}

std::map<std::string, std::uint64_t> FaultInjector::synced() const {
    MutexLock lock(mutex_);
    return synced_;
}

FaultInjector::Verdict FaultInjector::check(FileOp op) {
    MutexLock lock(mutex_);
    const auto bit = static_cast<unsigned>(op);
    if (power_cut_) return {.error = (file_changes & bit) != 0 ? EIO : 0};
    if ((plan_.ops & bit) == 0) return {};
    ++seen_;
    if (plan_.nth == 0 || seen_ != plan_.nth) return {};
    fired_ = true;
    power_cut_ = plan_.stay;
    return {.error = plan_.error, .torn = plan_.torn};
}

}  // namespace sluice
