// SPDX-License-Identifier: Apache-2.0
#include "app/job_end.h"

#include "app/exit_code.h"
#include "app/human.h"
#include "kernel/wire/json_text.h"

#include <cstdio>

namespace sluice::app {

namespace {

void print_text(const sdk::JobEnd& end, bool alone) {
    const std::string jid = printable(end.jid);
    if (end.is_success()) {
        if (alone)
            std::printf("%s\n", end.result.empty() ? "done" : printable(end.result).c_str());
        else
            std::printf("%s  succeeded  %s\n", jid.c_str(), printable(end.result).c_str());
    } else if (end.state == "unknown") {
        std::fprintf(stderr, "%s: the server does not know this id\n", jid.c_str());
    } else if (!end.is_final()) {
        std::fprintf(stderr, "%s: still %s; see: sluice job %s\n", jid.c_str(), end.state.c_str(),
                     jid.c_str());
    } else {
        const std::string why =
            end.errtype.empty() ? "" : ": " + printable(end.errtype + ": " + end.message);
        std::fprintf(stderr, "%s: %s%s\n", jid.c_str(), end.state.c_str(), why.c_str());
    }
}

void put_json(JsonWriter& json, const sdk::JobEnd& end) {
    json.begin_object();
    json.key("jid").string(end.jid).key("state").string(end.state);
    if (!end.result.empty()) json.key("result").raw(end.result);
    if (!end.errtype.empty()) {
        json.key("error").begin_object();
        json.key("errtype").string(end.errtype).key("message").string(end.message);
        json.end_object();
    }
    json.end_object();
}

}  // namespace

Result<int> wait_and_print(sdk::Client& client, std::span<const std::string> jids, Duration timeout,
                           bool is_json) {
    constexpr Duration for_ever = 24h * 365 * 10;
    SLUICE_TRY(const sdk::WaitOutcome outcome,
               client.wait(jids, timeout < 0s ? for_ever : timeout));
    int code = exit_ok;
    std::string text;
    JsonWriter json(text);
    json.begin_array();
    for (const sdk::JobEnd& end : outcome.jobs) {
        if (is_json)
            put_json(json, end);
        else
            print_text(end, outcome.jobs.size() == 1);
        if (end.is_success()) continue;
        if (end.state == "unknown")
            code = exit_not_found;
        else if (!end.is_final())
            code = code == exit_not_found ? code : exit_timeout;
        else if (code == exit_ok)
            code = exit_job_failed;
    }
    json.end_array();
    if (is_json) std::printf("%s\n", text.c_str());
    return code;
}

}  // namespace sluice::app
