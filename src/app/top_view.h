// SPDX-License-Identifier: Apache-2.0
// One picture of `sluice top` from two readings of the server. Makes text; draws nothing.
#pragma once

#include "app/server_info.h"
#include "app/terminal.h"

#include <string>

namespace sluice::app {

struct TopReading {
    ServerInfo info;
    Instant at{};
};

/// `before` gives the rates; without one they are shown as "-". Fits into `size` when it is given
/// a real one; plain: without colours.
std::string top_picture(const TopReading& now, const TopReading* before, TerminalSize size,
                        bool plain);

}  // namespace sluice::app
