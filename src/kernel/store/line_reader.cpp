// SPDX-License-Identifier: Apache-2.0
#include "kernel/store/line_reader.h"

#include "kernel/store/file_io.h"

#include <unistd.h>

#include <cerrno>

namespace sluice {
namespace {

constexpr std::size_t read_bytes = 256U << 10U;

}  // namespace

LineReader::~LineReader() { ::close(fd_); }

Result<bool> LineReader::fill() {
    if (faults_ != nullptr) {
        if (const auto v = faults_->check(FileOp::read); v.error != 0)
            return errno_error(v.error, "read", path_);
    }
    buffer_.erase(0, begin_);
    begin_ = 0;
    const std::size_t had = buffer_.size();
    if (had > line_max_.count) {
        return fail(Code::exhausted, "a line of " + path_ + " is longer than " +
                                         std::to_string(line_max_.count) + " bytes");
    }
    buffer_.resize(had + read_bytes);
    ssize_t n = 0;
    do {
        n = ::read(fd_, buffer_.data() + had, read_bytes);
    } while (n < 0 && errno == EINTR);
    const int error = errno;
    buffer_.resize(had + static_cast<std::size_t>(n > 0 ? n : 0));
    if (n < 0) return errno_error(error, "read", path_);
    return n > 0;
}

Result<std::optional<std::string_view>> LineReader::next() {
    std::size_t searched = begin_;
    for (;;) {
        const std::size_t end = buffer_.find('\n', searched);
        if (end != std::string::npos) {
            const auto line = std::string_view(buffer_).substr(begin_, end - begin_);
            begin_ = end + 1;
            return std::optional(line);
        }
        if (ended_) {
            if (begin_ == buffer_.size()) return std::optional<std::string_view>();
            const auto line = std::string_view(buffer_).substr(begin_);
            begin_ = buffer_.size();
            return std::optional(line);
        }
        searched = buffer_.size() - begin_;  // fill() moves what is left to the front
        SLUICE_TRY(const bool more, fill());
        ended_ = !more;
    }
}

}  // namespace sluice
