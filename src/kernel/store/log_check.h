// SPDX-License-Identifier: Apache-2.0
// Is the log of a store whole? RocksDB replays its log up to the first record that cannot be read,
// because that is what the end of a log looks like after a power cut. Damage in the middle of what
// was durable looks the same to it, and all behind it would be gone without a word. So each batch
// says how much was durable when it was written; before a store is opened its logs are read to
// their end, also behind what is damaged, and what they say is compared with what a replay gives.
#pragma once

#include "kernel/base/result.h"

#include <cstdint>
#include <string>

namespace rocksdb {
class Env;
class WriteBatch;
}  // namespace rocksdb

namespace sluice {

/// Appends to the batch that everything up to the sequence number `durable` is on stable storage.
/// 18 bytes, in the log only.
void mark_durable(rocksdb::WriteBatch& batch, std::uint64_t durable);

struct LogReading {
    std::uint32_t logs = 0;      ///< log files in the folder
    std::uint64_t readable = 0;  ///< the last sequence number before what cannot be read
    std::uint64_t durable = 0;   ///< the highest that any batch speaks of
    /// Not empty where that is more than `readable`: what cannot be read, for people
    /// ("000004.log at byte 16524").
    std::string unreadable;
};

/// Reads every log in `folder`, which nobody has open, in their order; nothing is changed. About
/// 2.5 ms for each MiB that was written. Errors: io.
Result<LogReading> read_logs(rocksdb::Env& env, const std::string& folder);

}  // namespace sluice
