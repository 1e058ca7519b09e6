// SPDX-License-Identifier: Apache-2.0
// Writing a tar (pax, plain or compressed) or zip archive to a sink, by libarchive. The same
// entries give the same bytes: no owners, no clock.
#pragma once

#include "kernel/base/time.h"
#include "modules/work/shell/codec.h"

#include <memory>
#include <string>
#include <string_view>

namespace sluice::work {

enum class ArchiveFormat { tar, tar_gzip, tar_zstd, tar_xz, zip };
/// The usual ending of such a file, without a dot: "tar.gz".
std::string_view to_string(ArchiveFormat format);

/// What an entry is beside its content.
struct NewItem {
    /// UTF-8, relative, parts divided by `/`.
    std::string_view path;
    std::uint64_t bytes = 0;
    /// Whole seconds are kept.
    WallTime changed{};
    bool executable = false;
};

/// Memory: fixed by format and level (xz at 6: 94 MiB). Single owner; the sink is called by every
/// function but the destructor.
class ArchiveWriter {
public:
    /// `level`: 1 to 9 for gzip and zip, 1 to 19 for zstd, 1 to 6 for xz; 0 for its default.
    /// Errors: exhausted (memory), and those of the sink.
    static Result<ArchiveWriter> open(ArchiveFormat format, int level, Sink sink);
    ~ArchiveWriter();
    ArchiveWriter(ArchiveWriter&& other) noexcept;
    ArchiveWriter& operator=(ArchiveWriter&&) = delete;
    ArchiveWriter(const ArchiveWriter&) = delete;
    ArchiveWriter& operator=(const ArchiveWriter&) = delete;

    Status add_folder(const NewItem& item);
    Status add_link(const NewItem& item, const std::string& target);
    /// Then exactly item.bytes by write(). Errors: internal, and those of the sink.
    Status begin_file(const NewItem& item);
    Status write(std::string_view bytes);
    /// After the last entry. Errors: as before.
    Status finish();

private:
    struct Body;
    explicit ArchiveWriter(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
};

}  // namespace sluice::work
