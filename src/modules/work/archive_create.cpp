// SPDX-License-Identifier: Apache-2.0
// archive.create.
#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"
#include "modules/work/archive_types.h"
#include "modules/work/shell/archives/archive_writer.h"
#include "modules/work/shell/input_folder.h"
#include "modules/work/shell/sha256.h"
#include "modules/work/task.h"

#include <map>
#include <optional>

namespace sluice::work {

namespace {

struct CreateRequest {
    std::vector<std::string> paths;
    std::optional<std::string> base;
    std::string output;
    ArchiveFormat format = ArchiveFormat::tar;
    int level = 0;
    NamePatterns patterns;
    std::optional<WallTime> changed;
    bool links = false;
};

struct Ending {
    std::string_view text;
    ArchiveFormat format;
    int level_max;
};
constexpr Ending endings[] = {
    {".tar", ArchiveFormat::tar, 0},       {".tar.gz", ArchiveFormat::tar_gzip, 9},
    {".tgz", ArchiveFormat::tar_gzip, 9},  {".tar.zst", ArchiveFormat::tar_zstd, 19},
    {".tar.xz", ArchiveFormat::tar_xz, 6}, {".txz", ArchiveFormat::tar_xz, 6},
    {".zip", ArchiveFormat::zip, 9},
};

Result<CreateRequest> read_create(Arguments& arguments, const Services&) {
    CreateRequest request;
    request.paths = arguments.texts("paths");
    request.output = arguments.text("output");
    request.base = arguments.text_if_given("base");
    if (request.paths.empty() && !request.base) {
        arguments.refuse("paths", "is missing, and so is `base`");
    }
    const std::string ending = "." + arguments.text_if_given("format").value_or("");
    const Ending* chosen = nullptr;
    for (const Ending& row : endings) {
        if (ending.size() > 1 ? row.text == ending : request.output.ends_with(row.text)) {
            chosen = &row;
        }
    }
    if (chosen == nullptr) {
        arguments.refuse("format", "is missing, and `output` has none of the usual endings");
        return request;
    }
    request.format = chosen->format;
    request.level = static_cast<int>(arguments.integer_if_given("level").value_or(0));
    if (request.level > chosen->level_max) {
        arguments.refuse("level", chosen->level_max == 0
                                      ? "means nothing to a tar that is not compressed"
                                      : "must be at most " + std::to_string(chosen->level_max) +
                                            " for " + std::string(to_string(chosen->format)));
    }
    if (const auto seconds = arguments.integer_if_given("mtime")) {
        request.changed = wall_from_ns(*seconds * 1'000'000'000);
    }
    request.links = arguments.boolean("links");
    SLUICE_TRY(request.patterns, read_patterns(arguments));
    return request;
}

/// Something to put into the archive.
struct Source {
    EntryKind kind = EntryKind::file;
    std::string path;  ///< For RootedFiles.
    std::uint64_t bytes = 0;
    WallTime changed{};
    bool executable = false;
    std::string target;
};

/// What is to be put in, by its name there: sorted, and each once.
class Collection {
public:
    Collection(const CreateRequest& request, Task& task, CancelToken cancel)
        : request_(request), task_(task), cancel_(std::move(cancel)) {}

    Status collect() {
        if (request_.paths.empty()) return add_folder(*request_.base, "");
        for (const std::string& path : request_.paths) {
            const std::string source = request_.base ? *request_.base + "/" + path : path;
            SLUICE_TRY_STATUS(check_relative_path(path));
            auto added = add_folder(source, path);
            // Where no folder is, there may be a file.
            if (!added && added.error().code == Code::not_found) added = add_file(source, path);
            SLUICE_TRY_STATUS(std::move(added));
        }
        return {};
    }
    std::map<std::string, Source> sources;
    std::uint64_t bytes = 0;
    std::uint64_t links_left = 0;
    std::uint64_t special_left = 0;

private:
    Status add_folder(const std::string& path, const std::string& name) {
        const WorkLimits& limits = task_.services.settings.limits;
        SLUICE_TRY(const InputFolder folder, task_.services.files.open_folder(path));
        const std::string prefix = name.empty() ? "" : name + "/";
        if (!name.empty() && request_.patterns.is_meant(name)) {
            SLUICE_TRY_STATUS(add(name, {.kind = EntryKind::folder, .path = path}));
        }
        const auto wanted = [&](const FolderEntry& entry) {
            return request_.patterns.is_kept(prefix + entry.path);
        };
        SLUICE_TRY(auto entries,
                   folder.list({.entries_max = limits.archive_entries_max}, cancel_, wanted));
        for (FolderEntry& entry : entries) {
            const std::string inner = prefix + entry.path;
            if (!request_.patterns.is_meant(inner)) continue;
            SLUICE_TRY_STATUS(
                add(inner, {entry.kind, path + "/" + entry.path, entry.size, entry.changed,
                            entry.executable, std::move(entry.target)}));
        }
        return {};
    }
    Status add_file(const std::string& path, const std::string& name) {
        SLUICE_TRY(const InputFile file, open(path));
        SLUICE_TRY(const FileAbout about, file.about());
        if (!request_.patterns.is_meant(name)) return {};
        return add(name, {EntryKind::file, path, file.size(), about.changed, about.executable, {}});
    }
    Status add(const std::string& name, Source source) {
        if (source.kind == EntryKind::other ||
            (source.kind == EntryKind::link && !request_.links)) {
            ++(source.kind == EntryKind::link ? links_left : special_left);
            return {};
        }
        const auto cleaned = clean_entry_name(name);
        if (const auto* fault = std::get_if<NameFault>(&cleaned)) {
            return fail(Code::invalid,
                        quoted_name(name) + " " + std::string(to_string(*fault)) +
                            ", which no archive should hold; `exclude` leaves it out");
        }
        const WorkLimits& limits = task_.services.settings.limits;
        const std::uint64_t more = source.bytes;
        if (!sources.emplace(name, std::move(source)).second) return {};
        bytes += more;
        if (bytes > limits.archive_bytes_max.count) {
            return fail(Code::exhausted, "the files have more than the limit of " +
                                             std::to_string(limits.archive_bytes_max.count) +
                                             " bytes");
        }
        if (sources.size() > limits.archive_entries_max) {
            return fail(Code::exhausted, "there are more than the limit of " +
                                             std::to_string(limits.archive_entries_max) +
                                             " entries");
        }
        return {};
    }
    [[nodiscard]] Result<InputFile> open(const std::string& path) const {
        return task_.services.files.open_input(path, task_.services.settings.limits.input_max);
    }

    const CreateRequest& request_;
    Task& task_;
    CancelToken cancel_;
};

/// Writes one after the other, and reports by bytes.
class Packing {
public:
    Packing(const CreateRequest& request, Task& task, const CancelToken& cancel)
        : request_(request), task_(task), cancel_(cancel) {}

    Status put(ArchiveWriter& writer, const std::string& name, const Source& source) {
        SLUICE_TRY_STATUS(cancel_.check());
        const NewItem item{name, source.bytes, request_.changed.value_or(source.changed),
                           source.executable};
        switch (source.kind) {
            case EntryKind::folder: ++folders; return writer.add_folder(item);
            case EntryKind::link: ++links; return writer.add_link(item, source.target);
            case EntryKind::file:
            case EntryKind::other: break;
        }
        ++files;
        return put_file(writer, item, source.path);
    }
    std::uint64_t total = 0;
    std::uint64_t done = 0;
    std::uint64_t files = 0, folders = 0, links = 0;

private:
    Status put_file(ArchiveWriter& writer, const NewItem& item, const std::string& path) {
        SLUICE_TRY(InputFile file,
                   task_.services.files.open_input(path, task_.services.settings.limits.input_max));
        SLUICE_TRY_STATUS(writer.begin_file(item));
        std::uint64_t left = item.bytes;
        for (;;) {
            SLUICE_TRY_STATUS(cancel_.check());
            SLUICE_TRY(const std::size_t count, file.read(piece_));
            if (count > left || (count == 0 && left > 0)) {
                return fail(Code::conflict, quoted_name(path) + " changed while it was read");
            }
            if (count == 0) return {};
            left -= count;
            SLUICE_TRY_STATUS(writer.write({piece_.data(), count}));
            done += count;
            task_.progress(static_cast<int>(100 * done / total),
                           std::to_string(done) + " of " + std::to_string(total) + " bytes");
        }
    }

    const CreateRequest& request_;
    Task& task_;
    const CancelToken& cancel_;
    std::vector<char> piece_ = std::vector<char>(piece_bytes);
};

Result<std::string> run_create(const CreateRequest& request, Task& task) {
    const WorkLimits& limits = task.services.settings.limits;
    const CancelSource timed(task.cancel(), deadline_after(limits.archive_time_max));
    const CancelToken cancel = timed.token();
    Collection collection(request, task, cancel);
    SLUICE_TRY_STATUS(collection.collect());
    SLUICE_TRY(OutputFile output,
               task.services.files.open_output(request.output, limits.archive_bytes_max));
    Sha256 digest;
    const Sink sink = [&](std::string_view bytes) {
        digest.feed(bytes);
        return output.write(bytes);
    };
    Packing packing(request, task, cancel);
    packing.total = collection.bytes;
    SLUICE_TRY(ArchiveWriter writer, ArchiveWriter::open(request.format, request.level, sink));
    for (const auto& [name, source] : collection.sources) {
        SLUICE_TRY_STATUS(packing.put(writer, name, source));
    }
    SLUICE_TRY_STATUS(writer.finish());
    SLUICE_TRY_STATUS(output.commit());
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("output").string(request.output);
    json.key("format").string(to_string(request.format));
    json.key("files").unsigned_integer(packing.files);
    json.key("folders").unsigned_integer(packing.folders);
    json.key("links").unsigned_integer(packing.links);
    json.key("input_bytes").unsigned_integer(packing.done);
    json.key("output_bytes").unsigned_integer(output.bytes());
    json.key("sha256").string(digest.finish());
    json.key("skipped").begin_object();
    if (collection.links_left > 0) json.key("link").unsigned_integer(collection.links_left);
    if (collection.special_left > 0) json.key("special").unsigned_integer(collection.special_left);
    json.end_object().end_object();
    return out;
}

}  // namespace

sdk::JobType archive_create(const SharedServices& services) {
    return with_handler(
        {
            .name = "archive.create",
            .summary = "Packs files and folders into a tar or zip archive.",
            .schema =
                {.arguments =
                     {{.name = "paths",
                       .kind = ArgumentKind::text_list,
                       .help = "files and folders (with everything in them) below a folder for "
                               "reading; these are their names in the archive. Required unless "
                               "`base` is given"},
                      {.name = "output",
                       .required = true,
                       .help = "the archive, below the folder for writing; replaced at once when "
                               "the job is done"},
                      {.name = "base",
                       .help = "a folder that `paths` are relative to; without `paths`, everything "
                               "in it"},
                      {.name = "format",
                       .choices = {"tar", "tar.gz", "tar.zst", "tar.xz", "zip"},
                       .help = "by default what `output` ends with"},
                      {.name = "level",
                       .kind = ArgumentKind::integer,
                       .range = {1, 19},
                       .help = "by default 6, for zstd 3; at most 9 for gzip and zip, 19 for zstd, "
                               "6 for xz"},
                      include_argument(),
                      exclude_argument(),
                      {.name = "mtime",
                       .kind = ArgumentKind::integer,
                       .range = {0, 8'000'000'000},
                       .help = "seconds since 1970: the time of every entry; by default those of "
                               "the files"},
                      {.name = "links",
                       .kind = ArgumentKind::boolean,
                       .fallback = "false",
                       .help = "whether symbolic links are stored, as links; else they are left "
                               "out. None is followed"}},
                 .positions = 2,
                 .notes =
                     R"(Entries are sorted by name and have no owners; modes are 0644 or 0755, times whole seconds: the same files give the same bytes. Devices, FIFOs, sockets and files that are being written (`.NAME.RANDOM.part`) are left out. A name with a control character or that is not UTF-8 fails the job for good, a file that changes while it is read lets it be tried again. Limits: 200,000 entries, 4 GiB.)"},
            .result_help =
                R"(`output`, `format`, `files`, `folders`, `links`, `input_bytes`, `output_bytes`, `sha256` of the archive, `skipped` (counts of what was left out: `link`, `special`).)",
            .example =
                R"(sluice push archive.create texts texts.tar.zst '{"exclude": "*.log", "level": 9}')",
        },
        services, &read_create, &run_create);
}

}  // namespace sluice::work
