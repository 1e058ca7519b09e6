// SPDX-License-Identifier: Apache-2.0
// A server under test as a child process: started, watched, ended by pid.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::bench {

class ServerProcess {
public:
    /// Starts the program; its output goes to `log_file`.
    ServerProcess(const std::vector<std::string>& command, std::string log_file);
    ~ServerProcess();
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;

    /// Waits until the port answers; exits with the log when it does not in time. Returns seconds.
    double wait_for_port(std::uint16_t port) const;
    void kill(int signal);
    [[nodiscard]] double cpu_seconds() const;
    [[nodiscard]] double resident_mib() const;

private:
    pid_t pid_;
    std::string log_file_;
};

/// A port that was free a moment ago.
std::uint16_t free_port();
/// The program on PATH or in /usr/sbin; empty when it is not installed.
std::string find_program(const std::string& name);

}  // namespace sluice::bench
