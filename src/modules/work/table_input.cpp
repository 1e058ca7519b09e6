// SPDX-License-Identifier: Apache-2.0
#include "modules/work/table_input.h"

#include "modules/work/core/utf8.h"
#include "modules/work/shell/codec.h"
#include "modules/work/shell/scratch_file.h"

#include <memory>
#include <vector>

namespace sluice::work {

namespace {

/// Between the bytes of the file and whoever takes the text.
class TextInput {
public:
    TextInput(Bytes text_max, const CancelToken& cancel,
              const std::function<Result<bool>(std::string_view)>& take)
        : text_max_(text_max), cancel_(cancel), take_(take) {}

    Status feed(std::string_view bytes) {
        if (read_.bytes == 0) {
            if (const auto format = detect_compression(bytes)) codec_ = make_decompressor(*format);
        }
        read_.bytes += bytes.size();
        return codec_ ? codec_->feed(bytes, sink_) : give(bytes);
    }
    Status finish() { return codec_ && !enough_ ? codec_->finish(sink_) : Status(); }
    [[nodiscard]] bool is_enough() const { return enough_; }
    [[nodiscard]] const TextRead& read() const { return read_; }

private:
    Status give(std::string_view bytes) {
        if (enough_) return {};
        // One piece of the file may be gigabytes of text.
        SLUICE_TRY_STATUS(cancel_.check());
        const bool first = read_.text_bytes == 0;
        read_.text_bytes += bytes.size();
        if (read_.text_bytes > text_max_.count) {
            return fail(Code::exhausted, "the decompressed text is larger than the limit of " +
                                             std::to_string(text_max_.count) + " bytes");
        }
        if (first && bytes.starts_with(byte_order_mark)) {
            bytes.remove_prefix(byte_order_mark.size());
        }
        SLUICE_TRY(const bool more, take_(bytes));
        enough_ = !more;
        return {};
    }

    Bytes text_max_;
    const CancelToken& cancel_;
    const std::function<Result<bool>(std::string_view)>& take_;
    Sink sink_ = [this](std::string_view bytes) { return give(bytes); };
    std::unique_ptr<Codec> codec_;
    TextRead read_;
    bool enough_ = false;
};

}  // namespace

Result<TextRead> read_text(Task& task, const std::string& path, ProgressPart part,
                           const std::function<Result<bool>(std::string_view)>& take) {
    const Services& services = task.services;
    SLUICE_TRY(InputFile file, services.files.open_input(path, services.settings.limits.input_max));
    TextInput input(services.settings.limits.input_max, task.cancel(), take);
    std::vector<char> piece(piece_bytes);
    for (;;) {
        SLUICE_TRY_STATUS(task.cancel().check());
        SLUICE_TRY(const std::size_t count, file.read(piece));
        if (count == 0) break;
        // A file may grow while it is read; what was promised by its size is the limit.
        if (input.read().bytes + count > file.size()) {
            return fail(Code::conflict, "the file grew while it was read");
        }
        SLUICE_TRY_STATUS(input.feed(std::string_view(piece.data(), count)));
        if (input.is_enough()) return input.read();
        const auto done = input.read().bytes;
        const auto share = static_cast<std::uint64_t>(part.to - part.from) * done / file.size();
        task.progress(part.from + static_cast<int>(share),
                      std::to_string(done) + " of " + std::to_string(file.size()) + " bytes");
    }
    SLUICE_TRY_STATUS(input.finish());
    return input.read();
}

std::vector<sdk::Argument> format_arguments() {
    return {{.name = "header",
             .kind = ArgumentKind::boolean,
             .fallback = "true",
             .help = "whether the first record names the columns; else they are called "
                     "`column 1`, `column 2`, …"},
            {.name = "delimiter",
             .choices = {"comma", "semicolon", "tab", "bar"},
             .fallback = "comma",
             .help = "what stands between two fields"}};
}

CsvFormat read_format(const Arguments& arguments) {
    return {.header = arguments.boolean("header"),
            .delimiter = std::string_view(",;\t|")[arguments.choice("delimiter")]};
}

MakeRunStore scratch_of(Task& task) {
    const std::uint64_t most = task.services.settings.limits.scratch_max.count;
    auto budget = std::make_shared<ScratchBudget>(ScratchBudget{most, most});
    return [&files = task.services.files, budget]() -> Result<std::unique_ptr<RunStore>> {
        SLUICE_TRY(OwnedFd fd, files.open_scratch());
        return std::unique_ptr<RunStore>(std::make_unique<ScratchFile>(std::move(fd), budget));
    };
}

}  // namespace sluice::work
