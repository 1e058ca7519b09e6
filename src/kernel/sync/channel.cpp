// SPDX-License-Identifier: Apache-2.0
// The words for the outcomes of a channel; the channel itself is a template.
#include "kernel/sync/channel.h"

namespace sluice {

std::string_view to_string(ChannelStatus status) {
    switch (status) {
        case ChannelStatus::ok: return "ok";
        case ChannelStatus::full: return "full";
        case ChannelStatus::empty: return "empty";
        case ChannelStatus::timeout: return "timeout";
        case ChannelStatus::closed: return "closed";
    }
    return "unknown";
}

}  // namespace sluice
