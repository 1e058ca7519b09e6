// SPDX-License-Identifier: Apache-2.0
// FetchLoop: fetches pages over HTTP, many at once on one thread of its own: by libcurl, and what
// is plain and simple by hand. Follows no redirect, keeps no cookies, decodes no content: what came
// is handed on as it came. Knows no politeness; it fetches what is ordered, at once.
#pragma once

#include "kernel/base/result.h"
#include "modules/crawl/shell/fetch/fetch_config.h"

#include <functional>
#include <memory>
#include <string>

namespace sluice::crawl {

/// Each order is connected to its own address and no other, and only if the rules allow it; that is
/// looked at before the request, when the socket is opened, and again when the request is about to
/// be sent over a connection, new or kept. Every request that fetch() took ends with exactly one
/// call of Done, also when it is cancelled or the loop stops.
class FetchLoop {
public:
    /// On the loop's thread, which fetches nothing meanwhile. Whatever is left in the answer, its
    /// memory is used again. May call fetch(); must not call stop().
    using Done = std::function<void(FetchAnswer&&)>;

    /// Header values beside those of the configuration; empty ones are not sent. One that has line
    /// ends or other control characters ends the request with FetchFault::protocol.
    struct Extra {
        std::string cookie;
        std::string if_none_match;
        std::string if_modified_since;
        std::string referer;
    };

    /// `thread_name`: "crawl-fetch-0". `round_end` is called on the loop's thread when everything
    /// that has come so far was given to `done`, before the loop waits: whoever gathers answers may
    /// hand them on together. Errors: invalid (the configuration), exhausted.
    static Result<std::unique_ptr<FetchLoop>> start(FetchConfig config, std::string thread_name,
                                                    Done done,
                                                    std::function<void()> round_end = nullptr);
    /// Stops.
    ~FetchLoop();
    FetchLoop(const FetchLoop&) = delete;
    FetchLoop& operator=(const FetchLoop&) = delete;

    /// False once it is stopped, or when requests_max wait; then nothing comes of it. Any thread.
    bool fetch(FetchOrder order, Extra extra = {});
    /// Every request that was taken before ends soon, with FetchFault::cancelled unless it has
    /// ended otherwise. Any thread.
    void cancel_all();
    /// Cancels everything, and returns when all of it has ended. May be called again. Any thread
    /// but the loop's.
    void stop();

private:
    struct Parts;
    explicit FetchLoop(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::crawl
