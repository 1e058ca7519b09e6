// SPDX-License-Identifier: Apache-2.0
// For tests only: a small file system of its own. It hangs in no folder, only on the descriptor
// that path() leads through, so it is gone with the test's process, however that ends.
#pragma once

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "scratch_folder.h"

namespace sluice {

class ScratchDisk {
public:
    /// A tmpfs with room for so many bytes. `flags` are those of mount(2).
    explicit ScratchDisk(std::size_t bytes, unsigned long flags = 0) {
        const ScratchFolder folder;
        const char* place = folder.path().c_str();
        const std::string size = "size=" + std::to_string(bytes);
        if (::mount("tmpfs", place, "tmpfs", flags, size.c_str()) != 0) return;
        descriptor_ = ::open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
        EXPECT_EQ(::umount2(place, MNT_DETACH), 0);
    }
    ~ScratchDisk() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    ScratchDisk(const ScratchDisk&) = delete;
    ScratchDisk& operator=(const ScratchDisk&) = delete;

    /// False where this user may not mount; then a test is skipped for the lack of it.
    [[nodiscard]] bool is_there() const { return descriptor_ >= 0; }
    [[nodiscard]] std::string path() const {
        return "/proc/self/fd/" + std::to_string(descriptor_);
    }
    [[nodiscard]] std::string operator/(std::string_view name) const {
        return path() + "/" + std::string(name);
    }

    static constexpr const char* lack = "this user may not mount a small file system; root may";

private:
    int descriptor_ = -1;
};

}  // namespace sluice
