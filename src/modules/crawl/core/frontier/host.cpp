// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/frontier/host.h"

#include <algorithm>

namespace sluice::crawl {
namespace {

/// "example.org" of "https://example.org:8443".
std::string_view name_of(std::string_view origin) {
    origin.remove_prefix(std::min(origin.find("://") + 3, origin.size()));
    const std::size_t port = origin.rfind(':');
    const bool has_port = port != std::string_view::npos && origin.find(']', port) > origin.size();
    return has_port ? origin.substr(0, port) : origin;
}

}  // namespace

UrlWindow& Host::window(std::uint8_t queue) {
    const auto found = std::find_if(queues.begin(), queues.end(),
                                    [&](const Queue& one) { return one.number >= queue; });
    if (found != queues.end() && found->number == queue) return found->window;
    return queues.insert(found, Queue{queue, {}})->window;
}

bool Host::has_more() const {
    return std::any_of(queues.begin(), queues.end(),
                       [](const Queue& queue) { return queue.window.has_more(); });
}

bool asks_elsewhere(const Host& host) {
    return !host.robots_location.empty() &&
           name_of(origin_of(host.robots_location)) != name_of(host.origin);
}

}  // namespace sluice::crawl
