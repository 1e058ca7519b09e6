// SPDX-License-Identifier: Apache-2.0
// Telling many URLs apart in little memory: a set of 64-bit fingerprints, and an estimate of how
// many different ones there are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

namespace sluice::crawl {

/// What the two hold of a URL or host: 63 bits of its fingerprint. Never 0.
std::uint64_t print_of(std::string_view name);

/// Open addressing, at most half full. One owner.
class PrintSet {
public:
    /// False: it was there. `print` is not 0.
    bool insert(std::uint64_t print);
    [[nodiscard]] std::size_t size() const { return size_; }
    void clear();

private:
    void grow();
    std::vector<std::uint64_t> slots_;
    std::size_t size_ = 0;
};

/// How many different fingerprints there are, within some 10 % (k minimum values), in 64 KiB.
class PrintCount {
public:
    void add(std::uint64_t print);
    [[nodiscard]] std::uint64_t estimate() const;

private:
    std::set<std::uint64_t> smallest_;
};

}  // namespace sluice::crawl
