// SPDX-License-Identifier: Apache-2.0
// The waiter and the loop of select().
#include "kernel/sync/select.h"

#include "kernel/sync/channel.h"

#include <algorithm>
#include <utility>

namespace sluice {

std::string_view to_string(ChannelStatus status) {
    switch (status) {
        case ChannelStatus::ok: return "ok";
        case ChannelStatus::full: return "full";
        case ChannelStatus::empty: return "empty";
        case ChannelStatus::timeout: return "timeout";
        case ChannelStatus::closed: return "closed";
    }
    return "unknown";
}

void Waiter::notify() {
    MutexLock lock(mutex_);
    if (notified_) return;
    notified_ = true;
    woken_.notify_one();
}

bool Waiter::wait_until(Instant deadline) {
    MutexLock lock(mutex_);
    while (!notified_) {
        if (!woken_.wait_until(mutex_, deadline)) break;
    }
    return std::exchange(notified_, false);
}

Selector::Selector(std::vector<Selectable*> sources) : sources_(std::move(sources)) {
    for (Selectable* source : sources_) source->attach(waiter_);
}

Selector::~Selector() {
    for (Selectable* source : sources_) source->detach(waiter_);
}

std::optional<std::size_t> Selector::find_ready() {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
        const std::size_t index = (next_ + i) % sources_.size();
        if (!sources_[index]->is_ready()) continue;
        next_ = index + 1;
        return index;
    }
    return std::nullopt;
}

Selected Selector::wait_until(Instant deadline, const CancelToken& cancel) {
    const Instant until = std::min(deadline, cancel.deadline());
    // Removed before this returns, so the waiter outlives it.
    const CancelCallback registration = cancel.on_cancel([this] { waiter_.notify(); });
    while (true) {
        if (cancel.is_cancelled()) return {SelectOutcome::cancelled, 0};
        if (const auto index = find_ready()) return {SelectOutcome::ready, *index};
        if (waiter_.wait_until(until)) continue;
        if (cancel.is_cancelled()) return {SelectOutcome::cancelled, 0};
        if (const auto index = find_ready()) return {SelectOutcome::ready, *index};
        return {SelectOutcome::timeout, 0};
    }
}

}  // namespace sluice
