// SPDX-License-Identifier: Apache-2.0
// Room on the disk for what memory does not hold: a file without a name below the folder for
// writing. It is gone with its owner, whatever ends the process.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/net/owned_fd.h"
#include "modules/work/core/csv/run_store.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace sluice::work {

/// What the scratch files of one job may still take together.
struct ScratchBudget {
    std::uint64_t limit;
    std::uint64_t left;
};

class ScratchFile final : public RunStore {
public:
    ScratchFile(OwnedFd fd, std::shared_ptr<ScratchBudget> budget)
        : fd_(std::move(fd)), budget_(std::move(budget)) {}
    ~ScratchFile() override { budget_->left += size_; }
    ScratchFile(const ScratchFile&) = delete;
    ScratchFile& operator=(const ScratchFile&) = delete;

    /// Errors: exhausted (the budget, or the disk is full), io.
    Status append(std::string_view bytes) override;
    /// Errors: io, corrupt (fewer bytes are there).
    Status read(std::uint64_t offset, std::span<char> into) override;
    [[nodiscard]] std::uint64_t size() const override { return size_; }

private:
    OwnedFd fd_;
    std::shared_ptr<ScratchBudget> budget_;
    std::uint64_t size_ = 0;
};

}  // namespace sluice::work
