// SPDX-License-Identifier: Apache-2.0
// folder.clean and folder.sync: they decide from lists of files what to do, say so, and only then
// touch anything. Links are neither followed nor taken away.
#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"
#include "modules/work/core/folders/folder_plans.h"
#include "modules/work/core/utf8.h"
#include "modules/work/shell/sha256.h"
#include "modules/work/shell/work_folder.h"
#include "modules/work/task.h"

#include <algorithm>

namespace sluice::work {

namespace {

constexpr FolderLimits listing_limits{.entries_max = 1'000'000};
constexpr std::size_t told_max = 100;

/// A folder's files by path, and its folders, deepest first.
struct Listed {
    std::vector<FileFacts> files;
    std::vector<std::string> folders;
    std::uint64_t others = 0;  ///< links, devices: left alone
};

Listed sorted_out(const std::vector<FolderEntry>& entries) {
    Listed listed;
    for (const FolderEntry& entry : entries) {
        if (entry.kind == EntryKind::file) {
            listed.files.push_back({.path = entry.path,
                                    .size = entry.size,
                                    .changed = entry.changed,
                                    .executable = entry.executable});
        } else if (entry.kind == EntryKind::folder) {
            listed.folders.push_back(entry.path);
        } else {
            ++listed.others;
        }
    }
    std::sort(listed.files.begin(), listed.files.end(),
              [](const FileFacts& a, const FileFacts& b) { return a.path < b.path; });
    std::reverse(listed.folders.begin(), listed.folders.end());
    return listed;
}

void put_paths(JsonWriter& json, std::string_view name, const std::vector<FileFacts>& files,
               const std::vector<std::size_t>& places) {
    json.key(name).begin_array();
    for (std::size_t i = 0; i < std::min(places.size(), told_max); ++i) {
        json.string(to_valid_utf8(files[places[i]].path));
    }
    json.end_array();
}

std::uint64_t bytes_of(const std::vector<FileFacts>& files,
                       const std::vector<std::size_t>& places) {
    std::uint64_t bytes = 0;
    for (const std::size_t place : places) bytes += files[place].size;
    return bytes;
}

DeleteLimits read_delete_limits(const Arguments& arguments) {
    return {.files = static_cast<std::uint64_t>(arguments.integer("delete_max")),
            .percent = arguments.number("delete_percent_max")};
}

/// Folders that hold nothing any more, but for `kept`. How many there were.
Result<std::uint64_t> remove_empty(const WorkFolder& folder,
                                   const std::vector<std::string>& folders,
                                   const std::vector<std::string>& kept) {
    std::uint64_t removed = 0;
    for (const std::string& path : folders) {
        if (std::binary_search(kept.begin(), kept.end(), path)) continue;
        auto gone = folder.remove_folder(path);
        if (!gone && gone.error().code != Code::not_found) return gone.error();
        removed += gone && *gone ? 1 : 0;
    }
    return removed;
}

// ---------------------------------------------------------------------------- folder.clean

struct CleanRequest {
    std::string folder;
    CleanRules rules;
    DeleteLimits limits;
    bool dry_run = true;
    bool empty_folders = false;
};

Result<CleanRequest> read_clean(Arguments& arguments, const Services&) {
    CleanRequest request;
    request.folder = arguments.text("folder");
    request.rules.patterns = arguments.texts("patterns");
    if (arguments.has("older_than")) request.rules.older_than = arguments.seconds("older_than");
    if (const auto size = arguments.integer_if_given("larger_than")) {
        request.rules.larger_than = static_cast<std::uint64_t>(*size);
    }
    request.rules.keep_newest =
        static_cast<std::uint64_t>(arguments.integer_if_given("keep_newest").value_or(0));
    request.limits = read_delete_limits(arguments);
    request.dry_run = arguments.boolean("dry_run");
    request.empty_folders = arguments.boolean("empty_folders");
    if (!request.rules.older_than && !request.rules.larger_than && request.rules.keep_newest == 0) {
        arguments.refuse("older_than",
                         "or `larger_than` or `keep_newest` must be given: without a rule "
                         "everything would go");
    }
    return request;
}

Result<std::string> run_clean(const CleanRequest& request, Task& task) {
    SLUICE_TRY(const WorkFolder folder,
               task.services.files.open_work_folder(request.folder, false));
    SLUICE_TRY(const auto entries, folder.list(listing_limits, task.cancel()));
    const Listed listed = sorted_out(entries);
    const auto places = select_for_cleaning(listed.files, request.rules, wall_now());
    SLUICE_TRY_STATUS(check_deletes(places.size(), listed.files.size(), request.limits));
    std::uint64_t removed = 0;
    std::uint64_t folders = 0;
    for (const std::size_t place : places) {
        if (request.dry_run) break;
        SLUICE_TRY_STATUS(task.cancel().check());
        SLUICE_TRY_STATUS(folder.remove_file(listed.files[place].path));
        ++removed;
        task.progress(static_cast<int>(100 * removed / places.size()), "deleting");
    }
    if (!request.dry_run && request.empty_folders) {
        SLUICE_TRY(folders, remove_empty(folder, listed.folders, {}));
    }
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("dry_run").boolean(request.dry_run);
    json.key("files").unsigned_integer(listed.files.size());
    json.key("selected").unsigned_integer(places.size());
    json.key("bytes").unsigned_integer(bytes_of(listed.files, places));
    json.key("deleted").unsigned_integer(removed).key("folders").unsigned_integer(folders);
    put_paths(json, "paths", listed.files, places);
    json.end_object();
    return out;
}

// ---------------------------------------------------------------------------- folder.sync

struct SyncRequest {
    std::string source;
    std::string target;
    bool by_content = false;
    bool deletes = false;
    bool dry_run = false;
    DeleteLimits limits;
};

Result<SyncRequest> read_sync(Arguments& arguments, const Services&) {
    return SyncRequest{.source = arguments.text("source"),
                       .target = arguments.text("target"),
                       .by_content = arguments.choice("compare") == 1,
                       .deletes = arguments.boolean("delete"),
                       .dry_run = arguments.boolean("dry_run"),
                       .limits = read_delete_limits(arguments)};
}

class Synchronisation {
public:
    Synchronisation(const SyncRequest& request, Task& task) : request_(request), task_(task) {}

    Result<std::string> run() {
        const RootedFiles& files = task_.services.files;
        SLUICE_TRY(const InputFolder source, files.open_folder(request_.source));
        SLUICE_TRY(const auto from, source.list(listing_limits, task_.cancel()));
        source_ = sorted_out(from);
        auto target = files.open_work_folder(request_.target, false);
        if (!target && target.error().code != Code::not_found) return target.error();
        if (target) {
            SLUICE_TRY(const auto there, target->list(listing_limits, task_.cancel()));
            target_ = sorted_out(there);
        }
        plan_ = plan_sync(source_.files, target_.files, request_.by_content);
        SLUICE_TRY_STATUS(compare(source, target));
        if (!request_.deletes) plan_.deletes.clear();
        SLUICE_TRY_STATUS(
            check_deletes(plan_.deletes.size(), target_.files.size(), request_.limits));
        if (!request_.dry_run) SLUICE_TRY_STATUS(act(source));
        return result();
    }

private:
    /// Looks into the files of equal size.
    Status compare(const InputFolder& source, const Result<WorkFolder>& target) {
        for (const std::size_t place : plan_.unsure) {
            const std::string& path = source_.files[place].path;
            const Bytes most = task_.services.settings.limits.input_max;
            SLUICE_TRY(InputFile ours, source.open_file(path, most));
            SLUICE_TRY(InputFile theirs, target->open_input(path, most));
            SLUICE_TRY(const std::string a, digest(ours));
            SLUICE_TRY(const std::string b, digest(theirs));
            if (a == b) {
                ++plan_.same;
            } else {
                plan_.copies.push_back(place);
            }
        }
        std::sort(plan_.copies.begin(), plan_.copies.end());
        return {};
    }

    Result<std::string> digest(InputFile& file) {
        Sha256 digest;
        std::string piece(piece_bytes, '\0');
        for (;;) {
            SLUICE_TRY_STATUS(task_.cancel().check());
            SLUICE_TRY(const std::size_t count, file.read({piece.data(), piece.size()}));
            if (count == 0) return digest.finish();
            digest.feed(std::string_view(piece).substr(0, count));
        }
    }

    Status act(const InputFolder& source) {
        SLUICE_TRY(const WorkFolder target,
                   task_.services.files.open_work_folder(request_.target, true));
        const std::size_t all = plan_.copies.size() + plan_.deletes.size();
        std::size_t done = 0;
        for (const std::size_t place : plan_.copies) {
            SLUICE_TRY_STATUS(copy(source, target, source_.files[place]));
            task_.progress(static_cast<int>(100 * ++done / all), "copying");
        }
        // What is new is there before what is old goes.
        for (const std::size_t place : plan_.deletes) {
            SLUICE_TRY_STATUS(task_.cancel().check());
            SLUICE_TRY_STATUS(target.remove_file(target_.files[place].path));
            task_.progress(static_cast<int>(100 * ++done / all), "deleting");
        }
        if (!request_.deletes) return {};
        std::vector<std::string> kept = source_.folders;
        std::sort(kept.begin(), kept.end());
        SLUICE_TRY(folders_, remove_empty(target, target_.folders, kept));
        return {};
    }

    Status copy(const InputFolder& source, const WorkFolder& target, const FileFacts& file) {
        const auto& limits = task_.services.settings.limits;
        SLUICE_TRY(InputFile input, source.open_file(file.path, limits.input_max));
        // A folder in the way of a file goes only if it is empty, and never a full one.
        SLUICE_TRY(OutputFile output, target.open_output(file.path, limits.input_max));
        SLUICE_TRY(const FileAbout about, input.about());
        std::string piece(piece_bytes, '\0');
        for (;;) {
            SLUICE_TRY_STATUS(task_.cancel().check());
            SLUICE_TRY(const std::size_t count, input.read({piece.data(), piece.size()}));
            if (count == 0) break;
            SLUICE_TRY_STATUS(output.write(std::string_view(piece).substr(0, count)));
        }
        copied_bytes_ += output.bytes();
        SLUICE_TRY_STATUS(output.set_about(about));
        return output.commit();
    }

    [[nodiscard]] std::string result() const {
        std::string out;
        JsonWriter json(out);
        json.begin_object().key("dry_run").boolean(request_.dry_run);
        json.key("files").unsigned_integer(source_.files.size());
        json.key("same").unsigned_integer(plan_.same);
        json.key("copied").unsigned_integer(plan_.copies.size());
        json.key("bytes").unsigned_integer(request_.dry_run ? bytes_of(source_.files, plan_.copies)
                                                            : copied_bytes_);
        json.key("deleted").unsigned_integer(plan_.deletes.size());
        json.key("folders_deleted").unsigned_integer(folders_);
        json.key("skipped").unsigned_integer(source_.others);
        put_paths(json, "copied_paths", source_.files, plan_.copies);
        put_paths(json, "deleted_paths", target_.files, plan_.deletes);
        json.end_object();
        return out;
    }

    const SyncRequest& request_;
    Task& task_;
    Listed source_;
    Listed target_;
    SyncPlan plan_;
    std::uint64_t copied_bytes_ = 0;
    std::uint64_t folders_ = 0;
};

Result<std::string> run_sync(const SyncRequest& request, Task& task) {
    return Synchronisation(request, task).run();
}

// ---------------------------------------------------------------------------- the table

sdk::Argument delete_max_argument() {
    return {.name = "delete_max",
            .kind = ArgumentKind::integer,
            .range = {0, 1'000'000},
            .fallback = "1000",
            .help = "if more files would be deleted, nothing is touched and the job fails"};
}
sdk::Argument delete_percent_argument(std::string fallback) {
    return {.name = "delete_percent_max",
            .kind = ArgumentKind::number,
            .range = {0, 100},
            .fallback = std::move(fallback),
            .help = "the same, as a part of all files there"};
}

sdk::JobType folder_clean(const SharedServices& services) {
    return with_handler(
        {
            .name = "folder.clean",
            .summary = "Deletes old or large files of a folder; says only what it would do unless "
                       "told otherwise.",
            .schema = {.arguments = {{.name = "folder",
                                      .required = true,
                                      .help = "below the folder for writing"},
                                     {.name = "older_than",
                                      .kind = ArgumentKind::seconds,
                                      .help = "since the file was changed last"},
                                     {.name = "larger_than",
                                      .kind = ArgumentKind::integer,
                                      .range = {0, 1e15},
                                      .help = "bytes; so large or larger"},
                                     {.name = "patterns",
                                      .kind = ArgumentKind::texts,
                                      .range = {1, 100},
                                      .help =
                                          "only files that fit one: `*`, `?` and `[a-z]`, for the "
                                          "name, or for the path below `folder` if it holds a `/`"},
                                     {.name = "keep_newest",
                                      .kind = ArgumentKind::integer,
                                      .range = {0, 1e9},
                                      .help = "so many of the newest files that fit stay"},
                                     {.name = "dry_run",
                                      .kind = ArgumentKind::boolean,
                                      .fallback = "true",
                                      .help = "only tell"},
                                     {.name = "empty_folders",
                                      .kind = ArgumentKind::boolean,
                                      .fallback = "false",
                                      .help = "take away folders that hold nothing, too"},
                                     delete_max_argument(),
                                     delete_percent_argument("100")},
                       .positions = 1,
                       .notes = "A file goes if every rule that is given agrees. Links are neither "
                                "followed nor deleted; nothing outside `folder` is touched."},
            .result_help = "`dry_run`, `files` (looked at), `selected`, `bytes` (of those), "
                           "`deleted`, `folders` (deleted), `paths` (the first 100 selected ones, "
                           "oldest first).",
            .example = R"(sluice push folder.clean thumbnails '{"older_than": 604800}')",
        },
        services, &read_clean, &run_clean);
}

sdk::JobType folder_sync(const SharedServices& services) {
    return with_handler(
        {
            .name = "folder.sync",
            .summary = "Makes one folder like another one: copies what is new or different, and "
                       "deletes the rest if told to.",
            .schema =
                {.arguments =
                     {{.name = "source", .required = true, .help = "below a folder for reading"},
                      {.name = "target", .required = true, .help = "below the folder for writing"},
                      {.name = "compare",
                       .choices = {"time", "content"},
                       .fallback = "time",
                       .help = "files are the same if size and time are, or if "
                               "their SHA-256 is"},
                      {.name = "delete",
                       .kind = ArgumentKind::boolean,
                       .fallback = "false",
                       .help = "delete files of `target` that `source` does not "
                               "have, and folders that are empty then"},
                      {.name = "dry_run",
                       .kind = ArgumentKind::boolean,
                       .fallback = "false",
                       .help = "only tell"},
                      delete_max_argument(),
                      delete_percent_argument("50")},
                 .positions = 2,
                 .notes = "Each file is replaced at once and whole, and keeps its time. "
                          "Links are left out (`skipped`). A second run goes on where one "
                          "was interrupted."},
            .result_help = "`dry_run`, `files` (of the source), `same`, `copied`, `bytes`, "
                           "`deleted`, `folders_deleted`, `skipped`, `copied_paths` and "
                           "`deleted_paths` (the first 100).",
            .example = "sluice push folder.sync texts mirror/texts",
        },
        services, &read_sync, &run_sync);
}

}  // namespace

std::vector<sdk::JobType> folder_types(const SharedServices& services) {
    return {folder_clean(services), folder_sync(services)};
}

}  // namespace sluice::work
