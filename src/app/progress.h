// SPDX-License-Identifier: Apache-2.0
// A progress bar on standard error, drawn a few times a second, with rate and time left.
#pragma once

#include "kernel/base/time.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sluice::app {

struct ProgressState {
    std::uint64_t done = 0;
    std::uint64_t bytes_done = 0;
    std::uint64_t bytes_total = 0;  ///< 0: not known
    std::string_view noun = "jobs";
};

/// One line for a terminal of so many columns, after `elapsed`.
std::string progress_line(const ProgressState& state, Duration elapsed, std::size_t columns);

/// Wipes its line when destroyed.
class Progress {
public:
    explicit Progress(bool enabled);
    ~Progress() { clear(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Draws, if it is time to.
    void show(const ProgressState& state);
    /// The same for a line of one's own, which is asked for only then. Gets the columns it may
    /// have.
    void show(const std::function<std::string(std::size_t)>& line);
    /// Wipes the line, so that something else can be printed.
    void clear();

private:
    bool enabled_;
    bool drawn_ = false;
    Instant began_;
    Instant next_;
};

}  // namespace sluice::app
