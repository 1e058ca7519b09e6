// SPDX-License-Identifier: Apache-2.0
// Which of the things that are checked is up, from run to run: what a change is, and the alerts
// that are still to be pushed. Pure.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "modules/work/core/flow/flow_plan.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

struct HealthResult {
    std::string name;
    bool ok = false;
    std::string message;  ///< what was found
};

/// A job to be pushed. Kept until it was, so that a crash neither loses nor doubles it.
struct HealthAlert {
    std::string part;  ///< makes its jid
    std::string args;
};

class HealthState {
public:
    HealthState() = default;
    /// Errors: corrupt.
    static Result<HealthState> parse(const std::string& text);
    [[nodiscard]] std::string format() const;

    /// Takes one run's results. A thing is down after `threshold` failures in a row, and up after
    /// one success. What changes – a first look only if it is down – becomes an alert made from the
    /// template, if there is one. How many changed. Things that were not looked at are forgotten.
    /// Errors: invalid, exhausted (template).
    Result<std::size_t> take(const std::vector<HealthResult>& results, std::uint64_t threshold,
                             const FlowStep* on_change, WallTime now);

    [[nodiscard]] const std::vector<HealthAlert>& alerts() const { return alerts_; }
    void alerts_were_pushed() { alerts_.clear(); }
    /// "up", "down" or, before it is known, "unknown".
    [[nodiscard]] std::string state_of(const std::string& name) const;
    [[nodiscard]] WallTime since(const std::string& name) const;

private:
    struct Thing {
        std::string state = "unknown";
        std::uint64_t failures = 0;
        WallTime since{};
    };
    std::map<std::string, Thing, std::less<>> things_;
    std::vector<HealthAlert> alerts_;
    std::uint64_t changes_ = 0;  ///< since the state was made: numbers the alerts
};

/// Whether the template names only what there is. Errors: invalid.
Status check_alert_template(const FlowStep& step);

}  // namespace sluice::work
