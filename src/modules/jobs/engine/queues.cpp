// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/engine/queues.h"

#include <algorithm>

namespace sluice::jobs {

Queue* Queues::find(std::string_view name) const {
    const auto it = by_name_.find(name);
    return it == by_name_.end() ? nullptr : it->second.get();
}

Queue* Queues::find(QueueId id) const {
    const auto it = by_id_.find(id.value());
    return it == by_id_.end() ? nullptr : it->second;
}

Queue& Queues::get(std::string_view name) {
    auto& entry = by_name_[std::string(name)];
    if (!entry) {
        entry = std::make_unique<Queue>();
        entry->row.name = name;
    }
    return *entry;
}

void Queues::number(Queue& queue) {
    SLUICE_CHECK(!queue.row.id);
    queue.row.id = QueueId(next_id_++);
    by_id_[queue.row.id.value()] = &queue;
}

Queue& Queues::restore(QueueId id) {
    Queue*& known = by_id_[id.value()];
    if (known == nullptr) {
        auto& queue = restored_[id.value()];
        queue = std::make_unique<Queue>();
        queue->row.id = id;
        known = queue.get();
    }
    return *known;
}

void Queues::restore(const QueueRow& row) {
    next_id_ = std::max(next_id_, row.id.value() + 1);
    restore(row.id).row = row;
    std::unique_ptr<Queue> queue = std::move(restored_.extract(row.id.value()).mapped());
    if (row.removed) {
        detached_.emplace(row.id.value(), std::move(queue));
    } else {
        by_name_[row.name] = std::move(queue);
    }
}

QueueId Queues::without_row() const {
    return restored_.empty() ? QueueId{} : QueueId(restored_.begin()->first);
}

void Queues::detach(Queue& queue) {
    const auto it = by_name_.find(queue.row.name);
    SLUICE_CHECK(it != by_name_.end() && it->second.get() == &queue);
    detached_.emplace(queue.row.id.value(), std::move(it->second));
    by_name_.erase(it);
}

void Queues::drop(Queue& queue) {
    const std::uint64_t id = queue.row.id.value();
    by_id_.erase(id);
    if (detached_.erase(id) == 0) by_name_.erase(queue.row.name);
}

void Queues::clear() {
    by_name_.clear();
    by_id_.clear();
    detached_.clear();
    restored_.clear();
}

std::vector<Queue*> Queues::named() const {
    std::vector<Queue*> all;
    all.reserve(by_name_.size());
    for (const auto& [name, queue] : by_name_) all.push_back(queue.get());
    std::sort(all.begin(), all.end(),
              [](const Queue* a, const Queue* b) { return a->row.name < b->row.name; });
    return all;
}

}  // namespace sluice::jobs
