// SPDX-License-Identifier: Apache-2.0
// A file that grows over several attempts of a job and is put in its place when it is whole. What a
// later attempt finds is only what was durable, with the note that was kept with it.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"
#include "kernel/net/owned_fd.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice::work {

/// Named ".NAME.kept" beside its place, with a note in ".NAME.kept.note". One owner, and one in all
/// processes: whoever has it open keeps the others out.
class KeptFile {
public:
    /// Opens the one that an earlier attempt may have begun, below the folder for writing; makes
    /// missing folders. Errors: invalid (no relative path), denied, busy (somebody else has it
    /// open), io.
    static Result<KeptFile> open(const std::string& write_root, std::string_view path,
                                 Bytes bytes_max);

    /// Bytes that are there.
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    /// What was given to begin() when this file was begun; empty for a new one.
    [[nodiscard]] const std::string& note() const { return note_; }
    /// Empties it. `note`: text without a NUL. Errors: io.
    Status begin(std::string note);
    /// Errors: exhausted (more than the limit, or the disk is full), io.
    Status append(std::string_view bytes);
    /// Whatever happens from here on, a later attempt finds what was appended until now. Errors:
    /// io.
    Status keep();
    /// Fills the buffer from a place of the file; 0 at the end. Errors: io.
    [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<char> buffer) const;
    /// Puts it in its place, whole and durable. Errors: io.
    Status commit();
    /// Takes it and its note away. Errors: io.
    Status forget();

private:
    KeptFile(OwnedFd folder, OwnedFd fd, std::string name, Bytes bytes_max)
        : folder_(std::move(folder)),
          fd_(std::move(fd)),
          name_(std::move(name)),
          bytes_max_(bytes_max) {}

    /// Goes back to what was kept.
    Status restore();
    [[nodiscard]] std::string kept_name() const { return "." + name_ + ".kept"; }
    [[nodiscard]] std::string note_name() const { return kept_name() + ".note"; }

    OwnedFd folder_;
    OwnedFd fd_;
    std::string name_;
    Bytes bytes_max_;
    std::uint64_t bytes_ = 0;
    std::string note_;
};

}  // namespace sluice::work
