// SPDX-License-Identifier: Apache-2.0
// StackTrace: where a thread stood. Taken by walking frame pointers (all our code is built with
// them), which costs a nanosecond or two a frame and allocates nothing; made readable only when it
// is printed. No debugger: frames of libraries built without frame pointers end the walk.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

/// Up to 20 return addresses, the innermost first.
class StackTrace {
public:
    static constexpr std::size_t frames_max = 20;

    StackTrace() = default;
    /// The calling thread's stack without this function and `skip` callers. Any thread; safe in a
    /// signal handler once the thread has taken one before.
    [[gnu::noinline]] static StackTrace capture(std::size_t skip = 0) noexcept;

    /// From addresses that somebody else collected, the innermost first; what is too many is cut.
    static StackTrace from(std::span<void* const> addresses) noexcept;

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] const void* frame(std::size_t i) const { return frames_[i]; }
    /// The function of a frame, and file and line where a sanitizer's run time knows them. Slow.
    [[nodiscard]] std::string frame_text(std::size_t i) const;
    /// One line a frame with the function's name, and file and line where a sanitizer's run time
    /// knows them. The innermost functions whose names begin with `hidden` are left out. Slow (it
    /// reads the program's symbol table).
    [[nodiscard]] std::string text(std::string_view hidden = {}) const;

private:
    std::array<const void*, frames_max> frames_{};
    std::size_t size_ = 0;
};

/// The function that contains the address: "sluice::Shard::stop()", or the address in hexadecimal
/// where the program was stripped of its symbols. Slow.
std::string function_at(const void* address);

}  // namespace sluice
