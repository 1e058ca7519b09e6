// SPDX-License-Identifier: Apache-2.0
// Spool: answers of a worker, kept in a file until the server has them, also over the worker's
// end. An answer names its lease, so one that comes too late is refused by the server
// and does no harm. An inner part of Worker.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"
#include "sdk/worker_events.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sdk {

/// One answer as the file has it: length, check sum, then the members.
void append_spool_record(std::string& out, const Answer& answer);
/// The answers from the start of a file on, as far as they are whole: what a crash has cut off, or
/// a disk has spoilt, ends it.
std::vector<Answer> read_spool_records(std::string_view bytes);

/// The spool of one worker: a file of its own in a folder that several workers may share. One
/// thread.
class Spool {
public:
    struct Options {
        std::string folder;  ///< made if it is not there
        std::string server;  ///< answers are for this server only
        Bytes bytes_max;
    };
    /// Takes over the files that workers of the same server have left behind; those of living
    /// workers are locked. Errors: io, busy (no free name).
    static Result<Spool> open(const Options& options);
    ~Spool();
    Spool(Spool&&) noexcept;
    Spool& operator=(Spool&&) = delete;
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;

    /// What was left behind; once. They stay in their files until clear().
    std::vector<Answer> take_recovered();
    /// From now on they outlive this process. Errors: exhausted (bytes_max; nothing is written),
    /// io.
    Status append(const std::vector<const Answer*>& answers);
    /// All that was appended is on the disk and outlives the machine's power as well. Errors: io.
    Status sync();
    /// All are delivered: forgets them.
    Status clear();
    /// Bytes of answers in this worker's own file.
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
    class File;
    Spool(Options options, std::unique_ptr<File> own);
    void take_over(const std::string& path);

    Options options_;
    std::unique_ptr<File> own_;
    std::vector<std::unique_ptr<File>> left_;
    std::vector<Answer> recovered_;
    std::uint64_t bytes_ = 0;
    /// What the file has grown to: old records are overwritten, not cut off each time.
    std::uint64_t size_ = 0;
    bool is_synced_ = true;
};

}  // namespace sluice::sdk
