// SPDX-License-Identifier: Apache-2.0
// archive.list and archive.extract; archive.create is in archive_create.cpp.
#include "modules/work/archive_types.h"
#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"
#include "modules/work/core/entry_name.h"
#include "modules/work/shell/archives/archive_extract.h"
#include "modules/work/shell/archives/archive_reader.h"
#include "modules/work/shell/output_folder.h"

#include <map>
#include <optional>

namespace sluice::work {

namespace {

ArchiveLimits limits_of(const WorkLimits& limits) {
    return {.items_max = limits.archive_entries_max,
            .item_bytes_max = limits.output_max,
            .bytes_max = limits.archive_bytes_max,
            .ratio_max = limits.ratio_max};
}

void report(Task& task, const ArchiveReader& reader, std::uint64_t archive_bytes) {
    if (archive_bytes == 0) return;
    task.progress(static_cast<int>(100 * reader.consumed() / archive_bytes),
                  std::to_string(reader.items()) + " entries");
}

struct ListRequest {
    std::string path;
    std::optional<std::string> output;
    std::size_t list_max;
};

Result<ListRequest> read_list(Arguments& arguments, const Services&) {
    return ListRequest{arguments.text("path"), arguments.text_if_given("output"),
                       static_cast<std::size_t>(arguments.integer("list"))};
}

/// Why an entry would not be extracted, if it would not.
std::optional<std::string_view> fault_of(const ArchiveItem& item) {
    const auto name = clean_entry_name(item.name);
    if (const auto* fault = std::get_if<NameFault>(&name)) return to_string(*fault);
    if (item.kind == ItemKind::other) return "is a device, FIFO or socket";
    return std::nullopt;
}

void put_item(JsonWriter& json, const ArchiveItem& item) {
    json.begin_object().key("path").string(item.name);
    json.key("kind").string(to_string(item.kind));
    if (item.kind == ItemKind::file && item.bytes) json.key("bytes").unsigned_integer(*item.bytes);
    if (item.changed) json.key("changed").string(format_rfc3339(*item.changed));
    if (item.kind == ItemKind::file && item.executable) json.key("executable").boolean(true);
    if (!item.target.empty()) json.key("target").string(item.target);
    if (item.encrypted) json.key("encrypted").boolean(true);
    if (const auto fault = fault_of(item)) json.key("unsafe").string(*fault);
    json.end_object();
}

/// What a listing adds up.
struct ListCounts {
    std::map<ItemKind, std::uint64_t> kinds;
    std::uint64_t bytes = 0;
    std::uint64_t encrypted = 0;
    std::uint64_t unsafe = 0;

    void add(const ArchiveItem& item) {
        ++kinds[item.kind];
        // What archives claim may be anything.
        if (item.kind == ItemKind::file && item.bytes && *item.bytes < UINT64_MAX - bytes) {
            bytes += *item.bytes;
        }
        if (item.encrypted) ++encrypted;
        if (fault_of(item)) ++unsafe;
    }
    void put(JsonWriter& json) {
        json.key("files").unsigned_integer(kinds[ItemKind::file]);
        json.key("folders").unsigned_integer(kinds[ItemKind::folder]);
        json.key("links").unsigned_integer(kinds[ItemKind::symbolic_link] +
                                           kinds[ItemKind::hard_link]);
        json.key("others").unsigned_integer(kinds[ItemKind::other]);
        json.key("bytes").unsigned_integer(bytes);
        json.key("encrypted").unsigned_integer(encrypted);
        json.key("unsafe").unsigned_integer(unsafe);
    }
};

Result<std::string> run_list(const ListRequest& request, Task& task) {
    const WorkLimits& limits = task.services.settings.limits;
    const RootedFiles& files = task.services.files;
    SLUICE_TRY(const InputFile file, files.open_input(request.path, limits.input_max));
    std::optional<OutputFile> output;
    if (request.output) {
        SLUICE_TRY(OutputFile opened, files.open_output(*request.output, limits.output_max));
        output.emplace(std::move(opened));
    }
    const CancelSource timed(task.cancel(), deadline_after(limits.archive_time_max));
    SLUICE_TRY(ArchiveReader reader, ArchiveReader::open(file, limits_of(limits), timed.token()));
    std::string listed;
    JsonWriter list(listed);
    list.begin_array();
    ListCounts counts;
    for (;;) {
        SLUICE_TRY(const std::optional<ArchiveItem> item, reader.next());
        if (!item) break;
        counts.add(*item);
        if (reader.items() <= request.list_max) put_item(list, *item);
        if (output) {
            std::string line;
            JsonWriter json(line);
            put_item(json, *item);
            SLUICE_TRY_STATUS(output->write(line += '\n'));
        }
        SLUICE_TRY_STATUS(reader.skip());
        report(task, reader, file.size());
    }
    list.end_array();
    if (output) SLUICE_TRY_STATUS(output->commit());
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("format").string(reader.format());
    json.key("archive_bytes").unsigned_integer(file.size());
    json.key("entries").unsigned_integer(reader.items());
    counts.put(json);
    if (request.output) json.key("output").string(*request.output);
    json.key("listed").raw(listed).end_object();
    return out;
}

struct ExtractRequest {
    std::string path;
    std::string output;
    bool replace;
    ExtractOptions options;
};

Result<ExtractRequest> read_extract(Arguments& arguments, const Services&) {
    ExtractRequest request;
    request.path = arguments.text("path");
    request.output = arguments.text("output");
    request.replace = arguments.boolean("replace");
    request.options.links = arguments.boolean("links");
    request.options.skip_unsafe = arguments.choice("unsafe") == 1;
    SLUICE_TRY(request.options.patterns, read_patterns(arguments));
    return request;
}

Result<std::string> run_extract(const ExtractRequest& request, Task& task) {
    const WorkLimits& limits = task.services.settings.limits;
    const RootedFiles& files = task.services.files;
    SLUICE_TRY(const InputFile file, files.open_input(request.path, limits.input_max));
    const CancelSource timed(task.cancel(), deadline_after(limits.archive_time_max));
    SLUICE_TRY(ArchiveReader reader, ArchiveReader::open(file, limits_of(limits), timed.token()));
    SLUICE_TRY(OutputFolder folder, files.open_output_folder(request.output));
    SLUICE_TRY(const ExtractCounts counts, extract_archive(reader, folder, request.options, [&] {
                   report(task, reader, file.size());
               }));
    SLUICE_TRY_STATUS(timed.token().check());
    SLUICE_TRY_STATUS(folder.commit(request.replace));
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("output").string(request.output);
    json.key("format").string(reader.format());
    json.key("archive_bytes").unsigned_integer(file.size());
    json.key("entries").unsigned_integer(reader.items());
    json.key("files").unsigned_integer(counts.files);
    json.key("folders").unsigned_integer(counts.folders);
    json.key("links").unsigned_integer(counts.links);
    json.key("bytes").unsigned_integer(counts.bytes);
    json.key("not_meant").unsigned_integer(counts.not_meant);
    json.key("skipped").begin_object();
    for (const auto& [reason, count] : counts.skipped) json.key(reason).unsigned_integer(count);
    json.end_object();
    json.key("case_collisions").unsigned_integer(counts.case_collisions).end_object();
    return out;
}

sdk::JobType archive_list(const SharedServices& services) {
    return with_handler(
        {
            .name = "archive.list",
            .summary = "Lists what is in a tar, zip or 7z archive.",
            .schema =
                {.arguments = {path_argument(),
                               {.name = "list",
                                .kind = ArgumentKind::integer,
                                .range = {0, 10'000},
                                .fallback = "1000",
                                .help = "how many of the first entries to give in the result"},
                               {.name = "output",
                                .help = "a file below the folder for writing that takes all "
                                        "entries, one JSON object in a line"}},
                 .positions = 1,
                 .notes =
                     R"(The format is told by the content: tar, plain or compressed once with gzip, xz or zstd; zip; 7z. A compressed tar is read twice: first only to check it from end to end. The limits of `archive.extract` hold here, too.)"},
            .result_help =
                R"(`format` ("tar.gz"), `archive_bytes`, `entries`, `files`, `folders`, `links`, `others` (devices and the like), `bytes` (of all files, as the archive claims), `encrypted` and `unsafe` (entries that `archive.extract` would not extract), `output` if asked for, and `listed`: objects of `path`, `kind` (`file`, `folder`, `link`, `hard_link`, `other`), `bytes`, `changed` (RFC 3339), `executable`, `target`, `encrypted`, `unsafe` (why), as far as they apply.)",
            .example = R"(sluice push archive.list archive/harbour.tar.gz)",
        },
        services, &read_list, &run_list);
}

sdk::JobType archive_extract(const SharedServices& services) {
    return with_handler(
        {
            .name = "archive.extract",
            .summary = "Extracts a tar, zip or 7z archive into a folder.",
            .schema =
                {.arguments =
                     {path_argument(),
                      output_folder_argument(),
                      replace_argument(),
                      include_argument(),
                      exclude_argument(),
                      {.name = "links",
                       .kind = ArgumentKind::boolean,
                       .fallback = "false",
                       .help = "whether symbolic and hard links are made; else they are left out"},
                      {.name = "unsafe",
                       .choices = {"refuse", "skip"},
                       .fallback = "refuse",
                       .help = "what to do with an entry that is not safe: fail the job for good, "
                               "with its name, or leave it out"}},
                 .positions = 2,
                 .notes =
                     R"(Formats are those of `archive.list`. Not safe are: names that are absolute, have a `..` part, a control character, bytes that are not UTF-8, more than 64 parts or 1,024 bytes; devices, FIFOs and sockets; an entry in the place of one before it; with `links`, a link that leads outside of the folder or to nothing that was extracted. Links are made after everything else, so nothing is written through them. Files get the modes 0666 or 0777 as the worker's umask allows, and their times; no owners, no set-user-ID.

Limits: 200,000 entries, 1 GiB each, 4 GiB in all, after the first MiB 300 times the size of the archive, 10,000 links, 1 hour. Entries of a zip file that overlap, encrypted entries, damaged and cut-off archives fail the job for good. Whatever happens, nothing half extracted stays.)"},
            .result_help =
                R"(`output`, `format`, `archive_bytes`, `entries` (in the archive), `files`, `folders`, `links`, `bytes` (extracted), `not_meant` (entries that the patterns left out), `skipped` (an object of counts: `link`, and with `unsafe`: `absolute`, `upwards`, `bad_name`, `special`, `duplicate`, `bad_link`), `case_collisions` (files whose paths differ only by case).)",
            .example = R"(sluice push archive.extract archive/harbour.tar.gz harbour)",
        },
        services, &read_extract, &run_extract);
}

}  // namespace

Result<NamePatterns> read_patterns(const Arguments& arguments) {
    return NamePatterns::make(arguments.texts("include"), arguments.texts("exclude"));
}

sdk::Argument include_argument() {
    return {.name = "include",
            .kind = ArgumentKind::text_list,
            .help =
                "globs (`*`, also across `/`, `?`, `[a-z]`) of paths; only these and what is "
                "below them. One with `/` is compared with the path, one without with the name"};
}

sdk::Argument exclude_argument() {
    return {.name = "exclude",
            .kind = ArgumentKind::text_list,
            .help = "globs of paths that are left out, with what is below them"};
}

std::vector<sdk::JobType> archive_types(const SharedServices& services) {
    return {archive_create(services), archive_extract(services), archive_list(services)};
}

}  // namespace sluice::work
