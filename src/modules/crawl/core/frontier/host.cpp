// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/frontier/host.h"

#include <algorithm>

namespace sluice::crawl {
Host::Queue& Host::queue(std::uint8_t number) {
    const auto found = std::find_if(queues.begin(), queues.end(),
                                    [&](const Queue& one) { return one.number >= number; });
    if (found != queues.end() && found->number == number) return *found;
    return *queues.insert(found, Queue{number, {}, 0});
}

bool Host::has_more() const {
    return std::any_of(queues.begin(), queues.end(),
                       [](const Queue& queue) { return queue.window.has_more(); });
}

bool asks_elsewhere(const Host& host) {
    return !host.robots_location.empty() &&
           host_name_of(origin_of(host.robots_location)) != host_name_of(host.origin);
}

}  // namespace sluice::crawl
