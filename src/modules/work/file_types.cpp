// SPDX-License-Identifier: Apache-2.0
// file.compress and file.decompress.
#include "kernel/wire/json_text.h"
#include "modules/work/shell/codec.h"
#include "modules/work/shell/sha256.h"
#include "modules/work/task.h"

#include <optional>

namespace sluice::work {

namespace {

/// Until this much output the ratio is not judged: small files may be all the same byte.
constexpr std::uint64_t ratio_free_bytes = 1024 * 1024;

struct Format {
    Compression compression;
    std::string_view ending;
    int level_usual;
    int level_max;
};
constexpr Format formats[] = {
    {Compression::gzip, ".gz", 6, 9},
    {Compression::zstd, ".zst", 3, 19},
    {Compression::xz, ".xz", 6, 6},
};

struct CompressRequest {
    std::string path;
    std::string output;
    Compression format;
    int level;
};

Result<CompressRequest> read_compress(Arguments& arguments, const Services&) {
    CompressRequest request;
    request.path = arguments.text("path");
    const auto output = arguments.text_if_given("output");
    const auto format = arguments.text_if_given("format");
    const Format* chosen = &formats[0];
    for (const Format& row : formats) {
        if (format ? to_string(row.compression) == *format
                   : output && output->ends_with(row.ending)) {
            chosen = &row;
        }
    }
    request.format = chosen->compression;
    request.output = output.value_or(request.path + std::string(chosen->ending));
    request.level =
        static_cast<int>(arguments.integer_if_given("level").value_or(chosen->level_usual));
    if (request.level > chosen->level_max) {
        arguments.refuse("level", "must be at most " + std::to_string(chosen->level_max) + " for " +
                                      std::string(to_string(request.format)));
    }
    return request;
}

struct Sizes {
    std::uint64_t input = 0;
    std::uint64_t output = 0;
};

std::string file_result(const std::string& output, Compression format, Sizes sizes,
                        std::string_view digest) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("output").string(output);
    json.key("format").string(to_string(format));
    json.key("input_bytes").unsigned_integer(sizes.input);
    json.key("output_bytes").unsigned_integer(sizes.output);
    json.key("sha256").string(digest).end_object();
    return out;
}

Result<std::string> run_compress(const CompressRequest& request, Task& task) {
    const auto& settings = task.services.settings;
    const auto& files = task.services.files;
    SLUICE_TRY(InputFile file, files.open_input(request.path, settings.limits.input_max));
    SLUICE_TRY(OutputFile output, files.open_output(request.output, settings.limits.output_max));
    const auto codec = make_compressor(request.format, request.level);
    const Sink sink = [&output](std::string_view bytes) { return output.write(bytes); };
    Sha256 digest;
    SLUICE_TRY_STATUS(task.read(file, [&](std::string_view bytes) {
        digest.feed(bytes);
        return codec->feed(bytes, sink);
    }));
    SLUICE_TRY_STATUS(codec->finish(sink));
    SLUICE_TRY_STATUS(output.commit());
    return file_result(request.output, request.format, {file.size(), output.bytes()},
                       digest.finish());
}

struct DecompressRequest {
    std::string path;
    std::string output;
};

Result<DecompressRequest> read_decompress(Arguments& arguments, const Services&) {
    DecompressRequest request;
    request.path = arguments.text("path");
    if (const auto output = arguments.text_if_given("output")) {
        request.output = *output;
    } else {
        request.output = request.path;
        for (const Format& row : formats) {
            if (!request.output.ends_with(row.ending)) continue;
            request.output.resize(request.output.size() - row.ending.size());
            break;
        }
        if (request.output == request.path) {
            arguments.refuse("output", "is missing, and `path` does not end with .gz, .zst or .xz");
        }
    }
    return request;
}

/// One decompression: the codec is chosen by the first piece, and what comes out is counted
/// against what went in.
class Decompression {
public:
    Decompression(Task& task, OutputFile& output) : task_(task), output_(output) {}

    Status feed(std::string_view bytes) {
        if (!codec_) {
            format_ = detect_compression(bytes);
            if (!format_) return fail(Code::invalid, "neither gzip, zstd nor xz data");
            codec_ = make_decompressor(*format_);
        }
        input_ += bytes.size();
        return codec_->feed(bytes, sink_);
    }
    Status finish() {
        if (!codec_) return fail(Code::invalid, "an empty file is neither gzip, zstd nor xz data");
        return codec_->finish(sink_);
    }
    [[nodiscard]] Compression format() const { return *format_; }
    [[nodiscard]] std::string digest() { return digest_.finish(); }

private:
    Status take(std::string_view bytes) {
        SLUICE_TRY_STATUS(task_.cancel().check());
        const std::uint64_t after = output_.bytes() + bytes.size();
        const std::uint64_t ratio_max = task_.services.settings.limits.ratio_max;
        if (after > ratio_free_bytes && after / ratio_max > input_) {
            return fail(Code::exhausted, "more than " + std::to_string(ratio_max) +
                                             " times as much comes out as went in: this looks "
                                             "like a decompression bomb");
        }
        digest_.feed(bytes);
        return output_.write(bytes);
    }

    Task& task_;
    OutputFile& output_;
    Sink sink_ = [this](std::string_view bytes) { return take(bytes); };
    std::unique_ptr<Codec> codec_;
    std::optional<Compression> format_;
    Sha256 digest_;
    std::uint64_t input_ = 0;
};

Result<std::string> run_decompress(const DecompressRequest& request, Task& task) {
    const auto& settings = task.services.settings;
    const auto& files = task.services.files;
    SLUICE_TRY(InputFile file, files.open_input(request.path, settings.limits.input_max));
    SLUICE_TRY(OutputFile output, files.open_output(request.output, settings.limits.output_max));
    Decompression decompression(task, output);
    SLUICE_TRY_STATUS(task.read(
        file, [&decompression](std::string_view bytes) { return decompression.feed(bytes); }));
    SLUICE_TRY_STATUS(decompression.finish());
    SLUICE_TRY_STATUS(output.commit());
    return file_result(request.output, decompression.format(), {file.size(), output.bytes()},
                       decompression.digest());
}

}  // namespace

sdk::JobType file_compress(const SharedServices& services) {
    return with_handler(
        {
            .name = "file.compress",
            .summary = "Compresses a file with gzip, zstd or xz.",
            .schema = {.arguments = {path_argument(),
                                     {.name = "output",
                                      .help = "below the folder for writing; replaced at once when "
                                              "the job is done. By default `path` with `.gz`, "
                                              "`.zst` or `.xz`"},
                                     {.name = "format",
                                      .choices = {"gzip", "zstd", "xz"},
                                      .help = "by default zstd or xz if `output` ends with `.zst` "
                                              "or `.xz`, else gzip"},
                                     {.name = "level",
                                      .kind = ArgumentKind::integer,
                                      .range = {1, 19},
                                      .help = "by default 6 for gzip, which goes up to 9, 3 for "
                                              "zstd, and 6 for xz, its highest here"}},
                       .positions = 2},
            .result_help =
                R"(`output`, `format`, `input_bytes`, `output_bytes`, `sha256` of the content before compression.)",
            .example = R"(sluice push file.compress logs/access.log access.log.zst '{"level": 9}')",
        },
        services, &read_compress, &run_compress);
}

sdk::JobType file_decompress(const SharedServices& services) {
    return with_handler(
        {
            .name = "file.decompress",
            .summary =
                "Decompresses a gzip, zstd or xz file; which of them is told by its content.",
            .schema =
                {.arguments = {path_argument(),
                               {.name = "output",
                                .help = "below the folder for writing; replaced at once when "
                                        "the job is done. By default `path` without `.gz`, "
                                        "`.zst` or `.xz`"}},
                 .positions = 2,
                 .notes =
                     R"(The worker limits the size of the output (1 GiB) and, after the first MiB, its size by the input's (300 to 1), against decompression bombs. Damaged and cut-off files fail for good.)"},
            .result_help =
                R"(`output`, `format`, `input_bytes`, `output_bytes`, `sha256` of the content.)",
            .example = R"(sluice push file.decompress archive/orders-2025.csv.gz)",
        },
        services, &read_decompress, &run_decompress);
}

}  // namespace sluice::work
