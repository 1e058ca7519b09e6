// SPDX-License-Identifier: Apache-2.0
// What a conformance test needs of a ledger besides the port: make it, crash it, restore a copy.
#pragma once

#include "kernel/store/rocks_store.h"
#include "modules/jobs/ledger/ledger.h"

#include <support/ledger_rows.h>
#include <support/scratch_folder.h>

#include <memory>
#include <string>
#include <vector>

namespace sluice::jobs {

/// One ledger under test and the world around it.
class LedgerRig {
public:
    LedgerRig() = default;
    LedgerRig(const LedgerRig&) = delete;
    LedgerRig& operator=(const LedgerRig&) = delete;
    virtual ~LedgerRig() = default;

    virtual Ledger& ledger() = 0;
    /// The machine loses power: what was not synced is gone. The ledger is then open, not loaded.
    virtual void crash() = 0;
    /// The next write or sync, whichever comes first, fails.
    virtual void fail_next_write() = 0;
    virtual void fail_next_sync() = 0;
    /// A new place for a checkpoint.
    virtual std::string backup_place() = 0;
    /// A ledger restored from a checkpoint, not loaded.
    virtual std::unique_ptr<Ledger> restore(const std::string& backup) = 0;
};

enum class LedgerKind { memory, rocks, rocks_small };
std::string to_string(LedgerKind kind);
std::unique_ptr<LedgerRig> make_rig(LedgerKind kind);

/// Settings under which little data already makes table files and compactions.
RocksSettings small_rocks(const std::string& folder);

}  // namespace sluice::jobs
