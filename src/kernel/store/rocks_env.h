// SPDX-License-Identifier: Apache-2.0
// RocksFaultEnv: an environment for RocksDB in which a test decides what fails (FaultInjector), and
// in which a power cut loses whatever was not synced: bytes of files and entries of folders alike.
// For tests; it never really syncs, since it simulates what a sync is worth.
#pragma once

#include "kernel/base/random.h"
#include "kernel/base/result.h"
#include "kernel/store/faults.h"

#include <memory>

namespace rocksdb {
class Env;
}

namespace sluice {

class FaultFileSystem;

class RocksFaultEnv {
public:
    explicit RocksFaultEnv(std::shared_ptr<FaultInjector> faults);
    ~RocksFaultEnv();
    RocksFaultEnv(const RocksFaultEnv&) = delete;
    RocksFaultEnv& operator=(const RocksFaultEnv&) = delete;

    [[nodiscard]] rocksdb::Env* env() const { return env_.get(); }

    /// What a power cut does, once every database on this environment is closed (cut the power in
    /// the injector before closing, or closing still writes). Files are cut back to what was
    /// synced, or with `torn` to a random length between that and their end; entries made or
    /// renamed since their folder's last sync are undone. Errors: io.
    Status drop_unsynced(Random* torn = nullptr);

private:
    std::shared_ptr<FaultFileSystem> files_;
    std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace sluice
