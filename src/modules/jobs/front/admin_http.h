// SPDX-License-Identifier: Apache-2.0
// The queue's pages on the admin side: GET /stats (the JSON of INFO), GET /health, POST /backup.
#pragma once

#include "kernel/net/http.h"
#include "kernel/net/runtime.h"
#include "kernel/sync/worker_pool.h"
#include "modules/jobs/front/front.h"

#include <string>

namespace sluice::jobs {

class AdminHttp {
public:
    /// Both must outlive it.
    AdminHttp(Front& front, Runtime& runtime);
    void add_routes(HttpRouter& router);
    /// Ends backups that wait; one that runs is waited for.
    void stop();

private:
    void answer_stats(HttpReply reply);
    void answer_health(HttpReply reply);
    void answer_backup(const HttpRequest& request, HttpReply reply);

    Front& front_;
    Runtime& runtime_;
    WorkerPool pool_;
};

}  // namespace sluice::jobs
