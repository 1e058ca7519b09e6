// SPDX-License-Identifier: Apache-2.0
// text.wordcount and text.convert.
#include "kernel/wire/json_text.h"
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

Result<CountRequest> read_count(Arguments& arguments, const Services&) {
    CountRequest request;
    request.path = arguments.text("path");
    request.encoding = arguments.text("encoding");
    request.top = static_cast<std::size_t>(arguments.integer("top"));
    if (const auto charset = Charset::open(request.encoding, "UTF-8", OnUnknown::replace);
        !charset) {
        arguments.refuse("encoding", "is an " + charset.error().message);
    }
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
    const auto& settings = task.services.settings;
    const auto& files = task.services.files;
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

Result<ConvertRequest> read_convert(Arguments& arguments, const Services&) {
    ConvertRequest request;
    request.path = arguments.text("path");
    request.output = arguments.text("output");
    request.from = arguments.text("from");
    request.to = arguments.text("to");
    request.letter_case = static_cast<LetterCase>(arguments.choice("case"));
    request.line_ending = static_cast<LineEnding>(arguments.choice("line_endings"));
    request.unknown = static_cast<OnUnknown>(arguments.choice("on_unknown"));
    const auto judge = [&arguments](std::string_view name, const Result<Charset>& opened) {
        if (!opened) arguments.refuse(name, "is an " + opened.error().message);
    };
    judge("from", Charset::open(request.from, "UTF-8", request.unknown));
    judge("to", Charset::open("UTF-8", request.to, request.unknown));
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
    const auto& settings = task.services.settings;
    const auto& files = task.services.files;
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
    return with_handler(
        {
            .name = "text.wordcount",
            .summary = "Counts lines, words and characters of a text, and its most frequent words.",
            .schema = {.arguments = {path_argument(),
                                     {.name = "top",
                                      .kind = ArgumentKind::integer,
                                      .range = {0, 1000},
                                      .fallback = "10",
                                      .help = "how many of the most frequent words to give"},
                                     {.name = "encoding",
                                      .fallback = "UTF-8",
                                      .help =
                                          "of the file, as iconv names it. What is no character "
                                          "counts as one character"}},
                       .positions = 1},
            .result_help =
                R"(`bytes`, `lines`, `words` (as `wc` counts them), `characters`, `invalid` (pieces that are not of the encoding), `longest_line` (characters), `distinct_words`, `distinct_capped` (true beyond 500,000 different words), and `top`: objects of `word` (lower case, runs of letters and digits with inner apostrophes and hyphens) and `count`. Bytes are those of the text in UTF-8.)",
            .example = R"(sluice push text.wordcount texts/lighthouse.txt '{"top": 3}')",
        },
        services, &read_count, &run_count);
}

sdk::JobType text_convert(const SharedServices& services) {
    return with_handler(
        {
            .name = "text.convert",
            .summary = "Changes the encoding, case and line ends of a text.",
            .schema =
                {.arguments =
                     {path_argument(),
                      output_argument(),
                      {.name = "from",
                       .fallback = "UTF-8",
                       .help = "encoding of the file, as iconv names it. A byte order mark at "
                               "the beginning is dropped"},
                      {.name = "to",
                       .fallback = "UTF-8",
                       .help = "encoding of the result; `UTF-16` writes a byte order mark"},
                      {.name = "case",
                       .choices = {"keep", "lower", "upper", "title"},
                       .fallback = "keep",
                       .help = "of Latin, Greek, Cyrillic and Armenian letters"},
                      {.name = "line_endings",
                       .choices = {"keep", "lf", "crlf", "cr"},
                       .fallback = "keep",
                       .help = "what every line ends with"},
                      {.name = "on_unknown",
                       .choices = {"refuse", "replace"},
                       .fallback = "refuse",
                       .help = "what happens to bytes that are not of the source and "
                               "characters that the target lacks: the job fails, or U+FFFD or "
                               "`?` stands for them"}},
                 .positions = 2},
            .result_help =
                R"(`output`, `bytes`, `characters`, `lines` (line ends of any kind), `replaced`, `sha256` of the output.)",
            .example =
                R"(sluice push text.convert texts/latin1-letter.txt letter-utf8.txt '{"from": "ISO-8859-1", "line_endings": "lf"}')",
        },
        services, &read_convert, &run_convert);
}

}  // namespace sluice::work
