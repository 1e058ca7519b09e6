// SPDX-License-Identifier: Apache-2.0
#include "sdk/pressure.h"

#include <cstdio>

namespace sluice::sdk {

namespace {

std::string percent(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f %%", value);
    return text;
}

}  // namespace

bool PressureGate::update(const MemorySample& sample) {
    // How far a limit has to be left behind before the gate opens.
    const double distance = closed_ ? 1.5 : 1.0;
    bool is_passed = false;
    reason_.clear();
    if (limits_.available_percent_min > 0 && sample.available && sample.total &&
        sample.total->count > 0) {
        const double left = 100 * static_cast<double>(sample.available->count) /
                            static_cast<double>(sample.total->count);
        is_passed = left < limits_.available_percent_min * distance;
        reason_ = percent(left) + " of memory available";
    }
    if (limits_.stalled_percent_max > 0 && sample.stalled_percent) {
        is_passed = is_passed || *sample.stalled_percent > limits_.stalled_percent_max / distance;
        reason_ += (reason_.empty() ? "" : ", ") + percent(*sample.stalled_percent) +
                   " of the time waiting for memory";
    }
    const bool changed = is_passed != closed_;
    closed_ = is_passed;
    return changed;
}

}  // namespace sluice::sdk
