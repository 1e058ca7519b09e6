// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/proc_files.h"

#include "kernel/net/owned_fd.h"
#include "modules/work/shell/beneath.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace sluice::work {

namespace {
constexpr std::size_t bytes_max = std::size_t{4} << 20;
}

Result<std::string> read_proc(std::string_view name) {
    const std::string path = "/proc/" + std::string(name);
    const OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return open_error(errno, path);
    std::string text;
    std::array<char, 16 * 1024> piece{};
    while (text.size() < bytes_max) {
        const ssize_t count = ::read(fd.get(), piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail(Code::io, path + ": " + said(errno));
        if (count == 0) break;
        text.append(piece.data(), static_cast<std::size_t>(count));
    }
    return text;
}

}  // namespace sluice::work
