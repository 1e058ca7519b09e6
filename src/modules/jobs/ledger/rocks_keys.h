// SPDX-License-Identifier: Apache-2.0
// The keys of the RocksDB ledger: a tag byte, then numbers most significant byte first, so that
// rows sort by what they are read by. One column family holds them all: a commit then writes one
// place.
//   J seq → job row          B seq → body row, when too long for the job row
//   I jid → seq (BE8), of jobs that left memory   Q queue → queue row
//   R queue priority order → seq (BE8)      ready index
//   D due_at seq → nothing                  due index
//   Tt → totals              M name → format, epoch (BE8)
// A key that is written with every batch has two bytes at least: memtables remember where the last
// key of the same two was put (rocks_store.cpp). In format 1 totals were under T.
#pragma once

#include "kernel/base/check.h"
#include "modules/jobs/engine/read.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sluice::jobs::rocks_keys {

inline constexpr char job_tag = 'J';
inline constexpr char body_tag = 'B';
inline constexpr char jid_tag = 'I';
inline constexpr char queue_tag = 'Q';
inline constexpr char ready_tag = 'R';
inline constexpr char due_tag = 'D';
inline constexpr std::string_view totals = "Tt";
inline constexpr std::string_view totals_1 = "T";
inline constexpr std::string_view format = "Mformat";
inline constexpr std::string_view epoch = "Mepoch";

/// A key of fixed parts, without allocation.
class Key {
public:
    explicit Key(char tag) { bytes_[size_++] = tag; }
    Key& u8(std::uint8_t value) {
        bytes_[size_++] = static_cast<char>(value);
        return *this;
    }
    Key& be8(std::uint64_t value) {
        const std::uint64_t swapped = __builtin_bswap64(value);
        std::memcpy(bytes_.data() + size_, &swapped, 8);
        size_ += 8;
        return *this;
    }
    [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }

private:
    std::array<char, 24> bytes_;
    std::size_t size_ = 0;
};

/// Times before 1970 sort first.
inline std::uint64_t sortable(WallTime at) {
    return static_cast<std::uint64_t>(to_ns(at)) ^ (1ULL << 63U);
}
inline Key job(Seq seq) { return Key(job_tag).be8(seq.value()); }
inline Key body(Seq seq) { return Key(body_tag).be8(seq.value()); }
inline Key queue(QueueId id) { return Key(queue_tag).be8(id.value()); }
inline Key ready_list(QueueId queue, std::uint8_t priority) {
    return Key(ready_tag).be8(queue.value()).u8(priority);
}
inline Key ready(QueueId queue, std::uint8_t priority, Order order) {
    return ready_list(queue, priority).be8(order);
}
inline Key due(const DueKey& key) {
    return Key(due_tag).be8(sortable(key.at)).be8(key.seq.value());
}
inline void jid(std::string_view jid, std::string& out) {
    out.assign(1, jid_tag);
    out.append(jid);
}
/// The key that follows every key beginning with `prefix` (whose last byte is not 0xFF).
inline std::string after(std::string_view prefix) {
    std::string out(prefix);
    SLUICE_CHECK(!out.empty() && out.back() != '\xFF');
    ++out.back();
    return out;
}
/// Eight bytes at `at`; the caller has checked that they are there.
inline std::uint64_t be8_at(std::string_view bytes, std::size_t at) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + at, 8);
    return __builtin_bswap64(value);
}

}  // namespace sluice::jobs::rocks_keys
