// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/archives/archive_reader.h"

#include "modules/work/core/entry_name.h"
#include "modules/work/shell/archives/utf8_locale.h"
#include "modules/work/shell/archives/zip_index.h"
#include "modules/work/shell/codec.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

namespace sluice::work {

namespace {

constexpr std::size_t archive_piece_bytes = 64 * 1024;
/// Until this much has come out the ratio is not judged: small files may be all the same byte.
constexpr std::uint64_t ratio_free_bytes = 1024 * 1024;

/// What libarchive reads through: our descriptor, a place in it, and the first error of our own.
struct Source {
    const InputFile& file;
    CancelToken cancel;
    std::uint64_t index_bytes_max;
    std::uint64_t offset = 0;
    std::uint64_t bytes_read = 0;
    /// Read since the last entry; judged only while one is looked for.
    std::uint64_t between = 0;
    bool between_items = false;
    Status problem{};
    std::array<char, archive_piece_bytes> piece{};

    Result<std::size_t> fill() {
        SLUICE_TRY_STATUS(cancel.check());
        SLUICE_TRY(const std::size_t count, file.read_at(offset, piece));
        offset += count;
        bytes_read += count;
        between += count;
        if (between_items && between > index_bytes_max) {
            return fail(Code::exhausted, "the archive's index is larger than the limit of " +
                                             std::to_string(index_bytes_max) + " bytes");
        }
        return count;
    }
};

la_ssize_t on_read(archive* handle, void* data, const void** buffer) {
    auto& source = *static_cast<Source*>(data);
    auto count = source.fill();
    if (!count) {
        archive_set_error(handle, EIO, "%s", count.error().message.c_str());
        source.problem = std::move(count).error();
        return -1;
    }
    *buffer = source.piece.data();
    return static_cast<la_ssize_t>(*count);
}

la_int64_t on_skip(archive*, void* data, la_int64_t request) {
    auto& source = *static_cast<Source*>(data);
    const std::uint64_t left = source.file.size() - std::min(source.offset, source.file.size());
    const std::uint64_t skipped = std::min(static_cast<std::uint64_t>(request), left);
    source.offset += skipped;
    // What is passed over counts as looked at: nothing comes out of it.
    source.bytes_read += skipped;
    return static_cast<la_int64_t>(skipped);
}

la_int64_t on_seek(archive*, void* data, la_int64_t offset, int whence) {
    auto& source = *static_cast<Source*>(data);
    la_int64_t base = 0;
    if (whence == SEEK_CUR) base = static_cast<la_int64_t>(source.offset);
    if (whence == SEEK_END) base = static_cast<la_int64_t>(source.file.size());
    const la_int64_t place = base + offset;
    if (place < 0) return ARCHIVE_FATAL;
    source.offset = static_cast<std::uint64_t>(place);
    return place;
}

Error looks_like_a_bomb(const ArchiveLimits& limits) {
    return fail(Code::exhausted, "more than " + std::to_string(limits.ratio_max) +
                                     " times as much comes out as is in the archive: this looks "
                                     "like a decompression bomb");
}

/// Decompresses the whole file once and keeps nothing. libarchive does not look at the checksum of
/// gzip, and of no compression at what stands behind the end of the tar; half of a damaged archive
/// would become files before anyone noticed.
Status check_compression(const InputFile& file, const ArchiveLimits& limits,
                         const CancelToken& cancel) {
    constexpr std::uint64_t tar_bytes_of_item = 2048;  // headers, and what fills the last block
    const std::uint64_t bytes_max =
        limits.bytes_max.count + limits.items_max * tar_bytes_of_item + ratio_free_bytes;
    std::uint64_t bytes_out = 0;
    const Sink count = [&](std::string_view bytes) -> Status {
        SLUICE_TRY_STATUS(cancel.check());
        bytes_out += bytes.size();
        if (bytes_out > ratio_free_bytes && bytes_out / limits.ratio_max > file.size()) {
            return looks_like_a_bomb(limits);
        }
        if (bytes_out <= bytes_max) return {};
        return fail(Code::exhausted, "the archive holds more than the limit of " +
                                         std::to_string(limits.bytes_max.count) + " bytes");
    };
    std::vector<char> piece(archive_piece_bytes);
    std::unique_ptr<Codec> codec;
    for (std::uint64_t offset = 0;;) {
        SLUICE_TRY_STATUS(cancel.check());
        SLUICE_TRY(const std::size_t size, file.read_at(offset, piece));
        if (size == 0) break;
        const std::string_view bytes(piece.data(), size);
        if (offset == 0) {
            const auto compression = detect_compression(bytes);
            if (!compression) return {};
            codec = make_decompressor(*compression);
        }
        SLUICE_TRY_STATUS(codec->feed(bytes, count));
        offset += size;
    }
    return codec ? codec->finish(count) : Status();
}

struct Free {
    void operator()(archive* handle) const { archive_read_free(handle); }
};

std::string said_by(archive* handle) {
    const char* text = archive_error_string(handle);
    return text != nullptr ? text : "nothing is known of why";
}

std::string text_or_empty(const char* text) { return text != nullptr ? text : ""; }

ArchiveItem described(archive_entry* entry) {
    ArchiveItem item;
    item.name = text_or_empty(archive_entry_pathname(entry));
    item.executable = (archive_entry_perm(entry) & 0100) != 0;
    item.encrypted = archive_entry_is_encrypted(entry) != 0;
    if (archive_entry_mtime_is_set(entry) != 0) {
        constexpr std::int64_t seconds_max = 9'000'000'000;  // within the range of WallTime
        const std::int64_t seconds = archive_entry_mtime(entry);
        if (seconds >= -seconds_max && seconds <= seconds_max) {
            item.changed = wall_from_ns(seconds * 1'000'000'000 + archive_entry_mtime_nsec(entry));
        }
    }
    if (const char* hard = archive_entry_hardlink(entry)) {
        item.kind = ItemKind::hard_link;
        item.target = hard;
        return item;
    }
    switch (archive_entry_filetype(entry)) {
        case AE_IFREG: item.kind = ItemKind::file; break;
        case AE_IFDIR: item.kind = ItemKind::folder; break;
        case AE_IFLNK: item.kind = ItemKind::symbolic_link; break;
        default: item.kind = ItemKind::other; break;
    }
    if (item.kind == ItemKind::symbolic_link) {
        item.target = text_or_empty(archive_entry_symlink(entry));
    }
    if (item.kind == ItemKind::file && archive_entry_size_is_set(entry) != 0) {
        const std::int64_t size = archive_entry_size(entry);
        item.bytes = size < 0 ? 0 : static_cast<std::uint64_t>(size);
    }
    return item;
}

}  // namespace

struct ArchiveReader::Body {
    Source source;
    ArchiveLimits limits;
    std::unique_ptr<archive, Free> handle;
    std::string format{};
    bool is_zip = false;
    std::size_t items = 0;
    std::uint64_t bytes = 0;
    std::uint64_t item_bytes = 0;
    ArchiveItem item{};

    [[nodiscard]] std::uint64_t consumed() const {
        return std::min(source.bytes_read, source.file.size());
    }
    Error broken(std::string_view where) {
        if (!source.problem) return source.problem.error();
        std::string message = said_by(handle.get());
        if (archive_errno(handle.get()) == ENOMEM) {
            return fail(Code::exhausted, "no memory for this archive: " + message);
        }
        if (message.find("Unrecognized") != std::string::npos) {
            return fail(Code::invalid, "this is no tar, zip or 7z archive");
        }
        const bool encrypted = message.find("ncrypt") != std::string::npos ||
                               message.find("assphrase") != std::string::npos;
        if (encrypted) {
            return fail(Code::invalid, std::string(where) + " is encrypted: " + message);
        }
        return fail(Code::corrupt, std::string(where) + " is not sound: " + message);
    }
    /// The entry has grown to `end`; both it and all of them are judged.
    Status count(std::uint64_t end) {
        if (end > limits.item_bytes_max.count) {
            return fail(Code::exhausted, quoted_name(item.name) + " is larger than the limit of " +
                                             std::to_string(limits.item_bytes_max.count) +
                                             " bytes");
        }
        if (end > item_bytes) {
            bytes += end - item_bytes;
            item_bytes = end;
        }
        if (bytes > limits.bytes_max.count) {
            return fail(Code::exhausted, "the archive holds more than the limit of " +
                                             std::to_string(limits.bytes_max.count) + " bytes");
        }
        if (bytes > ratio_free_bytes && bytes / limits.ratio_max > consumed()) {
            return looks_like_a_bomb(limits);
        }
        return {};
    }
    void name_format() {
        const int code = archive_format(handle.get()) & ARCHIVE_FORMAT_BASE_MASK;
        is_zip = code == ARCHIVE_FORMAT_ZIP;
        format = is_zip ? "zip" : code == ARCHIVE_FORMAT_7ZIP ? "7z" : "tar";
        switch (archive_filter_code(handle.get(), 0)) {
            case ARCHIVE_FILTER_GZIP: format += ".gz"; break;
            case ARCHIVE_FILTER_XZ: format += ".xz"; break;
            case ARCHIVE_FILTER_ZSTD: format += ".zst"; break;
            default: break;
        }
    }
};

std::string_view to_string(ItemKind kind) {
    switch (kind) {
        case ItemKind::file: return "file";
        case ItemKind::folder: return "folder";
        case ItemKind::symbolic_link: return "link";
        case ItemKind::hard_link: return "hard_link";
        case ItemKind::other: return "other";
    }
    return "other";
}

ArchiveReader::ArchiveReader(std::unique_ptr<Body> body) : body_(std::move(body)) {}
ArchiveReader::~ArchiveReader() = default;
ArchiveReader::ArchiveReader(ArchiveReader&& other) noexcept = default;

Result<ArchiveReader> ArchiveReader::open(const InputFile& file, const ArchiveLimits& limits,
                                          CancelToken cancel) {
    SLUICE_TRY_STATUS(check_compression(file, limits, cancel));
    const Utf8Locale locale;
    auto body = std::make_unique<Body>(Body{{file, std::move(cancel), limits.index_bytes_max.count},
                                            limits,
                                            std::unique_ptr<archive, Free>(archive_read_new())});
    archive* handle = body->handle.get();
    if (handle == nullptr) return fail(Code::exhausted, "no memory for an archive");
    archive_read_support_filter_gzip(handle);
    archive_read_support_filter_xz(handle);
    archive_read_support_filter_zstd(handle);
    archive_read_support_format_tar(handle);
    archive_read_support_format_zip_seekable(handle);
    archive_read_support_format_7zip(handle);
    archive_read_set_read_callback(handle, &on_read);
    archive_read_set_skip_callback(handle, &on_skip);
    archive_read_set_seek_callback(handle, &on_seek);
    archive_read_set_callback_data(handle, &body->source);
    if (archive_read_open1(handle) != ARCHIVE_OK) return body->broken("the archive");
    // One compression and the file itself; each further one would multiply what a byte can become.
    if (archive_filter_count(handle) > 2) {
        return fail(Code::invalid, "the archive is compressed more than once");
    }
    return ArchiveReader(std::move(body));
}

Result<std::optional<ArchiveItem>> ArchiveReader::next() {
    const Utf8Locale locale;
    Body& body = *body_;
    SLUICE_TRY_STATUS(body.source.cancel.check());
    body.source.between = 0;
    body.source.between_items = true;
    archive_entry* entry = nullptr;
    const int code = archive_read_next_header(body.handle.get(), &entry);
    body.source.between_items = false;
    if (code == ARCHIVE_EOF) return std::optional<ArchiveItem>();
    // A warning is about something that is not used here, or leaves the name empty.
    if (code != ARCHIVE_OK && code != ARCHIVE_WARN) {
        return body.broken("the archive, after " + std::to_string(body.items) + " entries,");
    }
    if (body.items == body.limits.items_max) {
        return fail(Code::exhausted, "the archive holds more than the limit of " +
                                         std::to_string(body.limits.items_max) + " entries");
    }
    if (body.items++ == 0) {
        body.name_format();
        if (body.is_zip) {
            SLUICE_TRY_STATUS(check_zip_index(body.source.file, body.limits.index_bytes_max));
        }
    }
    body.item = described(entry);
    body.item_bytes = 0;
    return std::optional<ArchiveItem>(body.item);
}

Result<std::uint64_t> ArchiveReader::read(const Take& take) {
    const Utf8Locale locale;
    Body& body = *body_;
    if (body.item.encrypted) {
        return fail(Code::invalid, quoted_name(body.item.name) +
                                       " is encrypted; encrypted archives are not opened");
    }
    if (body.item.bytes && *body.item.bytes > body.limits.item_bytes_max.count) {
        SLUICE_TRY_STATUS(body.count(*body.item.bytes));
    }
    for (;;) {
        SLUICE_TRY_STATUS(body.source.cancel.check());
        const void* bytes = nullptr;
        std::size_t size = 0;
        la_int64_t offset = 0;
        const int code = archive_read_data_block(body.handle.get(), &bytes, &size, &offset);
        if (code != ARCHIVE_OK && code != ARCHIVE_EOF)
            return body.broken(quoted_name(body.item.name));
        // At the end the place is the length, of which the last part may be a hole.
        const auto begin = static_cast<std::uint64_t>(std::max<la_int64_t>(offset, 0));
        SLUICE_TRY_STATUS(body.count(begin + (code == ARCHIVE_OK ? size : 0)));
        if (code == ARCHIVE_EOF) break;
        SLUICE_TRY_STATUS(take(begin, {static_cast<const char*>(bytes), size}));
    }
    return body.item_bytes;
}

Status ArchiveReader::skip() {
    // Of a zip file, and of a tar that is not compressed, libarchive passes over the bytes; of all
    // others it would decompress them where nobody counts.
    const bool by_seeking = body_->is_zip || body_->format == "tar";
    if (by_seeking || body_->item.encrypted) return {};
    SLUICE_TRY([[maybe_unused]] const std::uint64_t length,
               read([](std::uint64_t, std::string_view) { return Status(); }));
    return {};
}

const std::string& ArchiveReader::format() const { return body_->format; }
std::size_t ArchiveReader::items() const { return body_->items; }
std::uint64_t ArchiveReader::bytes() const { return body_->bytes; }
std::uint64_t ArchiveReader::consumed() const { return body_->consumed(); }

}  // namespace sluice::work
