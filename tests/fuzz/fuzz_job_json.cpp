// SPDX-License-Identifier: Apache-2.0
// libraries: sdk_protocol
// Any bytes as a pushed job: no crash, refusals are one line, and what is accepted survives being
// rendered and read again.
#include "kernel/base/check.h"
#include "sdk/protocol/job_json.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

constexpr sluice::WallTime now = sluice::wall_from_ns(1'700'000'000'000'000'000);

sluice::sdk::JobView view_of(const sluice::sdk::JobParts& job) {
    return {.jid = job.jid,
            .type = job.type,
            .queue = job.queue,
            .args = job.args,
            .custom = job.custom,
            .extra = job.extra,
            .retry = job.retry,
            .priority = job.priority,
            .reserve_for = job.reserve_for,
            .created_at = job.created_at,
            .at = job.at};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace sluice;
    JsonParser parser;
    const auto value = parser.parse({reinterpret_cast<const char*>(data), size});
    if (!value) return 0;
    const auto job = sdk::parse_job(*value, now);
    if (!job) {
        const std::string& text = job.error().message;
        SLUICE_CHECK(!text.empty() && text.size() <= 1000);
        SLUICE_CHECK(text.find_first_of("\r\n") == std::string::npos);
        return 0;
    }
    std::string out;
    sdk::append_job_json(out, view_of(*job));
    JsonParser again_parser;
    const auto again = again_parser.parse(out);
    SLUICE_CHECK(again.has_value());
    const auto second = sdk::parse_job(*again, now);
    SLUICE_CHECK(second.has_value());
    SLUICE_CHECK(second->jid == job->jid && second->type == job->type);
    SLUICE_CHECK(second->args == job->args && second->custom == job->custom);
    SLUICE_CHECK(second->at == job->at && second->retry == job->retry);
    SLUICE_CHECK(second->priority == job->priority && second->extra == job->extra);
    const std::string compact = sdk::compact_json(out);
    SLUICE_CHECK(is_valid_json(compact) && sdk::compact_json(compact) == compact);
    return 0;
}
