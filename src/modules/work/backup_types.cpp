// SPDX-License-Identifier: Apache-2.0
// folder.backup: adds a snapshot of a folder to a store of contents by their SHA-256
// (docs/backup-format.md). A snapshot is written after everything that it names.
#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"
#include "modules/work/backup_store.h"
#include "modules/work/core/utf8.h"
#include "modules/work/shell/sha256.h"

#include <algorithm>
#include <map>
#include <set>

namespace sluice::work {

namespace {

constexpr int read_tries_max = 3;

struct BackupRequest {
    std::string source;
    std::string store;
    bool by_content = false;
    bool verify_all = false;
    int level = 3;
};

Result<BackupRequest> read_backup(Arguments& arguments, const Services&) {
    return BackupRequest{.source = arguments.text("source"),
                         .store = arguments.text("store"),
                         .by_content = arguments.choice("compare") == 1,
                         .verify_all = arguments.choice("verify") == 1,
                         .level = static_cast<int>(arguments.integer("level"))};
}

class Backup {
public:
    Backup(const BackupRequest& request, const BackupStore& store, const InputFolder& source,
           Task& task)
        : request_(request), store_(store), source_(source), task_(task) {}

    Result<std::string> run() {
        SLUICE_TRY(const auto listed, source_.list(backup_listing_limits, task_.cancel()));
        SLUICE_TRY_STATUS(look_back());
        BackupManifest manifest{.source = request_.source, .taken = wall_now(), .entries = {}};
        for (std::size_t i = 0; i < listed.size(); ++i) {
            SLUICE_TRY_STATUS(task_.cancel().check());
            SLUICE_TRY_STATUS(add(listed[i], manifest));
            task_.progress(static_cast<int>(100 * i / listed.size()), "reading");
        }
        std::sort(manifest.entries.begin(), manifest.entries.end(),
                  [](const BackupEntry& a, const BackupEntry& b) { return a.path < b.path; });
        SLUICE_TRY(const std::string name, keep(manifest));
        return result(name, manifest);
    }

private:
    /// What the newest snapshot of this folder knows.
    Status look_back() {
        SLUICE_TRY(const auto names, store_.snapshots(task_));
        for (auto name = names.rbegin(); name != names.rend(); ++name) {
            const auto before = store_.manifest(*name);
            // A snapshot that cannot be read, which folder.verify tells, must not end all backups.
            if (!before && before.error().code == Code::corrupt) continue;
            if (!before) return before.error();
            if (before->source != request_.source) continue;
            parent_ = *name;
            for (const BackupEntry& entry : before->entries) {
                if (entry.kind == BackupKind::file) known_.emplace(entry.path, entry);
            }
            return {};
        }
        return {};
    }

    Status add(const FolderEntry& from, BackupManifest& manifest) {
        BackupEntry entry{.path = from.path,
                          .size = from.size,
                          .changed = from.changed,
                          .executable = from.executable,
                          .sha256 = {},
                          .target = from.target};
        switch (from.kind) {
            case EntryKind::folder: entry.kind = BackupKind::folder; break;
            case EntryKind::link: entry.kind = BackupKind::link; break;
            case EntryKind::other: ++others_; return {};
            case EntryKind::file: {
                SLUICE_TRY(const bool there, add_content(entry));
                if (!there) return {};
                break;
            }
        }
        manifest.entries.push_back(std::move(entry));
        return {};
    }

    /// False: the file has gone meanwhile.
    Result<bool> add_content(BackupEntry& entry) {
        const auto before = known_.find(entry.path);
        if (!request_.by_content && before != known_.end() && before->second.size == entry.size &&
            before->second.changed == entry.changed) {
            SLUICE_TRY(const bool there, has_content(before->second));
            if (there) {
                entry.sha256 = before->second.sha256;
                ++unchanged_;
                return true;
            }
        }
        for (int tries = 0; tries < read_tries_max; ++tries) {
            const Bytes most = task_.services.settings.limits.input_max;
            auto file = source_.open_file(entry.path, most);
            if (!file && file.error().code == Code::not_found) return false;
            if (!file) return file.error();
            SLUICE_TRY(const FileAbout about, file->about());
            entry.changed = about.changed;
            entry.executable = about.executable;
            SLUICE_TRY(const bool kept, read_content(*file, entry));
            if (kept) return true;
        }
        return fail(Code::conflict,
                    "\"" + to_valid_utf8(entry.path) + "\" changes while it is read");
    }

    /// Whether the store has a content; with `verify` for all, as it should be.
    Result<bool> has_content(const BackupEntry& entry) {
        if (sound_.contains(entry.sha256)) return true;
        if (damaged_.contains(entry.sha256)) return false;
        SLUICE_TRY(const bool there, store_.folder.has(object_path(entry.sha256)));
        if (!there || !request_.verify_all) return there;
        const Status sound = verify(entry);
        if (sound) return true;
        if (sound.error().code != Code::corrupt) return sound.error();
        damaged_.insert(entry.sha256);
        return false;
    }

    Status verify(const BackupEntry& entry) {
        SLUICE_TRY_STATUS(store_.read(task_, entry, [](std::string_view) { return Status(); }));
        sound_.insert(entry.sha256);
        verified_bytes_ += entry.size;
        return {};
    }

    /// False: it was another content when it was read again to be kept.
    Result<bool> read_content(InputFile& file, BackupEntry& entry) {
        Sha256 digest;
        entry.size = 0;
        SLUICE_TRY_STATUS(read_pieces(file, task_, [&](std::string_view piece) -> Status {
            digest.feed(piece);
            entry.size += piece.size();
            return {};
        }));
        entry.sha256 = digest.finish();
        read_bytes_ += entry.size;
        SLUICE_TRY(const bool there, has_content(entry));
        if (there) return true;
        const std::string path = object_path(entry.sha256);
        const Bytes most{std::uint64_t{1} << 50};
        SLUICE_TRY(InputFile again,
                   source_.open_file(entry.path, task_.services.settings.limits.input_max));
        SLUICE_TRY(OutputFile object, store_.folder.open_output(path, most));
        const auto codec = make_compressor(Compression::zstd, request_.level);
        const Sink sink = [&object](std::string_view bytes) { return object.write(bytes); };
        Sha256 second;
        SLUICE_TRY_STATUS(read_pieces(again, task_, [&](std::string_view piece) {
            second.feed(piece);
            return codec->feed(piece, sink);
        }));
        SLUICE_TRY_STATUS(codec->finish(sink));
        if (second.finish() != entry.sha256) return false;
        SLUICE_TRY_STATUS(object.commit());
        ++new_contents_;
        stored_bytes_ += object.bytes();
        repaired_ += damaged_.erase(entry.sha256);
        SLUICE_TRY_STATUS(verify(entry));
        return true;
    }

    /// The first run of a job decides; another one of the same name stays.
    Result<std::string> keep(const BackupManifest& manifest) {
        const std::string base = format_rfc3339(manifest.taken);
        for (int number = 0; number < 100; ++number) {
            // Colons are not for file names everywhere.
            std::string name = base + (number == 0 ? "" : "-" + std::to_string(number));
            std::replace(name.begin(), name.end(), ':', '-');
            const auto written = store_.folder.write("snapshots/" + name + ".jsonl",
                                                     format_manifest(manifest, sha256_of), false);
            if (written) return name;
            if (written.error().code != Code::exists) return written.error();
        }
        return fail(Code::conflict, "too many snapshots of one moment");
    }

    [[nodiscard]] std::string result(const std::string& name,
                                     const BackupManifest& manifest) const {
        std::uint64_t files = 0;
        std::uint64_t bytes = 0;
        for (const BackupEntry& entry : manifest.entries) {
            files += entry.kind == BackupKind::file ? 1 : 0;
            bytes += entry.kind == BackupKind::file ? entry.size : 0;
        }
        std::string out;
        JsonWriter json(out);
        json.begin_object().key("snapshot").string(name);
        if (!parent_.empty()) json.key("parent").string(parent_);
        json.key("files").unsigned_integer(files).key("bytes").unsigned_integer(bytes);
        json.key("entries").unsigned_integer(manifest.entries.size());
        json.key("unchanged").unsigned_integer(unchanged_);
        json.key("new_contents").unsigned_integer(new_contents_);
        json.key("read_bytes").unsigned_integer(read_bytes_);
        json.key("stored_bytes").unsigned_integer(stored_bytes_);
        json.key("verified_bytes").unsigned_integer(verified_bytes_);
        json.key("repaired").unsigned_integer(repaired_);
        json.key("skipped").unsigned_integer(others_).end_object();
        return out;
    }

    const BackupRequest& request_;
    const BackupStore& store_;
    const InputFolder& source_;
    Task& task_;
    std::string parent_;
    std::map<std::string, BackupEntry, std::less<>> known_;
    std::uint64_t unchanged_ = 0;
    std::uint64_t new_contents_ = 0;
    std::uint64_t read_bytes_ = 0;
    std::uint64_t stored_bytes_ = 0;
    std::uint64_t verified_bytes_ = 0;
    std::uint64_t repaired_ = 0;
    std::set<std::string> sound_;    ///< digests of contents that were verified
    std::set<std::string> damaged_;  ///< and of those that are still to be stored again
    std::uint64_t others_ = 0;
};

Result<std::string> run_backup(const BackupRequest& request, Task& task) {
    SLUICE_TRY(const InputFolder source, task.services.files.open_folder(request.source));
    SLUICE_TRY(const BackupStore store, BackupStore::open(task, request.store, true));
    return Backup(request, store, source, task).run();
}

sdk::JobType folder_backup(const SharedServices& services) {
    return with_handler(
        {
            .name = "folder.backup",
            .summary = "Adds a snapshot of a folder to a store; contents that the store has are "
                       "not stored again.",
            .schema = {.arguments = {{.name = "source",
                                      .required = true,
                                      .help = "the folder, below a folder for reading"},
                                     backup_store_argument(),
                                     {.name = "compare",
                                      .choices = {"time", "content"},
                                      .fallback = "time",
                                      .help = "read only files whose size or time is another than "
                                              "in the snapshot before, or all"},
                                     {.name = "verify",
                                      .choices = {"new", "all"},
                                      .fallback = "new",
                                      .help = "read back and compare what is written, or also "
                                              "what the store had; damaged contents are stored "
                                              "again"},
                                     {.name = "level",
                                      .kind = ArgumentKind::integer,
                                      .range = {1, 19},
                                      .fallback = "3",
                                      .help = "of zstd"}},
                       .positions = 2,
                       .notes = "Contents are named by their SHA-256 and compressed; the snapshot "
                                "is written after them, so a run that is killed leaves the store "
                                "as it was, and the next one goes on with what is there "
                                "([the format](backup-format.md)). Links are kept as links; "
                                "devices and the like are left out."},
            .result_help = "`snapshot` (its name), `parent`, `files`, `bytes`, `entries`, "
                           "`unchanged` (not read), `new_contents`, `read_bytes`, `stored_bytes`, "
                           "`verified_bytes`, `repaired` (contents that were damaged), `skipped`.",
            .example = "sluice push folder.backup texts backups",
        },
        services, &read_backup, &run_backup);
}

}  // namespace

std::vector<sdk::JobType> backup_types(const SharedServices& services) {
    std::vector<sdk::JobType> types = restore_types(services);
    types.push_back(folder_backup(services));
    return types;
}

}  // namespace sluice::work
