// SPDX-License-Identifier: Apache-2.0
// UrlWindow: the part of one host's queue that is in memory: its first URLs. The rest is on disk
// only. Pure bookkeeping.
#pragma once

#include "kernel/base/check.h"
#include "modules/crawl/core/frontier/types.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sluice::crawl {

/// Invariant: every entry on disk whose number is at most `through` is in memory, is being fetched,
/// or is gone; if `whole`, that holds for all numbers.
class UrlWindow {
public:
    /// A queue whose entries are on disk and not read yet.
    static UrlWindow unread() {
        UrlWindow window;
        window.whole_ = false;
        return window;
    }

    [[nodiscard]] bool empty() const { return head_ == items_.size(); }
    [[nodiscard]] std::size_t size() const { return items_.size() - head_; }
    /// Something may be here to hand out, now or after a read.
    [[nodiscard]] bool has_more() const { return !empty() || !whole_; }
    [[nodiscard]] bool needs_read() const { return empty() && !whole_; }
    [[nodiscard]] const QueuedUrl& front() const { return items_[head_]; }

    QueuedUrl pop() {
        QueuedUrl first = std::move(items_[head_++]);
        if (head_ == items_.size()) {
            items_.clear();
            head_ = 0;
        }
        return first;
    }

    /// A new entry, which is on disk as well. Keeps at most `most` in memory.
    void add(QueuedUrl url, std::size_t most) {
        if (!whole_ && (empty() || url.seq > items_.back().seq)) return;
        const auto place = std::upper_bound(
            items_.begin() + static_cast<std::ptrdiff_t>(head_), items_.end(), url.seq,
            [](std::uint64_t seq, const QueuedUrl& item) { return seq < item.seq; });
        through_ = std::max(through_, url.seq);
        items_.insert(place, std::move(url));
        if (size() <= most) return;
        items_.pop_back();
        through_ = items_.back().seq;
        whole_ = false;
    }

    /// An entry that was handed out and not used.
    void give_back(QueuedUrl url) {
        const auto place =
            std::find_if(items_.begin() + static_cast<std::ptrdiff_t>(head_), items_.end(),
                         [&](const QueuedUrl& item) { return item.seq > url.seq; });
        items_.insert(place, std::move(url));
    }

    /// Where to read on, if that is needed and not under way.
    [[nodiscard]] bool begin_read() { return needs_read() && !std::exchange(reading_, true); }
    [[nodiscard]] std::uint64_t through() const { return through_; }
    /// The entries behind `after`, in order; `last` if there are no more. An answer to a question
    /// that is out of date is thrown away.
    void end_read(std::uint64_t after, std::vector<QueuedUrl> entries, bool last) {
        reading_ = false;
        if (after != through_ || !needs_read()) return;
        if (!entries.empty()) through_ = entries.back().seq;
        items_ = std::move(entries);
        head_ = 0;
        whole_ = last;
    }

private:
    std::vector<QueuedUrl> items_;  ///< by number
    std::size_t head_ = 0;
    std::uint64_t through_ = 0;
    bool whole_ = true;
    bool reading_ = false;
};

}  // namespace sluice::crawl
