// SPDX-License-Identifier: Apache-2.0
#include "sdk/spool.h"

#include "sdk/job_spec.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::sdk {

namespace {

constexpr std::string_view file_prefix = "answers-";
constexpr std::string_view file_suffix = ".spool";
constexpr std::size_t record_bytes_max = std::size_t{64} << 20;
/// Stands where a record would have its size: here the answers end.
constexpr std::uint64_t end_mark = UINT64_MAX;
/// A file that is larger than this is cut when its answers are delivered.
constexpr std::uint64_t kept_bytes = std::uint64_t{1} << 20;

/// FNV-1a: it has to notice what is torn or spoilt, not what is forged.
std::uint64_t check_sum(std::string_view bytes) {
    std::uint64_t sum = 0xcbf29ce484222325;
    for (const char c : bytes) {
        sum ^= static_cast<unsigned char>(c);
        sum *= 0x100000001b3;
    }
    return sum;
}

void put(std::string& out, std::uint64_t value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void put(std::string& out, std::string_view text) {
    put(out, std::uint64_t{text.size()});
    out += text;
}

/// False in `good` once something was missing.
struct Take {
    std::string_view rest;
    bool good = true;

    std::uint64_t number() {
        std::uint64_t value = 0;
        if (rest.size() < sizeof value) {
            good = false;
            return 0;
        }
        std::memcpy(&value, rest.data(), sizeof value);
        rest.remove_prefix(sizeof value);
        return value;
    }
    std::string text() {
        const std::uint64_t size = number();
        if (size > rest.size()) {
            good = false;
            return {};
        }
        std::string copy(rest.substr(0, size));
        rest.remove_prefix(size);
        return copy;
    }
};

Error io_error(const std::string& what) {
    return fail(Code::io, what + ": " + std::generic_category().message(errno));
}

std::string header(const std::string& server) { return "sluice-spool 1 " + server + '\n'; }

}  // namespace

void append_spool_record(std::string& out, const Answer& answer) {
    std::string body;
    put(body, static_cast<std::uint64_t>(answer.kind));
    put(body, answer.lease);
    put(body, answer.jid);
    put(body, answer.result);
    put(body, answer.failure.errtype);
    put(body, answer.failure.message);
    put(body, std::uint64_t{answer.failure.final});
    put(body, std::uint64_t{answer.failure.retry_in.has_value()});
    put(body, static_cast<std::uint64_t>(answer.failure.retry_in.value_or(Duration{0}).count()));
    put(out, std::uint64_t{body.size()});
    put(out, check_sum(body));
    out += body;
}

std::vector<Answer> read_spool_records(std::string_view bytes) {
    std::vector<Answer> answers;
    Take file{.rest = bytes};
    for (;;) {
        const std::uint64_t size = file.number();
        const std::uint64_t sum = file.number();
        if (!file.good || size > file.rest.size() || size > record_bytes_max) return answers;
        const std::string_view body = file.rest.substr(0, size);
        if (check_sum(body) != sum) return answers;
        file.rest.remove_prefix(size);
        Take in{.rest = body};
        Answer answer;
        const std::uint64_t kind = in.number();
        answer.kind = static_cast<Answer::Kind>(kind);
        answer.lease = in.number();
        answer.jid = in.text();
        answer.result = in.text();
        answer.failure.errtype = in.text();
        answer.failure.message = in.text();
        answer.failure.final = in.number() != 0;
        const bool has_retry = in.number() != 0;
        const Duration retry_in{static_cast<std::int64_t>(in.number())};
        if (has_retry) answer.failure.retry_in = retry_in;
        if (!in.good || kind > static_cast<std::uint64_t>(Answer::Kind::requeue)) return answers;
        answers.push_back(std::move(answer));
    }
}

/// A locked file of answers.
class Spool::File {
public:
    /// Errors: busy (another process has it), io.
    static Result<std::unique_ptr<File>> open(const std::string& path, int flags) {
        const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
        if (fd < 0) return io_error(path);
        auto file = std::make_unique<File>(path, fd);
        if (::flock(fd, LOCK_EX | LOCK_NB) != 0) return fail(Code::busy, path + " is in use");
        // Between open and lock its last owner may have removed it.
        struct stat here{};
        struct stat there{};
        if (::fstat(fd, &here) != 0 || ::stat(path.c_str(), &there) != 0 ||
            here.st_ino != there.st_ino) {
            return fail(Code::busy, path + " is gone");
        }
        return file;
    }
    File(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
    ~File() { ::close(fd_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    Result<std::string> read(std::uint64_t bytes_max) const {
        std::string text(bytes_max, '\0');
        std::size_t size = 0;
        while (size < text.size()) {
            const ssize_t count =
                ::pread(fd_, text.data() + size, text.size() - size, static_cast<off_t>(size));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return io_error(path_);
            if (count == 0) break;
            size += static_cast<std::size_t>(count);
        }
        text.resize(size);
        return text;
    }
    /// After an error the file is no longer than `place`.
    Status write_at(std::uint64_t place, std::string_view bytes) const {
        std::size_t done = 0;
        while (done < bytes.size()) {
            const ssize_t count = ::pwrite(fd_, bytes.data() + done, bytes.size() - done,
                                           static_cast<off_t>(place + done));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) {
                Error error = io_error(path_);
                [[maybe_unused]] const int cut = ::ftruncate(fd_, static_cast<off_t>(place));
                return error;
            }
            done += static_cast<std::size_t>(count);
        }
        return {};
    }
    Status sync() const {
        if (::fdatasync(fd_) != 0) return io_error(path_);
        return {};
    }
    Status cut(std::uint64_t size) const {
        if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return io_error(path_);
        return {};
    }
    void remove() const { ::unlink(path_.c_str()); }

private:
    std::string path_;
    int fd_;
};

Spool::Spool(Options options, std::unique_ptr<File> own)
    : options_(std::move(options)), own_(std::move(own)) {}
Spool::Spool(Spool&&) noexcept = default;

Spool::~Spool() {
    // A file without answers is of no use to anybody.
    if (own_ && bytes_ == 0) own_->remove();
}

Result<Spool> Spool::open(const Options& options) {
    std::error_code error;
    std::filesystem::create_directories(options.folder, error);
    if (error) {
        return fail(Code::io, "the folder \"" + options.folder +
                                  "\" cannot be used for the spool: " + error.message());
    }
    std::vector<std::string> left;
    for (std::filesystem::directory_iterator at(options.folder, error), end; !error && at != end;
         at.increment(error)) {
        const std::string name = at->path().filename().string();
        if (name.starts_with(file_prefix) && name.ends_with(file_suffix)) {
            left.push_back(at->path().string());
        }
    }
    if (error) return fail(Code::io, options.folder + ": " + error.message());
    const std::string path =
        options.folder + '/' + std::string(file_prefix) + new_jid() + std::string(file_suffix);
    SLUICE_TRY(auto own, File::open(path, O_CREAT | O_EXCL));
    SLUICE_TRY_STATUS(own->write_at(0, header(options.server)));
    Spool spool(options, std::move(own));
    for (const std::string& one : left) spool.take_over(one);
    return spool;
}

void Spool::take_over(const std::string& path) {
    auto file = File::open(path, 0);
    if (!file) return;  // its worker lives
    const auto bytes = (*file)->read(options_.bytes_max.count + record_bytes_max);
    const std::string expected = header(options_.server);
    // Of another server: for a worker of that one.
    if (!bytes || !bytes->starts_with(expected)) return;
    auto answers = read_spool_records(std::string_view(*bytes).substr(expected.size()));
    std::move(answers.begin(), answers.end(), std::back_inserter(recovered_));
    left_.push_back(*std::move(file));
}

std::vector<Answer> Spool::take_recovered() { return std::exchange(recovered_, {}); }

Status Spool::append(const std::vector<const Answer*>& answers) {
    std::string bytes;
    for (const Answer* answer : answers) append_spool_record(bytes, *answer);
    if (bytes_ + bytes.size() > options_.bytes_max.count) {
        return fail(Code::exhausted, "the spool has no room for more answers");
    }
    const std::size_t added = bytes.size();
    // Behind them are records of answers that are delivered.
    if (bytes_ + added < size_) put(bytes, end_mark);
    is_synced_ = false;
    const Status written = own_->write_at(header(options_.server).size() + bytes_, bytes);
    size_ = written ? std::max(size_, bytes_ + bytes.size()) : bytes_;
    SLUICE_TRY_STATUS(written);
    bytes_ += added;
    return {};
}

Status Spool::sync() {
    if (is_synced_) return {};
    SLUICE_TRY_STATUS(own_->sync());
    is_synced_ = true;
    return {};
}

Status Spool::clear() {
    for (const auto& file : left_) file->remove();
    left_.clear();
    if (bytes_ == 0) return {};
    bytes_ = 0;
    is_synced_ = false;
    if (size_ > kept_bytes) {
        size_ = 0;
        return own_->cut(header(options_.server).size());
    }
    std::string mark;
    put(mark, end_mark);
    return own_->write_at(header(options_.server).size(), mark);
}

}  // namespace sluice::sdk
