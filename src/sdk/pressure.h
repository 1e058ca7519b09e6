// SPDX-License-Identifier: Apache-2.0
// Memory pressure: from what is measured to "fetch no more for now" and back, with a distance
// between the two so that a worker does not flutter. Pure; measuring is machine.h.
#pragma once

#include "kernel/base/bytes.h"

#include <optional>
#include <string>

namespace sluice::sdk {

/// One look at the machine's, or the control group's, memory. What could not be measured is absent.
struct MemorySample {
    std::optional<Bytes> available{};
    std::optional<Bytes> total{};
    /// Percent of the last 10 s in which everybody waited for memory ("full avg10" of Linux's
    /// pressure stall information).
    std::optional<double> stalled_percent{};
};

/// Zero: not looked at.
struct PressureLimits {
    double available_percent_min = 0;  ///< of the total
    double stalled_percent_max = 0;
    [[nodiscard]] bool are_none() const {
        return available_percent_min <= 0 && stalled_percent_max <= 0;
    }
};

/// Closes when a limit is passed; opens when memory is a half above its limit and waiting a half
/// below. One thread.
class PressureGate {
public:
    explicit PressureGate(const PressureLimits& limits) : limits_(limits) {}
    /// True when this sample closed or opened it.
    bool update(const MemorySample& sample);
    [[nodiscard]] bool is_closed() const { return closed_; }
    /// For people: what the last sample was like ("4.1 % of memory available, …").
    [[nodiscard]] const std::string& reason() const { return reason_; }

private:
    PressureLimits limits_;
    bool closed_ = false;
    std::string reason_;
};

}  // namespace sluice::sdk
