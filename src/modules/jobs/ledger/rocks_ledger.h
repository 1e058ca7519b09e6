// SPDX-License-Identifier: Apache-2.0
// RocksLedger: the ledger on the local disk, in RocksDB. One write batch per decision, visible at
// once; the log is synced by sync(), which another thread may call meanwhile. After any failure it
// stops until load() has closed and opened the database again.
#pragma once

#include "kernel/store/rocks_store.h"
#include "modules/jobs/ledger/ledger.h"

#include <memory>
#include <string>

namespace sluice::jobs {

/// Opens the store in `settings.folder`, or makes one. Errors: busy (another process has it),
/// denied, invalid (the folder holds something else), corrupt (damaged, or of a newer Sluice),
/// exhausted, io; each message says what to do.
Result<std::unique_ptr<Ledger>> open_rocks_ledger(RocksSettings settings);

/// Makes a store in `folder` (missing or empty) from a backup that checkpoint() made, after proving
/// the backup whole. The epoch leaps by a thousand, so no lease given after the backup was made can
/// be mistaken for one given after the restore. Errors: not_found, exists, corrupt, exhausted, io.
Status restore_rocks_ledger(const std::string& backup, const std::string& folder);

}  // namespace sluice::jobs
