// SPDX-License-Identifier: Apache-2.0
// Which tickets of a connection wait for an answer, so that they end with the connection.
#pragma once

#include "modules/jobs/engine/state.h"

#include <algorithm>

namespace sluice::jobs {

inline void park(EngineState& state, ConnectionId connection, TicketId ticket) {
    std::vector<Parked::node_type>& spare = state.spare.parked;
    if (!spare.empty() && !state.parked.contains(connection)) {
        spare.back().key() = connection;
        state.parked.insert(std::move(spare.back()));
        spare.pop_back();
    }
    state.parked[connection].push_back(ticket);
}

inline void unpark(EngineState& state, ConnectionId connection, TicketId ticket) {
    const auto it = state.parked.find(connection);
    if (it == state.parked.end()) return;
    std::erase(it->second, ticket);
    if (!it->second.empty()) return;
    Parked::node_type node = state.parked.extract(it);
    if (state.spare.parked.size() < SpareWaits::spare_max)
        state.spare.parked.push_back(std::move(node));
}

}  // namespace sluice::jobs
