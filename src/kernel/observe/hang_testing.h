// SPDX-License-Identifier: Apache-2.0
// A place where a thread of a test hangs until it is let go. It hangs in a call of the C library:
// the thread sanitizer holds signals back until it sees one, and the futexes of our locks it does
// not see.
#pragma once

#include "kernel/base/check.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace sluice {

class HangingPlace {
public:
    HangingPlace() { SLUICE_CHECK(pipe2(ends_.data(), O_CLOEXEC) == 0); }
    HangingPlace(const HangingPlace&) = delete;
    HangingPlace& operator=(const HangingPlace&) = delete;
    ~HangingPlace() {
        let_go();
        close(ends_[0]);
    }

    /// Returns after let_go().
    void hang() {
        char byte = 0;
        while (read(ends_[0], &byte, 1) < 0 && errno == EINTR) {
        }
    }
    void let_go() {
        if (ends_[1] >= 0) close(ends_[1]);
        ends_[1] = -1;
    }

private:
    std::array<int, 2> ends_{-1, -1};
};

}  // namespace sluice
