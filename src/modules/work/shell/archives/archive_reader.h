// SPDX-License-Identifier: Apache-2.0
// Reading an archive entry by entry (libarchive, over our own descriptor): tar, plain or compressed
// with gzip, xz or zstd; zip; 7z. Counts what comes out against limits; touches no other
// file, and judges no names.
#pragma once

#include "kernel/base/time.h"
#include "kernel/sync/cancel.h"
#include "modules/work/shell/rooted_files.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace sluice::work {

enum class ItemKind { file, folder, symbolic_link, hard_link, other };
std::string_view to_string(ItemKind kind);

/// One entry of an archive, as the archive describes it.
struct ArchiveItem {
    /// Any bytes but NUL; empty if it cannot be read.
    std::string name;
    ItemKind kind = ItemKind::other;
    /// Of files; what the archive claims, if it does.
    std::optional<std::uint64_t> bytes;
    std::optional<WallTime> changed;
    /// Of a file that its owner may run.
    bool executable = false;
    bool encrypted = false;
    /// Of links.
    std::string target;
};

struct ArchiveLimits {
    std::size_t items_max = 200'000;
    /// Of one entry, and of all, uncompressed; holes of sparse files count.
    Bytes item_bytes_max{std::uint64_t{1} << 30};
    Bytes bytes_max{std::uint64_t{4} << 30};
    /// Bytes that come out per byte of the archive, after the first MiB.
    std::uint64_t ratio_max = 300;
    /// What may be read of an archive between two entries: the index of a zip or 7z file.
    Bytes index_bytes_max = mib(32);
};

/// One pass over one archive. Single owner; `file` must outlive it.
class ArchiveReader {
public:
    /// Decompresses a compressed tar once from end to end, so that damage is noticed before
    /// anything is made of it. Errors: invalid (none of the formats), corrupt, exhausted,
    /// cancelled, timeout, io.
    static Result<ArchiveReader> open(const InputFile& file, const ArchiveLimits& limits,
                                      CancelToken cancel);
    ~ArchiveReader();
    ArchiveReader(ArchiveReader&& other) noexcept;
    ArchiveReader& operator=(ArchiveReader&&) = delete;
    ArchiveReader(const ArchiveReader&) = delete;
    ArchiveReader& operator=(const ArchiveReader&) = delete;

    /// The next entry; none at the end. Errors: corrupt, exhausted (a limit), invalid (an
    /// encrypted index), cancelled, timeout, io.
    Result<std::optional<ArchiveItem>> next();

    using Take = std::function<Status(std::uint64_t offset, std::string_view bytes)>;
    /// Gives the content of the entry in pieces, in the order of their places; what is left out is
    /// zeros. The result is the entry's length. Errors: as next(), invalid (encrypted), and those
    /// of `take`.
    Result<std::uint64_t> read(const Take& take);
    /// Passes over the content; what has to be decompressed for that counts against the limits.
    /// Errors: as read().
    Status skip();

    /// "tar", "zip" or "7z", and the compression of a tar: "tar.gz". Known after next().
    [[nodiscard]] const std::string& format() const;
    /// Entries so far, and the bytes that came out of them.
    [[nodiscard]] std::size_t items() const;
    [[nodiscard]] std::uint64_t bytes() const;
    /// Bytes of the archive that were looked at, at most its size.
    [[nodiscard]] std::uint64_t consumed() const;

private:
    struct Body;
    explicit ArchiveReader(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
};

}  // namespace sluice::work
