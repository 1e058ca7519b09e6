// SPDX-License-Identifier: Apache-2.0
#include "modules/work/backup_store.h"

#include "modules/work/core/utf8.h"
#include "modules/work/shell/sha256.h"

#include <algorithm>

namespace sluice::work {

namespace {

constexpr Bytes manifest_bytes_max = mib(1024);
constexpr std::string_view format_text = "sluice-backup 1\n";

}  // namespace

std::string sha256_of(std::string_view text) {
    Sha256 digest;
    digest.feed(text);
    return digest.finish();
}

Status read_pieces(InputFile& file, Task& task,
                   const std::function<Status(std::string_view)>& take) {
    std::string piece(piece_bytes, '\0');
    for (;;) {
        SLUICE_TRY_STATUS(task.cancel().check());
        SLUICE_TRY(const std::size_t count, file.read({piece.data(), piece.size()}));
        if (count == 0) return {};
        SLUICE_TRY_STATUS(take(std::string_view(piece).substr(0, count)));
    }
}

Result<BackupStore> BackupStore::open(Task& task, const std::string& path, bool make) {
    SLUICE_TRY(WorkFolder folder, task.services.files.open_work_folder(path, make));
    BackupStore store(std::move(folder));
    auto format = store.folder.read("format", kib(1));
    if (!format && format.error().code == Code::not_found && make) {
        SLUICE_TRY_STATUS(store.folder.write("format", format_text));
        return store;
    }
    if (!format || *format != format_text) {
        return fail(Code::invalid, "\"" + path + "\" is no store of backups");
    }
    return store;
}

Result<std::vector<std::string>> BackupStore::snapshots(Task& task) const {
    std::vector<std::string> names;
    const auto listed = folder.list(backup_listing_limits, task.cancel(), [&](const auto& entry) {
        if (entry.kind == EntryKind::folder) return entry.path == "snapshots";
        const std::string_view path = entry.path;
        constexpr std::string_view before = "snapshots/";
        constexpr std::string_view after = ".jsonl";
        if (path.starts_with(before) && path.ends_with(after)) {
            names.emplace_back(
                path.substr(before.size(), path.size() - before.size() - after.size()));
        }
        return false;
    });
    if (!listed) return listed.error();
    std::sort(names.begin(), names.end());
    return names;
}

Result<BackupManifest> BackupStore::manifest(const std::string& name) const {
    SLUICE_TRY(const std::string text,
               folder.read("snapshots/" + name + ".jsonl", manifest_bytes_max));
    return parse_manifest(text, sha256_of);
}

Result<std::string> BackupStore::find(Task& task, const std::string& wanted) const {
    SLUICE_TRY(const auto names, snapshots(task));
    if (names.empty()) return fail(Code::not_found, "the store has no snapshot");
    if (wanted.empty()) return names.back();
    if (!std::binary_search(names.begin(), names.end(), wanted)) {
        return fail(Code::not_found, "the store has no snapshot \"" + wanted + '"');
    }
    return wanted;
}

Status BackupStore::read(Task& task, const BackupEntry& entry, const Sink& take) const {
    auto file = folder.open_input(object_path(entry.sha256), Bytes{std::uint64_t{1} << 50});
    if (!file && file.error().code == Code::not_found) {
        return fail(Code::corrupt,
                    "the content of \"" + to_valid_utf8(entry.path) + "\" is missing");
    }
    if (!file) return file.error();
    const auto codec = make_decompressor(Compression::zstd);
    Sha256 digest;
    std::uint64_t bytes = 0;
    const Sink sink = [&](std::string_view piece) -> Status {
        bytes += piece.size();
        if (bytes > entry.size) return fail(Code::corrupt, "it is too long");
        digest.feed(piece);
        return take(piece);
    };
    Status status =
        read_pieces(*file, task, [&](std::string_view piece) { return codec->feed(piece, sink); });
    if (status) status = codec->finish(sink);
    if (status && (bytes != entry.size || digest.finish() != entry.sha256)) {
        status = fail(Code::corrupt, "its digest does not fit");
    }
    if (!status && status.error().code == Code::corrupt) {
        return fail(Code::corrupt, "the content of \"" + to_valid_utf8(entry.path) +
                                       "\" is damaged: " + status.error().message);
    }
    return status;
}

sdk::Argument backup_store_argument() {
    return {.name = "store", .required = true, .help = "a folder below the folder for writing"};
}

}  // namespace sluice::work
