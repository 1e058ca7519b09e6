// SPDX-License-Identifier: Apache-2.0
// folder.verify and folder.restore: what is in a store of backups, compared with its digests.
#include "kernel/wire/json_text.h"
#include "modules/work/backup_store.h"
#include "modules/work/shell/output_folder.h"

#include <map>

namespace sluice::work {

namespace {

constexpr std::size_t problems_told_max = 100;

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
    SLUICE_TRY(const BackupStore store, BackupStore::open(task, request.store, false));
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
        if (problems.size() < problems_told_max) problems.push_back(std::move(what));
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

Status restore_file(const BackupStore& store, const BackupEntry& entry, OutputFolder& output,
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
    SLUICE_TRY(const BackupStore store, BackupStore::open(task, request.store, false));
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

sdk::Argument snapshot_argument() {
    return {.name = "snapshot", .help = "its name; by default the newest one"};
}

sdk::JobType folder_verify(const SharedServices& services) {
    return with_handler(
        {
            .name = "folder.verify",
            .summary = "Reads what a backup's snapshots name and compares every SHA-256.",
            .schema = {.arguments = {backup_store_argument(),
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
            .schema = {.arguments = {backup_store_argument(),
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

std::vector<sdk::JobType> restore_types(const SharedServices& services) {
    return {folder_restore(services), folder_verify(services)};
}

}  // namespace sluice::work
