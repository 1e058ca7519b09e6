// SPDX-License-Identifier: Apache-2.0
// Gzip members one at a time, in memory that is used again. Reading is the business of core/unpack.
#pragma once

#include "kernel/base/annotations.h"
#include "kernel/sync/mutex.h"

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

/// A compressor; about 270 KB. One thread at a time.
class Gzip {
public:
    /// `level`: 1 (fast) to 9 (small).
    explicit Gzip(int level);
    ~Gzip();
    Gzip(const Gzip&) = delete;
    Gzip& operator=(const Gzip&) = delete;

    /// Appends one whole member with all parts in it.
    void put_member(std::string& out, std::initializer_list<std::string_view> parts);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Compressors for any number of threads; keeps as many as were ever in use at once, at most 64.
class GzipPool {
public:
    explicit GzipPool(int level) : level_(level) {}

    [[nodiscard]] std::unique_ptr<Gzip> borrow();
    void give_back(std::unique_ptr<Gzip> gzip);

private:
    const int level_;
    Mutex mutex_{"crawl.gzip"};
    std::vector<std::unique_ptr<Gzip>> idle_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice::crawl
