// SPDX-License-Identifier: Apache-2.0
// The port through which sorting reaches the disk: bytes appended, and read back by their place.
// The shell gives a file without a name; tests give memory.
#pragma once

#include "kernel/base/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace sluice::work {

/// Single owner. What it holds is gone with it.
class RunStore {
public:
    virtual ~RunStore() = default;
    /// Errors: exhausted (its limit, or the disk is full), io.
    virtual Status append(std::string_view bytes) = 0;
    /// Fills the whole span with the bytes from `offset` on. Errors: io, corrupt (fewer are there).
    virtual Status read(std::uint64_t offset, std::span<char> into) = 0;
    [[nodiscard]] virtual std::uint64_t size() const = 0;
};

/// Makes an empty one. Errors: denied (nothing may be written), io.
using MakeRunStore = std::function<Result<std::unique_ptr<RunStore>>()>;

}  // namespace sluice::work
