// SPDX-License-Identifier: Apache-2.0
// Result<T>: a value or an Error. Shaped like std::expected (C++23), so that it can become an alias
// one day; our own because GCC 12 has std::expected only under -std=c++23
// (docs/adr/0002-own-result.md).
#pragma once

#include "kernel/base/check.h"

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace sluice {

/// What kind of failure an Error is; callers branch on this, people read the message.
enum class Code {
    invalid,
    not_found,
    exists,
    conflict,
    busy,
    timeout,
    cancelled,
    exhausted,
    denied,
    corrupt,
    io,
    internal,
};

/// The code as the word used in logs and in JSON ("not_found").
std::string_view to_string(Code code);

/// Why something failed, and what a person can do about it.
struct Error {
    Code code = Code::internal;
    std::string message;

    /// The same error with "context: " put before its message.
    [[nodiscard]] Error in(std::string_view context) &&;
    /// "code: message".
    [[nodiscard]] std::string text() const;
};

/// A value or an Error.
template <class T>
class [[nodiscard]] Result {
public:
    using value_type = T;

    Result(T value)
        : state_(std::in_place_index<0>, std::move(value)) {
    }  // NOLINT(google-explicit-constructor)
    Result(Error error)
        : state_(std::in_place_index<1>, std::move(error)) {
    }  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool has_value() const { return state_.index() == 0; }
    explicit operator bool() const { return has_value(); }

    T& value() & { return checked(), *std::get_if<0>(&state_); }
    const T& value() const& { return checked(), *std::get_if<0>(&state_); }
    T&& value() && { return checked(), std::move(*std::get_if<0>(&state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    [[nodiscard]] const Error& error() const& {
        SLUICE_CHECK(!has_value());
        return *std::get_if<1>(&state_);
    }
    [[nodiscard]] Error&& error() && {
        SLUICE_CHECK(!has_value());
        return std::move(*std::get_if<1>(&state_));
    }
    template <class U>
    [[nodiscard]] T value_or(U&& fallback) && {
        return has_value() ? std::move(*this).value() : static_cast<T>(std::forward<U>(fallback));
    }

private:
    void checked() const { SLUICE_CHECK(has_value()); }
    std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;

    Result() = default;
    Result(Error error)
        : failed_(true), error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool has_value() const { return !failed_; }
    explicit operator bool() const { return has_value(); }
    void value() const { SLUICE_CHECK(has_value()); }
    [[nodiscard]] const Error& error() const& {
        SLUICE_CHECK(failed_);
        return error_;
    }
    [[nodiscard]] Error&& error() && {
        SLUICE_CHECK(failed_);
        return std::move(error_);
    }

private:
    bool failed_ = false;
    Error error_;
};

using Status = Result<void>;

/// An Error of the given code; `fail(Code::invalid, "…")` reads better at a return than the braces.
inline Error fail(Code code, std::string message) { return Error{code, std::move(message)}; }

}  // namespace sluice

#define SLUICE_CONCAT_2(a, b) a##b
#define SLUICE_CONCAT(a, b) SLUICE_CONCAT_2(a, b)

/// SLUICE_TRY(auto x, expression): declares x from the value, or returns the Error. A statement,
/// not an expression.
#define SLUICE_TRY(declaration, ...)                                                             \
    auto SLUICE_CONCAT(try_, __LINE__) = (__VA_ARGS__);                                          \
    if (!SLUICE_CONCAT(try_, __LINE__)) return std::move(SLUICE_CONCAT(try_, __LINE__)).error(); \
    declaration = std::move(SLUICE_CONCAT(try_, __LINE__)).value()

/// SLUICE_TRY_STATUS(expression): for a Status; returns the Error if there is one.
#define SLUICE_TRY_STATUS(...) \
    if (auto try_status = (__VA_ARGS__); !try_status) return std::move(try_status).error()

/// The same two inside a coroutine.
#define SLUICE_CO_TRY(declaration, ...)                             \
    auto SLUICE_CONCAT(try_, __LINE__) = (__VA_ARGS__);             \
    if (!SLUICE_CONCAT(try_, __LINE__))                             \
        co_return std::move(SLUICE_CONCAT(try_, __LINE__)).error(); \
    declaration = std::move(SLUICE_CONCAT(try_, __LINE__)).value()
#define SLUICE_CO_TRY_STATUS(...) \
    if (auto try_status = (__VA_ARGS__); !try_status) co_return std::move(try_status).error()
