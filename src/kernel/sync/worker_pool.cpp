// SPDX-License-Identifier: Apache-2.0
// The pool of the product, compiled once, and what it says when its queue refuses.
#include "kernel/sync/worker_pool.h"

namespace sluice {

Status detail::pool_status(ChannelStatus status) {
    switch (status) {
        case ChannelStatus::ok: return {};
        case ChannelStatus::full: return fail(Code::busy, "the pool's queue is full");
        case ChannelStatus::timeout:
            return fail(Code::timeout, "the pool's queue had no room before the deadline");
        case ChannelStatus::closed: return fail(Code::cancelled, "the pool takes no new tasks");
        case ChannelStatus::empty: break;
    }
    return fail(Code::internal, "the pool's queue gave an unexpected answer");
}

template class BasicWorkerPool<StdSync>;

}  // namespace sluice
