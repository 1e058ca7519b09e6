// SPDX-License-Identifier: Apache-2.0
// AppendFile: one file that only grows, for logs whose length is kept elsewhere. A failed append
// leaves nothing behind, so the file is always a row of whole appends.
#pragma once

#include "kernel/base/result.h"
#include "kernel/store/faults.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

/// One owner; sync() may be called by one other thread meanwhile. Made by FileIo::open_append().
/// Errors as there.
class AppendFile {
public:
    ~AppendFile();
    AppendFile(const AppendFile&) = delete;
    AppendFile& operator=(const AppendFile&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// Drops everything behind `length`. Errors: corrupt (the file is shorter).
    Status cut(std::uint64_t length);
    /// All parts in order, with one system call where the system takes them at once. After an error
    /// the file is as before; if not even that could be had, nothing works any more but reading.
    Status append(std::span<const std::string_view> parts);
    Status append(std::string_view bytes) { return append({&bytes, 1}); }
    /// `length` bytes from `offset`. Errors: corrupt (the file ends sooner).
    [[nodiscard]] Result<std::string> read(std::uint64_t offset, std::size_t length) const;
    /// What was appended before is durable. After an error it never succeeds again: nobody knows
    /// what the system has thrown away.
    Status sync();

private:
    friend class FileIo;
    AppendFile(std::string path, int fd, std::uint64_t size, std::shared_ptr<FaultInjector> faults)
        : path_(std::move(path)), fd_(fd), size_(size), faults_(std::move(faults)) {}
    [[nodiscard]] FaultInjector::Verdict verdict(FileOp op) const {
        return faults_ ? faults_->check(op) : FaultInjector::Verdict{};
    }
    int write_parts(std::span<const std::string_view> parts);

    const std::string path_;
    const int fd_;
    std::uint64_t size_;
    bool broken_ = false;
    std::atomic<bool> unsynced_{false};  ///< a sync failed
    std::shared_ptr<FaultInjector> faults_;
};

}  // namespace sluice
