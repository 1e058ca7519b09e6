// SPDX-License-Identifier: Apache-2.0
// The queue's pages on the admin side: GET /stats (the JSON of INFO), GET /health, POST /backup.
#pragma once

#include "kernel/net/http.h"
#include "kernel/net/runtime.h"
#include "kernel/observe/pulse.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/worker_pool.h"
#include "modules/jobs/front/front.h"

#include <functional>
#include <string>

namespace sluice::jobs {

struct AdminHttpOptions {
    Instant (*now)() = &monotonic_now;       ///< judges how long a turn has lasted
    Duration health_patience = stall_limit;  ///< then /health says that the queue does not answer
    Duration stats_patience = 10s;           ///< then /stats does
};

class AdminHttp {
public:
    /// Both must outlive it.
    AdminHttp(Front& front, Runtime& runtime, AdminHttpOptions options = {});
    void add_routes(HttpRouter& router);
    /// Ends backups that wait; one that runs is waited for.
    void stop();

private:
    void ask(Duration patience, std::function<void(const InfoReply*)> done);
    void answer_stats(HttpReply reply);
    void answer_health(HttpReply reply);
    void answer_backup(const HttpRequest& request, HttpReply reply);

    Front& front_;
    Runtime& runtime_;
    const AdminHttpOptions options_;
    WorkerPool pool_;
};

}  // namespace sluice::jobs
