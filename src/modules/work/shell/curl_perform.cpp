// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/curl_perform.h"

#include "kernel/sync/clock.h"
#include "kernel/sync/once.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

namespace sluice::work {

namespace {

struct FreeMulti {
    void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};

Result<int> drive(CURLM* multi, Instant deadline, const CancelToken& cancel) {
    for (;;) {
        int running = 0;
        if (const CURLMcode code = curl_multi_perform(multi, &running); code != CURLM_OK) {
            return fail(Code::internal, curl_multi_strerror(code));
        }
        if (running == 0) break;
        SLUICE_TRY_STATUS(cancel.check());
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - monotonic_now()).count();
        if (left <= 0) return fail(Code::timeout, "no complete answer in time");
        // Wakes for the sockets, curl's own timers, and curl_multi_wakeup from a cancel.
        const int wait = static_cast<int>(std::min<std::int64_t>(left, 60'000));
        curl_multi_poll(multi, nullptr, 0, wait, nullptr);
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
        if (message->msg == CURLMSG_DONE) return static_cast<int>(message->data.result);
    }
    return fail(Code::internal, "curl lost the request");
}

}  // namespace

Status start_curl() {
    static Once once;
    return once.call([]() -> Status {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) return {};
        return fail(Code::internal, "libcurl cannot be initialised");
    });
}

Result<int> curl_perform(void* handle, Instant deadline, const CancelToken& cancel,
                         const std::function<void()>& ended) {
    const std::unique_ptr<CURLM, FreeMulti> multi(curl_multi_init());
    if (!multi || curl_multi_add_handle(multi.get(), handle) != CURLM_OK) {
        return fail(Code::internal, "curl does not take the request");
    }
    Result<int> code = fail(Code::internal, "the request did not run");
    {
        const CancelCallback callback =
            cancel.on_cancel([&multi] { curl_multi_wakeup(multi.get()); });
        code = drive(multi.get(), std::min(deadline, cancel.deadline()), cancel);
    }
    if (ended) ended();
    curl_multi_remove_handle(multi.get(), handle);
    return code;
}

}  // namespace sluice::work
