// SPDX-License-Identifier: Apache-2.0
// DiskGuard: watches the free space below a folder, says when new work must be refused, and keeps a
// ballast file whose space is given back when the disk is nearly full, so that finishing work still
// passes.
#pragma once

#include "kernel/base/annotations.h"
#include "kernel/store/file_io.h"
#include "kernel/sync/mutex.h"

#include <atomic>
#include <string>

namespace sluice {

struct DiskGuardSettings {
    std::string folder;             ///< exists
    Bytes ballast = mib(64);        ///< 0: none
    Bytes refuse_below = mib(192);  ///< free space at which new work is refused
    Bytes accept_above = mib(256);  ///< free space at which it is accepted again
    Bytes release_below = mib(48);  ///< free space at which the ballast is given back
};

class DiskGuard {
public:
    /// Nothing is read or made before the first check().
    explicit DiskGuard(DiskGuardSettings settings, FileIo files = FileIo{});

    /// Looks at the disk, then makes or gives back the ballast. Call it every second or so and
    /// after a failed write; any one thread. Errors: of FileIo; the last judgement then stands.
    Result<DiskSpace> check();
    /// A write failed for want of space: gives the ballast back at once and refuses new work until
    /// a check() finds room. True when there was a ballast, so that trying again may help. Any
    /// thread.
    bool disk_is_full();
    /// May new work be taken? Any thread, wait-free.
    [[nodiscard]] bool accepting() const { return accepting_.load(std::memory_order_relaxed); }
    [[nodiscard]] bool has_ballast() const { return ballast_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::string ballast_path() const { return settings_.folder + "/ballast"; }

private:
    bool release() SLUICE_REQUIRES(mutex_);
    void remake(Bytes free) SLUICE_REQUIRES(mutex_);

    const DiskGuardSettings settings_;
    const FileIo files_;
    Mutex mutex_{"store.disk_guard"};
    std::atomic<bool> accepting_{true};
    std::atomic<bool> ballast_{false};
};

}  // namespace sluice
