// SPDX-License-Identifier: Apache-2.0
// What a job expects of an answer: status, headers, body, time. Says which of it does not hold.
// Pure.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/wire/json_reader.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

inline constexpr std::size_t response_checks_max = 100;

/// An answer to be judged.
struct CheckedAnswer {
    int status = 0;
    /// The value of a header, or null.
    std::function<const std::string*(std::string_view name)> header{};
    std::string_view body{};
    bool body_is_cut = false;  ///< There was more than `body`.
    Duration latency{0};
    /// Takes out of a text what nobody is told; before anything is cut off it.
    std::function<std::string(std::string)> hide{};

    /// The beginning of a text, without what nobody is told.
    [[nodiscard]] std::string shown(std::string_view text) const;
};

/// Immutable.
class ResponseChecks {
public:
    /// `{"status": [200, "3xx"], "headers": {"Content-Type": "text/html", "Server": {"matches":
    /// "^nginx"}}, "contains": ["ready"], "json": {"/state": "up"}, "latency": 0.5}`. Patterns are
    /// those of RE2. Errors: invalid (names the member), exhausted (too many).
    static Result<ResponseChecks> parse(JsonView object);
    ResponseChecks();
    ResponseChecks(ResponseChecks&&) noexcept;
    ResponseChecks& operator=(ResponseChecks&&) noexcept;
    ~ResponseChecks();

    [[nodiscard]] bool has_status() const;
    [[nodiscard]] bool needs_body() const;
    /// Whether this status is one that is expected.
    [[nodiscard]] bool allows(int status) const;
    [[nodiscard]] std::size_t size() const;
    /// What does not hold, for people; empty if all does.
    [[nodiscard]] std::vector<std::string> faults(const CheckedAnswer& answer) const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::work
