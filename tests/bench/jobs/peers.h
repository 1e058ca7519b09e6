// SPDX-License-Identifier: Apache-2.0
// Other queues on the same machine, told to sync every write: how they are started, and what their
// producers and workers say.
#pragma once

#include "load.h"
#include "options.h"
#include "process.h"
#include "roles.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sluice::bench {

struct Peer {
    const char* name;
    const char* package;  ///< of Debian
    const char* put;      ///< what a push is called there
    const char* cycle;    ///< and the life of a job, three round trips
    std::string program;  ///< empty: not installed
    /// The words after the program.
    std::function<std::vector<std::string>(std::uint16_t port, const std::string& folder)> options;
    /// Puts one job at a time; pauses while more than `open_max` are not done, 0 means never.
    std::function<Role(Counts& counts, std::uint64_t open_max)> producer;
    /// Takes a job, then finishes it, one request at a time.
    std::function<Role(Counts& counts)> worker;
};

std::vector<Peer> peers();
/// The line that stands for the rows of a peer that is not installed.
void print_missing(const Peer& peer);

/// A peer with an empty folder of its own, which goes with it.
struct PeerServer {
    PeerServer(const Options& options, const Peer& peer);
    ~PeerServer();
    PeerServer(const PeerServer&) = delete;
    PeerServer& operator=(const PeerServer&) = delete;

    std::string folder;
    std::uint16_t port;
    std::optional<ServerProcess> process;
};

}  // namespace sluice::bench
