// SPDX-License-Identifier: Apache-2.0
// Which tickets of a connection wait for an answer, so that they end with the connection.
#pragma once

#include "modules/jobs/engine/state.h"

#include <algorithm>

namespace sluice::jobs {

inline void park(EngineState& state, ConnectionId connection, TicketId ticket) {
    state.parked[connection].push_back(ticket);
}

inline void unpark(EngineState& state, ConnectionId connection, TicketId ticket) {
    const auto it = state.parked.find(connection);
    if (it == state.parked.end()) return;
    std::erase(it->second, ticket);
    if (it->second.empty()) state.parked.erase(it);
}

}  // namespace sluice::jobs
