// SPDX-License-Identifier: Apache-2.0
#include "app/progress.h"

#include "app/human.h"
#include "app/terminal.h"
#include "kernel/sync/clock.h"

#include <algorithm>
#include <cstdio>

namespace sluice::app {

namespace {
constexpr Duration redraw = 100ms;
}

std::string progress_line(const ProgressState& state, Duration elapsed, std::size_t columns) {
    const double seconds = std::max(to_seconds(elapsed), 1e-3);
    const auto rate = static_cast<std::uint64_t>(static_cast<double>(state.done) / seconds);
    std::string tail = "  " + human_count(state.done) + ' ' + std::string(state.noun) + "  " +
                       human_count(rate) + "/s";
    if (state.bytes_total == 0) return tail.substr(2);
    const double part = std::min(
        1.0, static_cast<double>(state.bytes_done) / static_cast<double>(state.bytes_total));
    if (part > 0.001) {
        const double left = seconds * (1 - part) / part;
        tail += "  " + human_duration(Duration(static_cast<std::int64_t>(left * 1e9))) + " left";
    }
    const std::string percent = std::to_string(static_cast<int>(part * 100)) + " %";
    const std::size_t other = columns_of(tail) + columns_of(percent) + 4;
    const std::size_t width = columns > other + 10 ? std::min<std::size_t>(columns - other, 40) : 0;
    std::string bar;
    if (width > 0) {
        const auto full = static_cast<std::size_t>(part * static_cast<double>(width));
        bar = "[" + std::string(full, '#') + std::string(width - full, '.') + "] ";
    }
    return bar + percent + tail;
}

Progress::Progress(bool enabled)
    : enabled_(enabled), began_(monotonic_now()), next_(began_ + redraw) {}

void Progress::show(const ProgressState& state) {
    show([&](std::size_t columns) {
        return progress_line(state, monotonic_now() - began_, columns);
    });
}

void Progress::show(const std::function<std::string(std::size_t)>& line) {
    if (!enabled_) return;
    const Instant now = monotonic_now();
    if (now < next_) return;
    next_ = now + redraw;
    std::fprintf(stderr, "\r%s\033[K", line(terminal_size().columns - 1).c_str());
    std::fflush(stderr);
    drawn_ = true;
}

void Progress::clear() {
    if (!drawn_) return;
    std::fputs("\r\033[K", stderr);
    std::fflush(stderr);
    drawn_ = false;
}

}  // namespace sluice::app
