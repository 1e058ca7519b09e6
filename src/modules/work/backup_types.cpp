// SPDX-License-Identifier: Apache-2.0
// folder.backup, folder.verify and folder.restore: snapshots of a folder in a store of contents by
// their SHA-256 (docs/backup-format.md). A snapshot is written after everything that it names.
#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"
#include "modules/work/core/folders/backup_manifest.h"
#include "modules/work/core/utf8.h"
#include "modules/work/shell/codec.h"
#include "modules/work/shell/output_folder.h"
#include "modules/work/shell/sha256.h"
#include "modules/work/shell/work_folder.h"
#include "modules/work/task.h"

#include <algorithm>
#include <map>
#include <set>

namespace sluice::work {

namespace {

constexpr FolderLimits listing_limits{.entries_max = 1'000'000};
constexpr Bytes manifest_bytes_max = mib(1024);
constexpr std::size_t told_max = 100;
constexpr int read_tries_max = 3;
constexpr std::string_view format_text = "sluice-backup 1\n";

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

/// A store of snapshots below the write root.
class Store {
public:
    static Result<Store> open(Task& task, const std::string& path, bool make) {
        SLUICE_TRY(WorkFolder folder, task.services.files.open_work_folder(path, make));
        Store store(std::move(folder));
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

    /// Names of all snapshots, oldest first.
    Result<std::vector<std::string>> snapshots(Task& task) const {
        std::vector<std::string> names;
        const auto listed = folder.list(listing_limits, task.cancel(), [&](const auto& entry) {
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
    Result<BackupManifest> manifest(const std::string& name) const {
        SLUICE_TRY(const std::string text,
                   folder.read("snapshots/" + name + ".jsonl", manifest_bytes_max));
        return parse_manifest(text, sha256_of);
    }
    /// The snapshot of that name, or the newest one.
    Result<std::string> find(Task& task, const std::string& wanted) const {
        SLUICE_TRY(const auto names, snapshots(task));
        if (names.empty()) return fail(Code::not_found, "the store has no snapshot");
        if (wanted.empty()) return names.back();
        if (!std::binary_search(names.begin(), names.end(), wanted)) {
            return fail(Code::not_found, "the store has no snapshot \"" + wanted + '"');
        }
        return wanted;
    }
    /// Reads a content; an error when it is not what its name says. Errors: not_found, corrupt, and
    /// those of `take`.
    Status read(Task& task, const BackupEntry& entry, const Sink& take) const {
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
        Status status = read_pieces(
            *file, task, [&](std::string_view piece) { return codec->feed(piece, sink); });
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

    WorkFolder folder;

private:
    explicit Store(WorkFolder opened) : folder(std::move(opened)) {}
};

// ---------------------------------------------------------------------------- folder.backup

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
    Backup(const BackupRequest& request, const Store& store, const InputFolder& source, Task& task)
        : request_(request), store_(store), source_(source), task_(task) {}

    Result<std::string> run() {
        SLUICE_TRY(const auto listed, source_.list(listing_limits, task_.cancel()));
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
    const Store& store_;
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
    SLUICE_TRY(const Store store, Store::open(task, request.store, true));
    return Backup(request, store, source, task).run();
}

// ---------------------------------------------------------------------------- folder.verify

struct SnapshotRequest {
    std::string store;
    std::string snapshot;
    bool all = false;
    std::string output;
    bool replace = false;
};

Result<SnapshotRequest> read_verify(Arguments& arguments, const Services&) {
    return SnapshotRequest{.store = arguments.text("store"),
                           .snapshot = arguments.text_if_given("snapshot").value_or(""),
                           .all = arguments.boolean("all"),
                           .output = {}};
}

Result<std::string> run_verify(const SnapshotRequest& request, Task& task) {
    SLUICE_TRY(const Store store, Store::open(task, request.store, false));
    std::vector<std::string> names;
    if (request.all) {
        SLUICE_TRY(names, store.snapshots(task));
    } else {
        SLUICE_TRY(std::string name, store.find(task, request.snapshot));
        names.push_back(std::move(name));
    }
    std::vector<std::string> problems;
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::map<std::string, bool> seen;
    const auto tell = [&](std::string what) {
        if (problems.size() < told_max) problems.push_back(std::move(what));
    };
    std::uint64_t damaged = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto manifest = store.manifest(names[i]);
        if (!manifest) {
            ++damaged;
            tell(names[i] + ": " + manifest.error().message);
            continue;
        }
        for (const BackupEntry& entry : manifest->entries) {
            if (entry.kind != BackupKind::file) continue;
            ++files;
            if (const auto known = seen.find(entry.sha256); known != seen.end()) {
                damaged += known->second ? 0 : 1;
                continue;
            }
            const Status sound = store.read(task, entry, [](std::string_view) { return Status(); });
            if (!sound && sound.error().code != Code::corrupt) return sound.error();
            seen.emplace(entry.sha256, sound.has_value());
            bytes += entry.size;
            if (sound) continue;
            ++damaged;
            tell(names[i] + ": " + sound.error().message);
        }
        task.progress(static_cast<int>(100 * (i + 1) / names.size()), "reading");
    }
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("sound").boolean(damaged == 0);
    json.key("snapshots").unsigned_integer(names.size());
    json.key("files").unsigned_integer(files).key("bytes").unsigned_integer(bytes);
    json.key("damaged").unsigned_integer(damaged).key("problems").begin_array();
    for (const std::string& problem : problems) json.string(problem);
    json.end_array().end_object();
    if (damaged == 0) return out;
    return fail(Code::corrupt, std::to_string(damaged) + " damaged: " + problems.front());
}

// ---------------------------------------------------------------------------- folder.restore

Result<SnapshotRequest> read_restore(Arguments& arguments, const Services&) {
    return SnapshotRequest{.store = arguments.text("store"),
                           .snapshot = arguments.text_if_given("snapshot").value_or(""),
                           .output = arguments.text("output"),
                           .replace = arguments.boolean("replace")};
}

Status restore_file(const Store& store, const BackupEntry& entry, OutputFolder& output,
                    Task& task) {
    SLUICE_TRY(FolderFile file, output.make_file(entry.path, entry.executable));
    std::uint64_t done = 0;
    const Sink write = [&](std::string_view piece) -> Status {
        SLUICE_TRY_STATUS(file.write_at(done, piece));
        done += piece.size();
        return {};
    };
    SLUICE_TRY_STATUS(store.read(task, entry, write));
    return file.finish(entry.size, entry.changed);
}

Result<std::string> run_restore(const SnapshotRequest& request, Task& task) {
    SLUICE_TRY(const Store store, Store::open(task, request.store, false));
    SLUICE_TRY(const std::string name, store.find(task, request.snapshot));
    SLUICE_TRY(const BackupManifest manifest, store.manifest(name));
    SLUICE_TRY(OutputFolder output, task.services.files.open_output_folder(request.output));
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::uint64_t done = 0;
    for (const BackupEntry& entry : manifest.entries) {
        SLUICE_TRY_STATUS(task.cancel().check());
        switch (entry.kind) {
            case BackupKind::folder: SLUICE_TRY_STATUS(output.make_folder(entry.path)); break;
            case BackupKind::file:
                SLUICE_TRY_STATUS(restore_file(store, entry, output, task));
                ++files;
                bytes += entry.size;
                break;
            case BackupKind::link: break;
        }
        task.progress(static_cast<int>(100 * ++done / manifest.entries.size()), "writing");
    }
    // Links come last, so that nothing is written through one. One that leads out is left out.
    std::uint64_t links_left_out = 0;
    for (const BackupEntry& entry : manifest.entries) {
        if (entry.kind != BackupKind::link) continue;
        SLUICE_TRY_STATUS(output.make_link(entry.path, entry.target));
        const Status inside = output.leads_inside(entry.path);
        if (inside || inside.error().code == Code::not_found) continue;
        SLUICE_TRY_STATUS(output.remove_link(entry.path));
        ++links_left_out;
    }
    for (auto entry = manifest.entries.rbegin(); entry != manifest.entries.rend(); ++entry) {
        if (entry->kind == BackupKind::folder) {
            SLUICE_TRY_STATUS(output.set_time(entry->path, entry->changed));
        }
    }
    SLUICE_TRY_STATUS(output.commit(request.replace));
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("snapshot").string(name).key("output").string(request.output);
    json.key("files").unsigned_integer(files).key("bytes").unsigned_integer(bytes);
    json.key("links_left_out").unsigned_integer(links_left_out).end_object();
    return out;
}

// ---------------------------------------------------------------------------- the table

sdk::Argument store_argument() {
    return {.name = "store", .required = true, .help = "a folder below the folder for writing"};
}
sdk::Argument snapshot_argument() {
    return {.name = "snapshot", .help = "its name; by default the newest one"};
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
                                     store_argument(),
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

sdk::JobType folder_verify(const SharedServices& services) {
    return with_handler(
        {
            .name = "folder.verify",
            .summary = "Reads what a backup's snapshots name and compares every SHA-256.",
            .schema = {.arguments = {store_argument(),
                                     snapshot_argument(),
                                     {.name = "all",
                                      .kind = ArgumentKind::boolean,
                                      .fallback = "false",
                                      .help = "all snapshots"}},
                       .positions = 2,
                       .notes = "Damage is a failure for good, with the first file that has it."},
            .result_help = "`sound`, `snapshots`, `files`, `bytes` (read), `damaged`, `problems`.",
            .example = "sluice push folder.verify backups",
        },
        services, &read_verify, &run_verify);
}

sdk::JobType folder_restore(const SharedServices& services) {
    return with_handler(
        {
            .name = "folder.restore",
            .summary = "Writes a snapshot's files, each compared with its SHA-256, to a new "
                       "folder that is there at once and whole.",
            .schema = {.arguments = {store_argument(),
                                     output_argument(),
                                     snapshot_argument(),
                                     {.name = "replace",
                                      .kind = ArgumentKind::boolean,
                                      .fallback = "false",
                                      .help = "exchange a folder that is there; without it the "
                                              "job fails then"}},
                       .positions = 3,
                       .notes = "Links that lead out of the folder are left out."},
            .result_help = "`snapshot`, `output`, `files`, `bytes`, `links_left_out`.",
            .example = "sluice push folder.restore backups restored",
        },
        services, &read_restore, &run_restore);
}

}  // namespace

std::vector<sdk::JobType> backup_types(const SharedServices& services) {
    return {folder_backup(services), folder_restore(services), folder_verify(services)};
}

}  // namespace sluice::work
