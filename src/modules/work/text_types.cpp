// SPDX-License-Identifier: Apache-2.0
// text.wordcount and text.convert.
#include "kernel/wire/json_text.h"
#include "modules/work/core/arguments.h"
#include "modules/work/core/text_transform.h"
#include "modules/work/core/word_count.h"
#include "modules/work/shell/charset.h"
#include "modules/work/shell/sha256.h"
#include "modules/work/task.h"

#include <optional>

namespace sluice::work {

namespace {

struct CountRequest {
    std::string path;
    std::string encoding;
    std::size_t top;
};

Result<CountRequest> read_count(const std::string& args, const Services&) {
    SLUICE_TRY(Arguments arguments, Arguments::parse(args, {"path"}));
    CountRequest request;
    request.path = arguments.text("path");
    request.encoding = arguments.text_if_given("encoding").value_or("UTF-8");
    request.top = static_cast<std::size_t>(arguments.integer_or("top", 10, {0, 1000}));
    if (const auto charset = Charset::open(request.encoding, "UTF-8", OnUnknown::replace);
        !charset) {
        arguments.refuse("encoding", "is an " + charset.error().message);
    }
    SLUICE_TRY_STATUS(arguments.finish());
    return request;
}

std::string count_result(const CountRequest& request, const WordCounter& counter) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("path").string(request.path);
    json.key("bytes").unsigned_integer(counter.bytes());
    json.key("lines").unsigned_integer(counter.lines());
    json.key("words").unsigned_integer(counter.words());
    json.key("characters").unsigned_integer(counter.characters());
    json.key("invalid").unsigned_integer(counter.invalid());
    json.key("longest_line").unsigned_integer(counter.longest_line());
    json.key("distinct_words").unsigned_integer(counter.distinct());
    json.key("distinct_capped").boolean(counter.distinct_capped());
    json.key("top").begin_array();
    for (const auto& [word, count] : counter.top(request.top)) {
        json.begin_object().key("word").string(word).key("count").unsigned_integer(count);
        json.end_object();
    }
    json.end_array().end_object();
    return out;
}

Result<std::string> run_count(const CountRequest& request, Task& task) {
    const auto& [settings, files, rules] = task.services;
    SLUICE_TRY(InputFile file, files.open_input(request.path, settings.limits.input_max));
    WordCounter counter;
    const auto take = [&counter](std::string_view bytes) {
        counter.feed(bytes);
        return Status();
    };
    if (request.encoding == "UTF-8") {
        SLUICE_TRY_STATUS(task.read(file, take));
    } else {
        SLUICE_TRY(Charset charset, Charset::open(request.encoding, "UTF-8", OnUnknown::replace));
        std::string decoded;
        const auto decode = [&](std::string_view bytes) -> Status {
            decoded.clear();
            SLUICE_TRY_STATUS(charset.feed(bytes, decoded));
            return take(decoded);
        };
        SLUICE_TRY_STATUS(task.read(file, decode));
        decoded.clear();
        SLUICE_TRY_STATUS(charset.finish(decoded));
        counter.feed(decoded);
    }
    counter.finish();
    return count_result(request, counter);
}

struct ConvertRequest {
    std::string path;
    std::string output;
    std::string from;
    std::string to;
    LetterCase letter_case;
    LineEnding line_ending;
    OnUnknown unknown;
};

Result<ConvertRequest> read_convert(const std::string& args, const Services&) {
    SLUICE_TRY(Arguments arguments, Arguments::parse(args, {"path", "output"}));
    ConvertRequest request;
    request.path = arguments.text("path");
    request.output = arguments.text("output");
    request.from = arguments.text_if_given("from").value_or("UTF-8");
    request.to = arguments.text_if_given("to").value_or("UTF-8");
    request.letter_case =
        static_cast<LetterCase>(arguments.choice("case", {"keep", "lower", "upper", "title"}));
    request.line_ending =
        static_cast<LineEnding>(arguments.choice("line_endings", {"keep", "lf", "crlf", "cr"}));
    request.unknown = static_cast<OnUnknown>(arguments.choice("on_unknown", {"refuse", "replace"}));
    const auto judge = [&arguments](std::string_view name, const std::string& charset) {
        const auto opened = Charset::open(charset, "UTF-8", OnUnknown::refuse);
        if (!opened) arguments.refuse(name, "is an " + opened.error().message);
    };
    judge("from", request.from);
    judge("to", request.to);
    SLUICE_TRY_STATUS(arguments.finish());
    return request;
}

/// Bytes of one encoding through UTF-8, where the text is changed, to bytes of another.
class Conversion {
public:
    static Result<Conversion> open(const ConvertRequest& request) {
        SLUICE_TRY(Charset in, Charset::open(request.from, "UTF-8", request.unknown));
        SLUICE_TRY(Charset out, Charset::open("UTF-8", request.to, request.unknown));
        return Conversion(std::move(in), std::move(out),
                          TextTransform(request.letter_case, request.line_ending));
    }

    /// Appends to `out`.
    Status feed(std::string_view bytes, std::string& out) {
        decoded_.clear();
        SLUICE_TRY_STATUS(in_.feed(bytes, decoded_));
        return pass(out, false);
    }
    Status finish(std::string& out) {
        decoded_.clear();
        SLUICE_TRY_STATUS(in_.finish(decoded_));
        SLUICE_TRY_STATUS(pass(out, true));
        return out_.finish(out);
    }
    [[nodiscard]] const TextTransform& transform() const { return transform_; }
    [[nodiscard]] std::uint64_t replaced() const { return in_.replaced() + out_.replaced(); }

private:
    Conversion(Charset in, Charset out, TextTransform transform)
        : in_(std::move(in)), out_(std::move(out)), transform_(transform) {}

    Status pass(std::string& out, bool last) {
        std::string_view text = decoded_;
        // A byte order mark told the encoding and is not part of the text.
        constexpr std::string_view mark = "\xEF\xBB\xBF";
        if (at_start_ && text.starts_with(mark)) text.remove_prefix(mark.size());
        if (!decoded_.empty()) at_start_ = false;
        changed_.clear();
        transform_.feed(text, changed_);
        if (last) transform_.finish(changed_);
        return out_.feed(changed_, out);
    }

    Charset in_;
    Charset out_;
    TextTransform transform_;
    bool at_start_ = true;
    std::string decoded_;
    std::string changed_;
};

Result<std::string> run_convert(const ConvertRequest& request, Task& task) {
    const auto& [settings, files, rules] = task.services;
    SLUICE_TRY(InputFile file, files.open_input(request.path, settings.limits.input_max));
    SLUICE_TRY(OutputFile output, files.open_output(request.output, settings.limits.output_max));
    SLUICE_TRY(Conversion conversion, Conversion::open(request));
    Sha256 digest;
    std::string piece;
    const auto put = [&] {
        digest.feed(piece);
        const Status written = output.write(piece);
        piece.clear();
        return written;
    };
    const auto convert = [&](std::string_view bytes) -> Status {
        SLUICE_TRY_STATUS(conversion.feed(bytes, piece));
        return put();
    };
    SLUICE_TRY_STATUS(task.read(file, convert));
    SLUICE_TRY_STATUS(conversion.finish(piece));
    SLUICE_TRY_STATUS(put());
    SLUICE_TRY_STATUS(output.commit());
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("output").string(request.output);
    json.key("bytes").unsigned_integer(output.bytes());
    json.key("characters").unsigned_integer(conversion.transform().characters());
    json.key("lines").unsigned_integer(conversion.transform().lines());
    json.key("replaced").unsigned_integer(conversion.replaced());
    json.key("sha256").string(digest.finish()).end_object();
    return out;
}

}  // namespace

sdk::JobType text_wordcount(const SharedServices& services) {
    return {
        .name = "text.wordcount",
        .summary = "Counts lines, words and characters of a text, and its most frequent words.",
        .arguments_help =
            R"(- `path` (text, required, first value): the file, below a folder for reading.
- `top` (0 to 1000, default 10): how many of the most frequent words to give.
- `encoding` (text, default `UTF-8`): of the file, as iconv names it. What is no character counts as one character.)",
        .result_help =
            R"(`bytes`, `lines`, `words` (as `wc` counts them), `characters`, `invalid` (pieces that are not of the encoding), `longest_line` (characters), `distinct_words`, `distinct_capped` (true beyond 500,000 different words), and `top`: objects of `word` (lower case, runs of letters and digits with inner apostrophes and hyphens) and `count`. Bytes are those of the text in UTF-8.)",
        .example = R"(sluice push text.wordcount texts/lighthouse.txt '{"top": 3}')",
        .run = handler(services, &read_count, &run_count),
    };
}

sdk::JobType text_convert(const SharedServices& services) {
    return {
        .name = "text.convert",
        .summary = "Changes the encoding, case and line ends of a text.",
        .arguments_help =
            R"(- `path` (text, required, first value): the file, below a folder for reading.
- `output` (text, required, second value): where the result goes, below the folder for writing; replaced at once when the job is done.
- `from`, `to` (text, default `UTF-8`): encodings as iconv names them. A byte order mark at the beginning is dropped; `UTF-16` as target writes one.
- `case`: `keep` (default), `lower`, `upper` or `title`; Latin, Greek, Cyrillic and Armenian letters.
- `line_endings`: `keep` (default), `lf`, `crlf` or `cr`.
- `on_unknown`: `refuse` (default: the job fails) or `replace` (by U+FFFD or `?`), for bytes that are not of the source and characters that the target lacks.)",
        .result_help =
            R"(`output`, `bytes`, `characters`, `lines` (line ends of any kind), `replaced`, `sha256` of the output.)",
        .example =
            R"(sluice push text.convert texts/latin1-letter.txt letter-utf8.txt '{"from": "ISO-8859-1", "line_endings": "lf"}')",
        .run = handler(services, &read_convert, &run_convert),
    };
}

}  // namespace sluice::work
