// SPDX-License-Identifier: Apache-2.0
// file.split and file.join. The parts lie in a folder of their own with a manifest, which says what
// each must be; the folder appears at once.
#include "kernel/base/text.h"
#include "kernel/wire/json_reader.h"
#include "kernel/wire/json_text.h"
#include "modules/work/core/entry_name.h"
#include "modules/work/shell/output_folder.h"
#include "modules/work/shell/sha256.h"
#include "modules/work/task.h"

#include <algorithm>
#include <optional>

namespace sluice::work {

namespace {

constexpr std::size_t parts_max = 10'000;
constexpr Bytes manifest_max = mib(4);
constexpr std::string_view manifest_name = "manifest.json";

struct SplitRequest {
    std::string path;
    std::string output;
    /// One of both.
    std::uint64_t bytes = 0;
    std::uint64_t lines = 0;
    bool replace = false;
};

Result<SplitRequest> read_split(Arguments& arguments, const Services&) {
    SplitRequest request;
    request.path = arguments.text("path");
    request.output = arguments.text("output");
    request.bytes = static_cast<std::uint64_t>(arguments.integer_if_given("bytes").value_or(0));
    request.lines = static_cast<std::uint64_t>(arguments.integer_if_given("lines").value_or(0));
    if ((request.bytes == 0) == (request.lines == 0)) {
        arguments.refuse("bytes", "or `lines` must be given, and not both");
    }
    request.replace = arguments.boolean("replace");
    return request;
}

struct Part {
    std::string name;
    std::uint64_t bytes;
    std::string sha256;
};

std::string manifest_of(std::string_view name, std::uint64_t bytes, std::string_view sha256,
                        const std::vector<Part>& parts) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("version").integer(1);
    json.key("name").string(name);
    json.key("bytes").unsigned_integer(bytes);
    json.key("sha256").string(sha256);
    json.key("parts").begin_array();
    for (const Part& part : parts) {
        json.begin_object().key("name").string(part.name);
        json.key("bytes").unsigned_integer(part.bytes);
        json.key("sha256").string(part.sha256).end_object();
    }
    json.end_array().end_object();
    return out + "\n";
}

/// Writes the parts one after the other.
class Splitting {
public:
    Splitting(const SplitRequest& request, OutputFolder& folder)
        : request_(request), folder_(folder) {}

    Status feed(std::string_view bytes) {
        whole_.feed(bytes);
        while (!bytes.empty()) {
            // A part begins with its first byte, so that none is empty.
            if (!file_) SLUICE_TRY_STATUS(begin());
            const std::size_t count = room(bytes);
            SLUICE_TRY_STATUS(file_->write_at(written_, bytes.substr(0, count)));
            digest_->feed(bytes.substr(0, count));
            written_ += count;
            bytes.remove_prefix(count);
            const bool full =
                request_.bytes > 0 ? written_ == request_.bytes : lines_ == request_.lines;
            if (full) SLUICE_TRY_STATUS(end());
        }
        return {};
    }
    Status finish() { return file_ ? end() : Status(); }
    [[nodiscard]] std::string sha256() { return whole_.finish(); }
    std::vector<Part> parts;

private:
    /// How much of `bytes` belongs to the part; counts its lines.
    std::size_t room(std::string_view bytes) {
        if (request_.bytes > 0) {
            return static_cast<std::size_t>(
                std::min<std::uint64_t>(bytes.size(), request_.bytes - written_));
        }
        std::size_t at = 0;
        while (lines_ < request_.lines) {
            const std::size_t line_end = bytes.find('\n', at);
            if (line_end == std::string_view::npos) return bytes.size();
            at = line_end + 1;
            ++lines_;
        }
        return at;
    }
    Status begin() {
        if (parts.size() == parts_max) {
            return fail(Code::exhausted,
                        "more than the limit of " + std::to_string(parts_max) + " parts");
        }
        const std::string digits = std::to_string(parts.size() + 1);
        name_ = "part-" + std::string(5 - digits.size(), '0') + digits;
        SLUICE_TRY(FolderFile file, folder_.make_file(name_, false));
        file_.emplace(std::move(file));
        digest_.emplace();
        written_ = lines_ = 0;
        return {};
    }
    Status end() {
        SLUICE_TRY_STATUS(file_->finish(written_, std::nullopt));
        parts.push_back({name_, written_, digest_->finish()});
        file_.reset();
        return {};
    }

    const SplitRequest& request_;
    OutputFolder& folder_;
    Sha256 whole_;
    std::string name_;
    std::optional<FolderFile> file_;
    std::optional<Sha256> digest_;
    std::uint64_t written_ = 0;
    std::uint64_t lines_ = 0;
};

Result<std::string> run_split(const SplitRequest& request, Task& task) {
    const RootedFiles& files = task.services.files;
    SLUICE_TRY(InputFile file,
               files.open_input(request.path, task.services.settings.limits.input_max));
    SLUICE_TRY(OutputFolder folder, files.open_output_folder(request.output));
    Splitting splitting(request, folder);
    SLUICE_TRY_STATUS(
        task.read(file, [&](std::string_view bytes) { return splitting.feed(bytes); }));
    SLUICE_TRY_STATUS(splitting.finish());
    const std::string sha256 = splitting.sha256();
    const std::string name = request.path.substr(request.path.rfind('/') + 1);
    const std::string manifest = manifest_of(name, file.size(), sha256, splitting.parts);
    SLUICE_TRY(FolderFile last, folder.make_file(manifest_name, false));
    SLUICE_TRY_STATUS(last.write_at(0, manifest));
    SLUICE_TRY_STATUS(last.finish(manifest.size(), std::nullopt));
    SLUICE_TRY_STATUS(folder.commit(request.replace));
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("output").string(request.output);
    json.key("manifest").string(request.output + "/" + std::string(manifest_name));
    json.key("parts").unsigned_integer(splitting.parts.size());
    json.key("bytes").unsigned_integer(file.size());
    json.key("sha256").string(sha256).end_object();
    return out;
}

struct JoinRequest {
    std::string path;
    std::string output;
};

Result<JoinRequest> read_join(Arguments& arguments, const Services&) {
    return JoinRequest{arguments.text("path"), arguments.text("output")};
}

struct Manifest {
    std::uint64_t bytes = 0;
    std::string sha256;
    std::vector<Part> parts;
};

Error no_manifest(std::string_view why) {
    return fail(Code::invalid, "this is no manifest of file.split: " + std::string(why));
}

/// A member of an object of the manifest.
Result<std::string> text_of(JsonView object, std::string_view name) {
    const auto member = object.find(name);
    const auto text = member ? member->as_string() : Result<std::string_view>(Error{});
    if (!text) return no_manifest("`" + std::string(name) + "` is missing or no text");
    return std::string(*text);
}
Result<std::uint64_t> count_of(JsonView object, std::string_view name) {
    const auto member = object.find(name);
    const auto count = member ? member->as_uint() : Result<std::uint64_t>(Error{});
    if (!count) return no_manifest("`" + std::string(name) + "` is missing or no number");
    return *count;
}

Result<Manifest> read_manifest(const RootedFiles& files, const std::string& path) {
    SLUICE_TRY(InputFile file, files.open_input(path, manifest_max));
    std::string text(static_cast<std::size_t>(file.size()), '\0');
    std::size_t done = 0;
    while (done < text.size()) {
        SLUICE_TRY(const std::size_t count, file.read(std::span(text).subspan(done)));
        if (count == 0) return no_manifest("it became shorter while it was read");
        done += count;
    }
    auto document = JsonDocument::parse(std::move(text), {.nodes_max = 100 * parts_max});
    if (!document) return no_manifest(document.error().message);
    const JsonView root = document->root();
    Manifest manifest;
    SLUICE_TRY(const std::uint64_t version, count_of(root, "version"));
    if (version != 1) return no_manifest("its version is not 1");
    SLUICE_TRY(manifest.bytes, count_of(root, "bytes"));
    SLUICE_TRY(manifest.sha256, text_of(root, "sha256"));
    const auto parts = root.find("parts");
    if (!parts || !parts->is_array()) return no_manifest("`parts` is missing or no array");
    for (const JsonView element : parts->elements()) {
        Part part;
        SLUICE_TRY(part.name, text_of(element, "name"));
        SLUICE_TRY(part.bytes, count_of(element, "bytes"));
        SLUICE_TRY(part.sha256, text_of(element, "sha256"));
        // Parts lie beside the manifest and nowhere else.
        if (part.name.find('/') != std::string::npos || !check_relative_path(part.name)) {
            return no_manifest("the name of a part, " + quoted_name(part.name) + ", is no name");
        }
        if (manifest.parts.size() == parts_max) {
            return fail(Code::exhausted,
                        "more than the limit of " + std::to_string(parts_max) + " parts");
        }
        manifest.parts.push_back(std::move(part));
    }
    return manifest;
}

Result<std::string> run_join(const JoinRequest& request, Task& task) {
    const WorkLimits& limits = task.services.settings.limits;
    const RootedFiles& files = task.services.files;
    SLUICE_TRY(const Manifest manifest, read_manifest(files, request.path));
    const std::size_t slash = request.path.rfind('/');
    const std::string beside = slash == std::string::npos ? "" : request.path.substr(0, slash + 1);
    SLUICE_TRY(OutputFile output, files.open_output(request.output, limits.input_max));
    Sha256 whole;
    std::vector<char> piece(256 * 1024);
    for (const Part& part : manifest.parts) {
        SLUICE_TRY(InputFile file, files.open_input(beside + part.name, limits.input_max));
        if (file.size() != part.bytes) {
            return fail(Code::corrupt, quoted_name(part.name) + " has " +
                                           std::to_string(file.size()) + " bytes, not " +
                                           std::to_string(part.bytes));
        }
        Sha256 digest;
        for (;;) {
            SLUICE_TRY_STATUS(task.cancel().check());
            SLUICE_TRY(const std::size_t count, file.read(piece));
            if (count == 0) break;
            const std::string_view bytes(piece.data(), count);
            digest.feed(bytes);
            whole.feed(bytes);
            SLUICE_TRY_STATUS(output.write(bytes));
        }
        if (digest.finish() != part.sha256) {
            return fail(Code::corrupt,
                        quoted_name(part.name) + " does not have the SHA-256 of the manifest");
        }
        const std::uint64_t total = std::max<std::uint64_t>(manifest.bytes, 1);
        task.progress(static_cast<int>(100 * std::min(output.bytes(), total) / total),
                      quoted_name(part.name));
    }
    const std::string sha256 = whole.finish();
    if (output.bytes() != manifest.bytes || sha256 != manifest.sha256) {
        return fail(Code::corrupt,
                    "the parts together are not the file that the manifest describes");
    }
    SLUICE_TRY_STATUS(output.commit());
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("output").string(request.output);
    json.key("parts").unsigned_integer(manifest.parts.size());
    json.key("bytes").unsigned_integer(output.bytes());
    json.key("sha256").string(sha256).end_object();
    return out;
}

sdk::JobType file_split(const SharedServices& services) {
    return with_handler(
        {
            .name = "file.split",
            .summary = "Splits a file into parts, with a manifest of their digests.",
            .schema =
                {.arguments =
                     {path_argument(),
                      output_folder_argument(),
                      {.name = "bytes",
                       .kind = ArgumentKind::integer,
                       .range = {1, 4'294'967'296},
                       .help = "of each part but the last. Either this or `lines` is required"},
                      {.name = "lines",
                       .kind = ArgumentKind::integer,
                       .range = {1, 1'000'000'000},
                       .help = "of each part but the last; a line ends with LF"},
                      replace_argument()},
                 .positions = 2,
                 .notes =
                     R"(The parts are `part-00001`, `part-00002`, …, at most 10,000, none empty; `cat part-*` gives the file back. `manifest.json` has `version` 1, `name`, `bytes`, `sha256` and `parts` (objects of `name`, `bytes`, `sha256`).)"},
            .result_help =
                R"(`output`, `manifest` (its path), `parts` (how many), `bytes`, `sha256` of the whole.)",
            .example = R"(sluice push file.split logs/access.log parts '{"lines": 1000}')",
        },
        services, &read_split, &run_split);
}

sdk::JobType file_join(const SharedServices& services) {
    return with_handler(
        {
            .name = "file.join",
            .summary = "Joins the parts that file.split made, and checks each of them.",
            .schema =
                {.arguments = {{.name = "path",
                                .required = true,
                                .help = "the manifest, below a folder for reading; the parts "
                                        "lie beside it"},
                               output_argument()},
                 .positions = 2,
                 .notes =
                     R"(A part that is missing lets the job be tried again. One that has another length or SHA-256 than the manifest says fails it for good, and nothing is written.)"},
            .result_help = R"(`output`, `parts`, `bytes`, `sha256` of the whole.)",
            .example = R"(sluice push file.join parts/manifest.json access.log)",
        },
        services, &read_join, &run_join);
}

}  // namespace

std::vector<sdk::JobType> file_part_types(const SharedServices& services) {
    return {file_join(services), file_split(services)};
}

}  // namespace sluice::work
