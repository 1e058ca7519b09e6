// SPDX-License-Identifier: Apache-2.0
// A text from one character encoding to another, as a stream, by the C library's iconv.
#pragma once

#include "kernel/base/result.h"

#include <memory>
#include <string>
#include <string_view>

namespace sluice::work {

/// What to do with bytes that are no character of the source, and with characters that the target
/// does not have.
enum class OnUnknown { refuse, replace };

/// One conversion. Single owner.
class Charset {
public:
    /// Names as iconv knows them ("UTF-8", "ISO-8859-1", "UTF-16", "WINDOWS-1252"). Errors:
    /// invalid (not known, or `to` lacks the `?` that it would have to replace by).
    static Result<Charset> open(const std::string& from, const std::string& to, OnUnknown unknown);
    ~Charset();
    Charset(Charset&&) noexcept;
    Charset& operator=(Charset&&) noexcept;
    Charset(const Charset&) = delete;
    Charset& operator=(const Charset&) = delete;

    /// Appends what `bytes` become; holds back a character that is not complete. Errors: invalid.
    Status feed(std::string_view bytes, std::string& out);
    /// Errors: invalid (the text ends inside a character).
    Status finish(std::string& out);
    /// How many were replaced.
    [[nodiscard]] std::uint64_t replaced() const;

private:
    struct State;
    explicit Charset(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace sluice::work
