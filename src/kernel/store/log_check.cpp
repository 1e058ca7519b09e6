// SPDX-License-Identifier: Apache-2.0
// The format of a log (RocksDB's db/log_format.h): blocks of 32 KiB; in them records of crc32c
// (masked), length (2 bytes), type (1), payload. A payload is a whole batch or the first, a middle
// or the last part of one; a batch begins with its sequence number (8 bytes) and the count of its
// operations (4). A record never crosses the end of a block, so reading can go on behind any
// damage. Logs that are written over have another kind of record; RocksDB makes none with
// point-in-time recovery.
#include "kernel/store/log_check.h"

#include "kernel/store/log_guard.h"

#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>
#include <boost/crc.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

namespace {

using Crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

constexpr std::size_t block_bytes = 32U << 10U;
constexpr std::size_t header_bytes = 7;
constexpr std::size_t batch_head_bytes = 12;
constexpr std::string_view magic = "durable:";
/// How RocksDB writes a blob of 16 bytes into a batch: a tag and the length before it.
constexpr std::string_view blob_head("\x03\x10", 2);
constexpr std::size_t mark_bytes = 18;

enum class Part : std::uint8_t { whole = 1, first = 2, middle = 3, last = 4 };

std::uint64_t little_endian(const char* at, std::size_t bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes; i-- > 0;) value = value << 8U | static_cast<unsigned char>(at[i]);
    return value;
}

struct Record {
    Part part{};
    std::string_view payload;
};

/// What is carried from one log to the next.
struct Progress {
    LogReading out;
    std::string lost;  ///< where reading ended last: at the end of a log, or at damage
};

class LogReader {
public:
    LogReader(std::string name, Progress& progress) : name_(std::move(name)), progress_(progress) {}

    /// The next block of the file, whole but for the last one.
    void read(std::string_view block) {
        std::size_t at = 0;
        while (block.size() - at >= header_bytes) {
            const std::size_t length = little_endian(&block[at + 4], 2);
            const std::string_view record = block.substr(at, header_bytes + length);
            if (record.size() == header_bytes + length && is_record(record)) {
                take({Part{static_cast<std::uint8_t>(record[6])}, record.substr(header_bytes)});
                at += record.size();
                continue;
            }
            lost(at);
            if (is_empty(block.substr(at))) break;
            ++at;  // the length may be damaged, too: the next record may begin anywhere
        }
        offset_ += block.size();
    }

private:
    static bool is_empty(std::string_view bytes) {
        return bytes.find_first_not_of('\0') == std::string_view::npos;
    }
    static bool is_record(std::string_view record) {
        const auto type = static_cast<std::uint8_t>(record[6]);
        if (type < 1 || type > 4) return false;
        Crc32c crc;
        crc.process_bytes(&record[6], record.size() - 6);
        const std::uint32_t sum = crc.checksum();
        const std::uint32_t masked = (sum >> 15U | sum << 17U) + 0xa282ead8U;
        return little_endian(record.data(), 4) == masked;
    }
    /// From here on the replay reads nothing of this log.
    void lost(std::size_t at) {
        if (std::exchange(is_whole_, false))
            progress_.lost = name_ + " at byte " + std::to_string(offset_ + at);
    }
    void take(const Record& record) {
        const bool begins = record.part == Part::whole || record.part == Part::first;
        const bool ends = record.part == Part::whole || record.part == Part::last;
        if (begins) head_.clear();
        head_.append(
            record.payload.substr(0, batch_head_bytes - std::min(batch_head_bytes, head_.size())));
        if (!ends) return;
        if (is_whole_ && head_.size() == batch_head_bytes) note_batch();
        note_mark(record.payload);
    }
    void note_batch() {
        const std::uint64_t first = little_endian(head_.data(), 8);
        const std::uint64_t count = little_endian(&head_[8], 4);
        std::uint64_t& readable = progress_.out.readable;
        if (readable != 0 && first > readable + 1) {
            // The log before has lost its end, or there was one between them.
            is_whole_ = false;
            if (progress_.lost.empty()) progress_.lost = "before " + name_;
        }
        if (is_whole_ && first > 0) readable = std::max(readable, first + count - 1);
    }
    void note_mark(std::string_view payload) {
        if (payload.size() < mark_bytes) return;
        const std::string_view tail = payload.substr(payload.size() - mark_bytes);
        if (!tail.starts_with(blob_head) || tail.substr(blob_head.size(), magic.size()) != magic)
            return;
        LogReading& out = progress_.out;
        out.durable = std::max(out.durable, little_endian(&tail[mark_bytes - 8], 8));
        if (out.durable > out.readable && out.unreadable.empty()) out.unreadable = progress_.lost;
    }

    const std::string name_;
    Progress& progress_;
    std::string head_;  ///< of the batch whose parts are being read
    std::uint64_t offset_ = 0;
    bool is_whole_ = true;
};

rocksdb::Status read_log(rocksdb::Env& env, const std::string& path, LogReader reader) {
    std::unique_ptr<rocksdb::SequentialFile> file;
    rocksdb::Status status = env.NewSequentialFile(path, &file, {});
    std::vector<char> memory(block_bytes);
    rocksdb::Slice block;
    while (status.ok()) {
        status = file->Read(memory.size(), &block, memory.data());
        if (!status.ok() || block.empty()) break;
        reader.read({block.data(), block.size()});
    }
    return status;
}

}  // namespace

void mark_durable(rocksdb::WriteBatch& batch, std::uint64_t durable) {
    std::array<char, 16> blob{};
    std::memcpy(blob.data(), magic.data(), magic.size());
    for (std::size_t i = 0; i < 8; ++i)
        blob[magic.size() + i] = static_cast<char>(durable >> (8 * i) & 0xFFU);
    (void)batch.PutLogData({blob.data(), blob.size()});
}

Result<LogReading> read_logs(rocksdb::Env& env, const std::string& folder) {
    std::vector<std::string> names;
    rocksdb::Status status = env.GetChildren(folder, &names);
    std::map<std::uint64_t, std::string> logs;
    for (const std::string& name : names) {
        if (is_log_file(name)) logs.emplace(std::strtoull(name.c_str(), nullptr, 10), name);
    }
    Progress progress;
    for (const auto& [number, name] : logs) {
        if (!status.ok()) break;
        status = read_log(env, folder + '/' + name, {name, progress});
        ++progress.out.logs;
    }
    if (!status.ok())
        return fail(Code::io,
                    "cannot read the log of the store " + folder + ": " + status.ToString());
    return std::move(progress.out);
}

}  // namespace sluice
