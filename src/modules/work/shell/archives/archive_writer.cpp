// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/archives/archive_writer.h"

#include "modules/work/shell/archives/utf8_locale.h"
#include "modules/work/shell/codec.h"

#include <archive.h>
#include <archive_entry.h>

#include <cerrno>
#include <utility>

namespace sluice::work {

namespace {

constexpr int zstd_level = 3;  // what libzstd takes when nothing is said

struct FreeArchive {
    void operator()(archive* handle) const { archive_write_free(handle); }
};
struct FreeEntry {
    void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

}  // namespace

struct ArchiveWriter::Body {
    explicit Body(Sink to) : sink(std::move(to)) {}

    Sink sink;
    /// For zstd: libarchive would write it without a checksum, so that damage stays unnoticed.
    std::unique_ptr<Codec> codec;
    Status problem{};
    bool closing = false;
    std::unique_ptr<archive, FreeArchive> handle;

    static la_ssize_t on_write(archive* handle, void* data, const void* bytes, std::size_t size) {
        auto& body = *static_cast<Body*>(data);
        // Freeing an archive that was given up writes what it still holds.
        if (body.closing) return static_cast<la_ssize_t>(size);
        const std::string_view piece(static_cast<const char*>(bytes), size);
        body.problem = body.codec ? body.codec->feed(piece, body.sink) : body.sink(piece);
        if (body.problem) return static_cast<la_ssize_t>(size);
        archive_set_error(handle, EIO, "%s", body.problem.error().message.c_str());
        return -1;
    }
    /// Judges what libarchive answered.
    Status judged(la_ssize_t code) {
        if (code >= ARCHIVE_OK || code == ARCHIVE_WARN) return {};
        if (!problem) return problem.error();
        const char* text = archive_error_string(handle.get());
        return fail(archive_errno(handle.get()) == ENOMEM ? Code::exhausted : Code::internal,
                    std::string("writing the archive failed: ") +
                        (text != nullptr ? text : "nothing is known of why"));
    }
    Status begin(const NewItem& item, unsigned type, const std::string* target) {
        const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
        if (!entry) return fail(Code::exhausted, "no memory for an archive entry");
        std::string path(item.path);
        if (type == AE_IFDIR) path += '/';
        archive_entry_set_pathname(entry.get(), path.c_str());
        archive_entry_set_filetype(entry.get(), type);
        const bool runs = item.executable || type == AE_IFDIR;
        archive_entry_set_perm(entry.get(), type == AE_IFLNK ? 0777 : runs ? 0755 : 0644);
        archive_entry_set_size(entry.get(), static_cast<la_int64_t>(item.bytes));
        // Rounded down, also before 1970; a fraction would cost a pax header for each entry.
        const std::int64_t ns = to_ns(item.changed);
        const std::int64_t seconds = ns / 1'000'000'000 - (ns % 1'000'000'000 < 0 ? 1 : 0);
        archive_entry_set_mtime(entry.get(), seconds, 0);
        if (target != nullptr) archive_entry_set_symlink(entry.get(), target->c_str());
        return judged(archive_write_header(handle.get(), entry.get()));
    }
};

std::string_view to_string(ArchiveFormat format) {
    switch (format) {
        case ArchiveFormat::tar: return "tar";
        case ArchiveFormat::tar_gzip: return "tar.gz";
        case ArchiveFormat::tar_zstd: return "tar.zst";
        case ArchiveFormat::tar_xz: return "tar.xz";
        case ArchiveFormat::zip: return "zip";
    }
    return "tar";
}

ArchiveWriter::ArchiveWriter(std::unique_ptr<Body> body) : body_(std::move(body)) {}
ArchiveWriter::ArchiveWriter(ArchiveWriter&& other) noexcept = default;
ArchiveWriter::~ArchiveWriter() {
    if (body_) body_->closing = true;
}

Result<ArchiveWriter> ArchiveWriter::open(ArchiveFormat format, int level, Sink sink) {
    const Utf8Locale locale;
    auto body = std::make_unique<Body>(std::move(sink));
    body->handle.reset(archive_write_new());
    archive* handle = body->handle.get();
    if (handle == nullptr) return fail(Code::exhausted, "no memory for an archive");
    const char* filter = nullptr;
    switch (format) {
        case ArchiveFormat::tar: archive_write_add_filter_none(handle); break;
        case ArchiveFormat::tar_gzip:
            archive_write_add_filter_gzip(handle);
            archive_write_set_filter_option(handle, "gzip", "timestamp", nullptr);
            filter = "gzip";
            break;
        case ArchiveFormat::tar_zstd:
            archive_write_add_filter_none(handle);
            body->codec = make_compressor(Compression::zstd, level > 0 ? level : zstd_level);
            break;
        case ArchiveFormat::tar_xz:
            archive_write_add_filter_xz(handle);
            filter = "xz";
            break;
        case ArchiveFormat::zip: archive_write_add_filter_none(handle); break;
    }
    const std::string digits = std::to_string(level);
    if (format == ArchiveFormat::zip) {
        archive_write_set_format_zip(handle);
        if (level > 0) {
            archive_write_set_format_option(handle, "zip", "compression-level", digits.c_str());
        }
    } else {
        archive_write_set_format_pax_restricted(handle);
        if (level > 0 && filter != nullptr) {
            archive_write_set_filter_option(handle, filter, "compression-level", digits.c_str());
        }
    }
    archive_write_set_bytes_in_last_block(handle, 1);  // no padding behind the compressed stream
    SLUICE_TRY_STATUS(body->judged(
        archive_write_open2(handle, body.get(), nullptr, &Body::on_write, nullptr, nullptr)));
    return ArchiveWriter(std::move(body));
}

Status ArchiveWriter::add_folder(const NewItem& item) {
    const Utf8Locale locale;
    return body_->begin(item, AE_IFDIR, nullptr);
}

Status ArchiveWriter::add_link(const NewItem& item, const std::string& target) {
    const Utf8Locale locale;
    return body_->begin(item, AE_IFLNK, &target);
}

Status ArchiveWriter::begin_file(const NewItem& item) {
    const Utf8Locale locale;
    return body_->begin(item, AE_IFREG, nullptr);
}

Status ArchiveWriter::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const la_ssize_t written =
            archive_write_data(body_->handle.get(), bytes.data(), bytes.size());
        SLUICE_TRY_STATUS(body_->judged(written));
        if (written == 0) return fail(Code::internal, "an entry is longer than it was said to be");
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Status ArchiveWriter::finish() {
    const Utf8Locale locale;
    SLUICE_TRY_STATUS(body_->judged(archive_write_close(body_->handle.get())));
    return body_->codec ? body_->codec->finish(body_->sink) : Status();
}

}  // namespace sluice::work
