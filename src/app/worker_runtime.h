// SPDX-License-Identifier: Apache-2.0
// The settings of how a worker runs its jobs: what it has, what types need, which run in processes
// of their own, when memory runs short, where answers are kept. What they are for is
// sdk/worker.h and modules/work.
#pragma once

#include "kernel/mount/config.h"
#include "sdk/worker.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::app {

std::vector<Setting> runtime_settings();

/// What the settings say of types, by patterns ("image.*"); the first pattern that fits counts.
class TypeRules {
public:
    /// Errors: invalid (a line that cannot be read; the message says which and what is right).
    static Result<TypeRules> read(const Config& config);
    /// How jobs of this type are let in; `needs` is what the type says by itself.
    [[nodiscard]] sdk::TypeTerms terms(std::string_view type, const sdk::JobNeeds& needs) const;
    [[nodiscard]] bool is_isolated(std::string_view type) const;
    /// Patterns that none of the types fits: mistakes, most likely.
    [[nodiscard]] std::vector<std::string> unused(const std::vector<std::string>& types) const;

private:
    struct NeedsRule {
        std::string pattern;
        sdk::JobNeeds needs;
    };
    struct LimitRule {
        std::string pattern;
        std::uint32_t concurrency_max;
    };
    std::vector<NeedsRule> needs_;
    std::vector<LimitRule> limits_;
    std::vector<std::string> isolated_;
};

/// Capacity, pressure and spool. Errors: invalid.
Status set_runtime(const Config& config, sdk::WorkerOptions& options);

}  // namespace sluice::app
