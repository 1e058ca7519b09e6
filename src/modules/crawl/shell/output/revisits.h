// SPDX-License-Identifier: Apache-2.0
// Revisits: which payloads were written already, so that the same bytes are kept only once. Only
// what was appended is known here, so a revisit record never stands before what it refers to. It
// begins empty with each run: then a payload is written once more, which is no fault.
#pragma once

#include "kernel/base/annotations.h"
#include "kernel/sync/mutex.h"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sluice::crawl {

/// Any thread.
class Revisits {
public:
    struct Record {
        std::string url;
        std::string date;  ///< its WARC-Date
    };
    explicit Revisits(std::size_t records_max) : records_max_(records_max) {}

    [[nodiscard]] std::optional<Record> find(std::string_view digest) const;
    /// Forgets the oldest where there is no room.
    void add(const std::string& digest, Record record);

private:
    const std::size_t records_max_;
    mutable Mutex mutex_{"crawl.revisits"};
    std::unordered_map<std::string, Record> records_ SLUICE_GUARDED_BY(mutex_);
    std::deque<std::string> order_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice::crawl
