// SPDX-License-Identifier: Apache-2.0
// FaultInjector: tests decide here which file operation fails and how. FileIo and RocksFaultEnv ask
// it before each operation; in production there is none.
#pragma once

#include "kernel/base/annotations.h"
#include "kernel/sync/mutex.h"

#include <cerrno>
#include <cstdint>
#include <map>
#include <string>

namespace sluice {

/// What is done to a file; a bit each, so that a plan can name several.
enum class FileOp : unsigned { open = 1, read = 2, write = 4, sync = 8, rename = 16, remove = 32 };
constexpr unsigned operator|(FileOp a, FileOp b) {
    return static_cast<unsigned>(a) | static_cast<unsigned>(b);
}
constexpr unsigned operator|(unsigned a, FileOp b) { return a | static_cast<unsigned>(b); }
/// Every operation that changes something.
inline constexpr unsigned file_changes =
    FileOp::open | FileOp::write | FileOp::sync | FileOp::rename | FileOp::remove;

/// Any thread may call anything.
class FaultInjector {
public:
    struct Plan {
        unsigned ops = file_changes;  ///< the operations that count and may fail
        std::uint64_t nth = 1;        ///< the first to fail; 0: none, only count
        int error = EIO;
        bool torn = false;  ///< a failing write leaves half of its bytes behind
        bool stay = false;  ///< everything after it fails as well, of any kind: the power is cut
    };
    struct Verdict {
        int error = 0;  ///< 0: go on
        bool torn = false;
    };

    /// Starts counting anew under this plan.
    void arm(const Plan& plan);
    /// Nothing fails from now on; power is back.
    void disarm();
    /// Everything that changes a file fails from now on with EIO.
    void cut_power();
    /// How many operations of the plan's kinds were seen since arm().
    [[nodiscard]] std::uint64_t seen() const;
    /// Has the plan made something fail?
    [[nodiscard]] bool fired() const;
    /// Called before each operation by whoever performs it.
    Verdict check(FileOp op);
    /// `length` bytes of the file survive a power cut now. Called by whoever has synced it.
    void note_synced(const std::string& path, std::uint64_t length);
    /// What note_synced() said last of each file, whatever was armed meanwhile.
    [[nodiscard]] std::map<std::string, std::uint64_t> synced() const;

private:
    mutable Mutex mutex_;
    Plan plan_ SLUICE_GUARDED_BY(mutex_){.nth = 0};
    std::uint64_t seen_ SLUICE_GUARDED_BY(mutex_) = 0;
    bool fired_ SLUICE_GUARDED_BY(mutex_) = false;
    bool power_cut_ SLUICE_GUARDED_BY(mutex_) = false;
    std::map<std::string, std::uint64_t> synced_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice
