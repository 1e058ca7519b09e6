// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/revisits.h"

namespace sluice::crawl {

std::optional<Revisits::Record> Revisits::find(std::string_view digest) const {
    if (records_max_ == 0) return std::nullopt;
    MutexLock lock(mutex_);
    const auto found = records_.find(std::string(digest));
    return found == records_.end() ? std::nullopt : std::optional(found->second);
}

void Revisits::add(const std::string& digest, Record record) {
    if (records_max_ == 0) return;
    MutexLock lock(mutex_);
    if (!records_.emplace(digest, std::move(record)).second) return;
    order_.push_back(digest);
    if (order_.size() <= records_max_) return;
    records_.erase(order_.front());
    order_.pop_front();
}

}  // namespace sluice::crawl
