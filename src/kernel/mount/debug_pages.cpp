// SPDX-License-Identifier: Apache-2.0
#include "kernel/mount/debug_pages.h"

#include "kernel/observe/contention.h"
#include "kernel/observe/process.h"
#include "kernel/sync/wait_accounting.h"
#include "kernel/wire/json_text.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

std::string contention_json(const std::vector<WaitTotal>& totals,
                            const std::vector<ThreadNow>& threads) {
    std::string json;
    JsonWriter writer(json);
    writer.begin_object().key("waits").begin_array();
    for (const WaitTotal& total : totals) {
        writer.begin_object();
        writer.key("site").string(total.site);
        writer.key("kind").string(to_string(total.kind));
        writer.key("thread").string(total.thread);
        writer.key("waits").unsigned_integer(total.waits);
        writer.key("seconds").number(to_seconds(total.total));
        writer.key("longest_seconds").number(to_seconds(total.longest));
        writer.end_object();
    }
    writer.end_array().key("threads").begin_array();
    for (const ThreadNow& thread : threads) {
        writer.begin_object();
        writer.key("name").string(thread.name);
        writer.key("number").integer(thread.id);
        if (!thread.site.empty()) {
            writer.key("waits_on").string(thread.site);
            writer.key("kind").string(to_string(thread.kind));
            writer.key("seconds").number(to_seconds(thread.since));
        } else {
            writer.key("kernel").string(thread_state(thread.id));
        }
        writer.end_object();
    }
    writer.end_array().end_object();
    return json;
}

HttpResponse show_contention(const HttpRequest& request) {
    const std::vector<WaitTotal> totals = wait_totals();
    const std::vector<ThreadNow> threads = threads_now();
    const auto format = request.query_value("format").value_or("text");
    if (format == "json") return HttpResponse::json(contention_json(totals, threads));
    if (format == "text") return HttpResponse::text(200, contention_text(totals, threads));
    return HttpResponse::error(fail(Code::invalid, "format is text or json"));
}

}  // namespace

void add_debug_pages(HttpRouter& router) {
    router.add("GET", "/debug", [](const HttpRequest&) {
        return HttpResponse::text(200,
                                  "/debug/contention               who waited how long on what\n"
                                  "/debug/contention?format=json   the same for programs\n");
    });
    router.add("GET", "/debug/contention", &show_contention);
}

}  // namespace sluice
