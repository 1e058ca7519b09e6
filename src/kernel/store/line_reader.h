// SPDX-License-Identifier: Apache-2.0
// LineReader: a text file of any size, one line after the other, in bounded memory.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"
#include "kernel/store/faults.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

/// One owner. Made by FileIo::open_lines().
class LineReader {
public:
    ~LineReader();
    LineReader(const LineReader&) = delete;
    LineReader& operator=(const LineReader&) = delete;

    /// The next line without its LF, valid until the next call; nothing at the end. A last line
    /// without LF counts. Errors: exhausted (longer than the limit), io.
    Result<std::optional<std::string_view>> next();

private:
    friend class FileIo;
    LineReader(std::string path, int fd, Bytes line_max, std::shared_ptr<FaultInjector> faults)
        : path_(std::move(path)), fd_(fd), line_max_(line_max), faults_(std::move(faults)) {}
    Result<bool> fill();

    const std::string path_;
    const int fd_;
    const Bytes line_max_;
    std::shared_ptr<FaultInjector> faults_;
    std::string buffer_;
    std::size_t begin_ = 0;  ///< of what is not given yet
    bool ended_ = false;
};

}  // namespace sluice
