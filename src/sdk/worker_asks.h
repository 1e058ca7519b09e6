// SPDX-License-Identifier: Apache-2.0
// Asks: requests that handlers make over their worker's connection (pushes, questions), and their
// replies. The handler's thread waits; the sender's thread sends. An inner part of Worker.
#pragma once

#include "kernel/sync/cancel.h"
#include "kernel/sync/channel.h"
#include "sdk/client.h"
#include "sdk/handler.h"

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sluice::sdk {

/// The place where a reply is waited for.
struct AskPlace {
    Channel<Result<Reply>> reply{1, "worker.reply"};
    /// Nobody waits any more; not worth sending.
    std::atomic<bool> is_abandoned{false};
};
struct Ask {
    std::string line;  ///< with its line end
    std::shared_ptr<AskPlace> place;
};
using Asks = Channel<Ask>;

/// What JobContext::push() does. Errors also: busy (the sender is far behind), and why the token
/// was cancelled.
Result<std::vector<Refusal>> push_by(Asks& asks, std::span<JobSpec> jobs,
                                     const CancelToken& cancel);
/// What JobContext::ends() does.
Result<std::vector<JobEnd>> ends_by(Asks& asks, std::span<const std::string> jids,
                                    const CancelToken& cancel);

}  // namespace sluice::sdk
