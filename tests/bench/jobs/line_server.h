// SPDX-License-Identifier: Apache-2.0
// A server that only answers: the most that one request, one reply and twenty connections allow on
// this machine. No queue, no disk, nothing parsed but the ends of lines.
#pragma once

#include <cstdint>

namespace sluice::bench {

/// Speaks as much of the job protocol as the load generator needs: a greeting, one and the same job
/// for every FETCH, +OK for everything else. One thread, one epoll; runs until it is ended.
[[noreturn]] void serve_lines(std::uint16_t port);

}  // namespace sluice::bench
