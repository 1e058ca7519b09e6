// SPDX-License-Identifier: Apache-2.0
// file.hash and file.type.
#include "kernel/base/ascii.h"
#include "kernel/wire/json_text.h"
#include "modules/work/shell/digest.h"
#include "modules/work/shell/magic/file_type.h"
#include "modules/work/task.h"

#include <algorithm>
#include <map>

namespace sluice::work {

namespace {

struct HashRequest {
    std::string path;
    std::vector<DigestKind> kinds;
    /// Lower case.
    std::map<DigestKind, std::string> expected;
};

Result<HashRequest> read_hash(Arguments& arguments, const Services&) {
    HashRequest request;
    request.path = arguments.text("path");
    const auto add = [&](std::string_view member,
                         const std::string& name) -> std::optional<DigestKind> {
        const auto kind = digest_kind(name);
        if (!kind) arguments.refuse(member, "names no digest of sha256, sha512, blake2b");
        const auto& kinds = request.kinds;
        if (kind && std::find(kinds.begin(), kinds.end(), *kind) == kinds.end()) {
            request.kinds.push_back(*kind);
        }
        return kind;
    };
    for (const std::string& name : arguments.texts("digests")) add("digests", name);
    for (const auto& [name, value] : arguments.pairs("expected")) {
        const auto kind = add("expected", name);
        if (!kind) continue;
        const std::string hex = ascii_lowered(value);
        const std::size_t digits = *kind == DigestKind::sha256 ? 64 : 128;
        if (hex.size() != digits ||
            hex.find_first_not_of("0123456789abcdef") != std::string::npos) {
            arguments.refuse("expected", "must give " + std::to_string(digits) +
                                             " hexadecimal digits for " + name);
        }
        request.expected.emplace(*kind, hex);
    }
    if (request.kinds.empty()) request.kinds.push_back(DigestKind::sha256);
    return request;
}

sdk::Outcome run_hash(const HashRequest& request, Task& task) {
    const auto digests = [&]() -> Result<std::string> {
        SLUICE_TRY(InputFile file, task.services.files.open_input(
                                       request.path, task.services.settings.limits.input_max));
        std::vector<Digest> running;
        for (const DigestKind kind : request.kinds) running.emplace_back(kind);
        SLUICE_TRY_STATUS(task.read(file, [&running](std::string_view bytes) {
            for (Digest& digest : running) digest.feed(bytes);
            return Status();
        }));
        std::string out;
        JsonWriter json(out);
        json.begin_object().key("path").string(request.path);
        json.key("bytes").unsigned_integer(file.size());
        for (std::size_t i = 0; i < running.size(); ++i) {
            const DigestKind kind = request.kinds[i];
            const std::string value = running[i].finish();
            json.key(to_string(kind)).string(value);
            const auto expected = request.expected.find(kind);
            if (expected == request.expected.end() || expected->second == value) continue;
            return fail(Code::corrupt, std::string(to_string(kind)) + " of \"" + request.path +
                                           "\" is " + value + ", not " + expected->second);
        }
        json.key("checked").boolean(!request.expected.empty()).end_object();
        return out;
    }();
    if (digests) return *digests;
    auto failure = to_failure(digests.error());
    if (digests.error().code == Code::corrupt) failure.errtype = "DigestMismatch";
    return failure;
}

struct TypeRequest {
    std::string path;
    std::size_t bytes;
};

Result<TypeRequest> read_type(Arguments& arguments, const Services&) {
    return TypeRequest{arguments.text("path"),
                       static_cast<std::size_t>(arguments.integer("bytes"))};
}

Result<std::string> run_type(const TypeRequest& request, Task& task) {
    SLUICE_TRY(InputFile file, task.services.files.open_input(
                                   request.path, task.services.settings.limits.input_max));
    std::string beginning(
        static_cast<std::size_t>(std::min<std::uint64_t>(file.size(), request.bytes)), '\0');
    std::size_t done = 0;
    while (done < beginning.size()) {
        SLUICE_TRY(const std::size_t count, file.read(std::span(beginning).subspan(done)));
        if (count == 0) break;
        done += count;
    }
    beginning.resize(done);
    SLUICE_TRY(const FileType type, type_of_bytes(beginning));
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("path").string(request.path);
    json.key("bytes").unsigned_integer(file.size());
    json.key("mime").string(type.mime);
    json.key("encoding").string(type.encoding);
    json.key("description").string(type.description).end_object();
    return out;
}

sdk::JobType file_hash(const SharedServices& services) {
    return with_handler(
        {
            .name = "file.hash",
            .summary = "Calculates digests of a file, and compares them with expected ones.",
            .schema =
                {.arguments =
                     {path_argument(),
                      {.name = "digests",
                       .kind = ArgumentKind::text_list,
                       .range = {0, 3},
                       .help = "which of `sha256`, `sha512` and `blake2b` (512 bits, as `b2sum`); "
                               "by default those of `expected`, or `sha256`. One pass for all"},
                      {.name = "expected",
                       .kind = ArgumentKind::pairs,
                       .help =
                           "what digests must be, as hexadecimal digits: `{\"sha256\": \"…\"}`. "
                           "Another one fails the job for good (`DigestMismatch`)"}},
                 .positions = 2},
            .result_help =
                R"(`path`, `bytes`, each digest by its name in lower case, `checked` (whether any was expected).)",
            .example =
                R"(sluice push file.hash logs/access.log '{"digests": ["sha256", "blake2b"]}')",
        },
        services, &read_hash, &run_hash);
}

sdk::JobType file_type(const SharedServices& services) {
    return with_handler(
        {
            .name = "file.type",
            .summary = "Tells what a file is by its content (libmagic), not by its name.",
            .schema = {.arguments = {path_argument(),
                                     {.name = "bytes",
                                      .kind = ArgumentKind::integer,
                                      .range = {1, 16'777'216},
                                      .fallback = "1048576",
                                      .help = "how many bytes from the beginning to look at"}},
                       .positions = 1},
            .result_help =
                R"(`path`, `bytes` (its size), `mime`, `encoding` (`us-ascii`, `utf-8`, `iso-8859-1`, `binary`, …), `description` (for people).)",
            .example = R"(sluice push file.type archive/harbour.zip)",
        },
        services, &read_type, &run_type);
}

}  // namespace

std::vector<sdk::JobType> file_check_types(const SharedServices& services) {
    return {file_hash(services), file_type(services)};
}

}  // namespace sluice::work
