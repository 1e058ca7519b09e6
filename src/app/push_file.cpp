// SPDX-License-Identifier: Apache-2.0
// `sluice push --file`: a file of jobs, one a line, in bulk. Reads as it goes, so the file may be
// larger than memory; repeating a broken run pushes nothing twice.
#include "app/exit_code.h"
#include "app/human.h"
#include "app/progress.h"
#include "app/push.h"
#include "app/terminal.h"
#include "kernel/sync/clock.h"
#include "kernel/wire/json_reader.h"
#include "kernel/wire/json_text.h"
#include "sdk/protocol/reply.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <vector>

namespace sluice::app {

namespace {

constexpr std::size_t line_bytes_max = std::size_t{16} << 20;
constexpr std::uint64_t complaints_max = 20;

/// Lines of a file or of standard input, with their numbers.
class LineReader {
public:
    static Result<LineReader> open(const std::string& path) {
        std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
        if (file == nullptr) {
            return fail(Code::invalid, "cannot read " + path + ": " + std::strerror(errno));
        }
        struct stat status{};
        LineReader reader(file);
        if (fstat(fileno(file), &status) == 0) {
            if (S_ISDIR(status.st_mode)) return fail(Code::invalid, path + " is a folder");
            if (S_ISREG(status.st_mode)) reader.size_ = static_cast<std::uint64_t>(status.st_size);
        }
        return reader;
    }
    /// False at the end. Of a line that is too long the beginning is kept.
    bool next(std::string& line) {
        line.clear();
        is_too_long_ = false;
        int c = 0;
        while ((c = getc_unlocked(file_.get())) != EOF) {
            ++read_;
            if (c == '\n') break;
            if (line.size() < line_bytes_max)
                line += static_cast<char>(c);
            else
                is_too_long_ = true;
        }
        if (c == EOF && line.empty()) return false;
        if (!line.empty() && line.back() == '\r') line.pop_back();
        ++number_;
        return true;
    }
    [[nodiscard]] bool is_too_long() const { return is_too_long_; }
    [[nodiscard]] std::uint64_t number() const { return number_; }
    [[nodiscard]] std::uint64_t bytes_read() const { return read_; }
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] bool failed() const { return std::ferror(file_.get()) != 0; }

private:
    struct Close {
        void operator()(std::FILE* file) const {
            if (file != stdin) std::fclose(file);
        }
    };
    explicit LineReader(std::FILE* file) : file_(file) {}
    std::unique_ptr<std::FILE, Close> file_;
    bool is_too_long_ = false;
    std::uint64_t number_ = 0;
    std::uint64_t read_ = 0;
    std::uint64_t size_ = 0;
};

/// The state of one run.
class FilePush {
public:
    FilePush(const PushArguments& arguments, sdk::Client client, LineReader reader)
        : arguments_(arguments),
          client_(std::move(client)),
          reader_(std::move(reader)),
          progress_(!arguments.quiet && !arguments.server.json && is_terminal(STDERR_FILENO)) {}

    Status run();
    int report();

private:
    Status take_line(std::string_view line);
    Status send();
    Status complain(std::uint64_t number, const std::string& why);

    const PushArguments& arguments_;
    sdk::Client client_;
    LineReader reader_;
    Progress progress_;
    LineSettings settings_;
    std::string chunk_ = "PUSHB [";
    std::vector<std::pair<std::string, std::uint64_t>> chunk_jids_;  // with their lines
    std::uint64_t pushed_ = 0;
    std::uint64_t bad_ = 0;
    Instant began_ = monotonic_now();
};

/// The members that the options give, for lines that lack them.
Result<std::string> default_members(const PushArguments& arguments) {
    SLUICE_TRY(sdk::JobSpec spec, job_from(arguments, wall_now()));
    spec.type = "any";
    spec.jid = "placeholder";
    std::string job;
    SLUICE_TRY_STATUS(sdk::append_push_json(job, spec));
    JsonParser parser;
    SLUICE_TRY(const JsonView view, parser.parse(job));
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    for (const JsonMember member : view.members()) {
        if (member.name != "jid" && member.name != "jobtype" && member.name != "args")
            json.key(member.name).raw(member.value.raw());
    }
    json.end_object();
    return out;
}

Status FilePush::run() {
    settings_.type = arguments_.type;
    SLUICE_TRY(settings_.defaults, default_members(arguments_));
    const std::string name = std::filesystem::path(arguments_.file).filename().string();
    settings_.label = arguments_.run + '\n' + name;
    std::string line;
    while (reader_.next(line)) {
        if (line.find_first_not_of(" \t") == std::string::npos) continue;
        SLUICE_TRY_STATUS(take_line(line));
        progress_.show({.done = pushed_,
                        .bytes_done = reader_.bytes_read(),
                        .bytes_total = reader_.size(),
                        .noun = "jobs"});
    }
    if (reader_.failed()) return fail(Code::invalid, "cannot read " + arguments_.file);
    return send();
}

Status FilePush::take_line(std::string_view line) {
    if (reader_.is_too_long()) return complain(reader_.number(), "longer than 16 MiB");
    auto job = job_from_line(line, reader_.number(), settings_, wall_now());
    if (!job) return complain(reader_.number(), job.error().message);
    JsonParser parser;
    SLUICE_TRY(const JsonView view, parser.parse(*job));
    const auto jid = view.find("jid");
    chunk_jids_.emplace_back(jid ? jid->as_string().value_or("") : "", reader_.number());
    if (chunk_.back() != '[') chunk_ += ',';
    chunk_ += *job;
    const bool full = chunk_jids_.size() >= sdk::push_chunk_jobs_max ||
                      chunk_.size() >= sdk::push_chunk_bytes_max;
    return full ? send() : Status();
}

Status FilePush::send() {
    if (chunk_jids_.empty()) return {};
    SLUICE_TRY(const sdk::Reply reply, client_.call(chunk_ + ']'));
    if (reply.kind != sdk::ReplyKind::bulk) return sdk::error_of(reply);
    JsonParser parser;
    SLUICE_TRY(const JsonView json, parser.parse(reply.text));
    SLUICE_TRY(const auto refused, sdk::parse_refusals(json));
    pushed_ += chunk_jids_.size() - refused.size();
    for (const sdk::Refusal& refusal : refused) {
        std::uint64_t number = 0;
        for (const auto& [jid, line] : chunk_jids_) {
            if (jid == refusal.jid) number = line;
        }
        SLUICE_TRY_STATUS(complain(number, refusal.text));
    }
    chunk_ = "PUSHB [";
    chunk_jids_.clear();
    return {};
}

Status FilePush::complain(std::uint64_t number, const std::string& why) {
    ++bad_;
    const std::string place =
        arguments_.file + ':' + std::to_string(number) + ": " + printable(why, 300);
    if (arguments_.strict) {
        SLUICE_TRY_STATUS(send());  // what came before it is good
        return fail(Code::conflict, place + "\n  stopped there, as --strict asks for");
    }
    progress_.clear();
    if (bad_ <= complaints_max) {
        std::fprintf(stderr, "%s (skipped)\n", place.c_str());
    } else if (bad_ == complaints_max + 1) {
        std::fprintf(stderr, "… more bad lines follow; only their number is told at the end\n");
    }
    return {};
}

int FilePush::report() {
    progress_.clear();
    const Duration took = monotonic_now() - began_;
    const double seconds = to_seconds(took);
    const auto rate =
        static_cast<std::uint64_t>(static_cast<double>(pushed_) / std::max(seconds, 1e-6));
    if (arguments_.server.json) {
        std::string out;
        JsonWriter(out)
            .begin_object()
            .key("pushed")
            .unsigned_integer(pushed_)
            .key("skipped")
            .unsigned_integer(bad_)
            .key("lines")
            .unsigned_integer(reader_.number())
            .key("seconds")
            .number(seconds)
            .end_object();
        std::printf("%s\n", out.c_str());
    } else if (!arguments_.quiet) {
        std::printf("pushed %s in %s (%s/s)", human_count(pushed_, "job").c_str(),
                    human_duration(took).c_str(), human_count(rate).c_str());
        if (bad_ > 0) std::printf(", skipped %s", human_count(bad_, "bad line").c_str());
        std::printf("\n");
    }
    return bad_ == 0 ? exit_ok : exit_failed;
}

}  // namespace

Result<int> push_file(const PushArguments& arguments) {
    if (!arguments.values.empty() || !arguments.args.empty() || !arguments.jid.empty() ||
        arguments.wait) {
        return fail(Code::invalid,
                    "--file takes the arguments and ids from its lines; it cannot "
                    "be used with ARGS, --args, --jid or --wait");
    }
    SLUICE_TRY(LineReader reader, LineReader::open(arguments.file));
    SLUICE_TRY(sdk::Client client, open_client(arguments.server));
    FilePush push(arguments, std::move(client), std::move(reader));
    const Status status = push.run();
    if (!status) {
        Error error = status.error();
        if (error.code == Code::io || error.code == Code::timeout)
            error.message +=
                "\n  the same command again goes on where this one stopped, and pushes "
                "nothing twice";
        push.report();
        return error;
    }
    return push.report();
}

}  // namespace sluice::app
