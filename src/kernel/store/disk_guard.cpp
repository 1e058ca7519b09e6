// SPDX-License-Identifier: Apache-2.0
#include "kernel/store/disk_guard.h"

#include <utility>

namespace sluice {

DiskGuard::DiskGuard(DiskGuardSettings settings, FileIo files)
    : settings_(std::move(settings)), files_(std::move(files)) {}

Result<DiskSpace> DiskGuard::check() {
    MutexLock lock(mutex_);
    SLUICE_TRY(DiskSpace space, files_.disk_space(settings_.folder));
    ballast_ = files_.exists(ballast_path());
    if (space.free < settings_.release_below) {
        release();
    } else if (!ballast_ && settings_.ballast.count > 0) {
        remake(space.free);
    }
    SLUICE_TRY(space, files_.disk_space(settings_.folder));
    // Space that is only free because the ballast is gone is not for new work.
    const std::uint64_t owed = ballast_ ? 0 : settings_.ballast.count;
    const std::uint64_t free = space.free.count > owed ? space.free.count - owed : 0;
    if (free < settings_.refuse_below.count) {
        accepting_ = false;
    } else if (free > settings_.accept_above.count) {
        accepting_ = true;
    }
    return space;
}

bool DiskGuard::disk_is_full() {
    MutexLock lock(mutex_);
    accepting_ = false;
    return release();
}

bool DiskGuard::release() {
    const bool had = files_.exists(ballast_path());
    if (files_.remove_file(ballast_path())) ballast_ = false;
    return had && !ballast_;
}

void DiskGuard::remake(Bytes free) {
    if (free.count < settings_.ballast.count + settings_.accept_above.count) return;
    if (files_.preallocate_file(ballast_path(), settings_.ballast)) ballast_ = true;
}

}  // namespace sluice
