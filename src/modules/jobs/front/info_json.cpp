// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/front/info_json.h"

#include "kernel/wire/json_text.h"

#include <algorithm>

namespace sluice::jobs {

namespace {

/// Clients insist on a Faktory version with major 1 and minor at least 8.
constexpr std::string_view compatible_version = "1.10.0";
/// Ruby's helpers look for the word Enterprise.
constexpr std::string_view description = "Sluice (Faktory Enterprise compatible)";

double age_seconds(WallTime oldest, WallTime now) {
    if (oldest == WallTime{}) return 0;
    return std::max(0.0, to_seconds(now - oldest));
}

void append_task(JsonWriter& json, std::string_view name, std::uint64_t size) {
    json.key(name).begin_object();
    json.key("size").unsigned_integer(size);
    json.key("enqueued").unsigned_integer(0);
    json.key("cycles").unsigned_integer(0);
    json.key("wall_time_sec").number(0.0);
    json.end_object();
}

void append_reaper(JsonWriter& json, std::string_view name, std::uint64_t size) {
    json.key(name).begin_object();
    json.key("size").unsigned_integer(size).key("reaped").unsigned_integer(0);
    json.end_object();
}

void append_faktory(JsonWriter& json, const InfoReply& info) {
    json.key("faktory").begin_object();
    json.key("queues").begin_object();
    for (const QueueInfo& queue : info.queues)
        json.key(queue.name).unsigned_integer(queue.enqueued);
    json.end_object();
    json.key("sets").begin_object();
    json.key("scheduled").unsigned_integer(info.scheduled);
    json.key("retries").unsigned_integer(info.retrying);
    json.key("dead").unsigned_integer(info.dead);
    json.key("working").unsigned_integer(info.running);
    json.end_object();
    json.key("tasks").begin_object();
    append_reaper(json, "Busy", info.running);
    append_task(json, "Dead", info.dead);
    append_task(json, "Retries", info.retrying);
    append_task(json, "Scheduled", info.scheduled);
    append_reaper(json, "Workers", info.workers.size());
    json.end_object();
    json.key("total_failures").unsigned_integer(info.totals.failures);
    json.key("total_processed").unsigned_integer(info.totals.processed);
    json.key("total_enqueued").unsigned_integer(info.enqueued);
    json.key("total_queues").unsigned_integer(info.queues.size());
    json.end_object();
}

void append_queue(JsonWriter& json, const QueueInfo& queue, WallTime now) {
    json.begin_object();
    json.key("name").string(queue.name);
    json.key("enqueued").unsigned_integer(queue.enqueued);
    json.key("running").unsigned_integer(queue.running);
    json.key("waiting_fetches").unsigned_integer(queue.waiting_fetches);
    json.key("arrived").unsigned_integer(queue.arrived);
    json.key("delivered").unsigned_integer(queue.delivered);
    json.key("paused").boolean(queue.paused);
    json.key("durability").string(queue.durable ? "sync" : "async");
    json.key("latency_seconds").number(age_seconds(queue.oldest, now));
    json.end_object();
}

void append_worker(JsonWriter& json, const WorkerInfo& worker) {
    json.begin_object();
    json.key("wid").string(worker.wid);
    json.key("hostname").string(worker.hostname);
    json.key("pid").integer(worker.pid);
    json.key("labels").begin_array();
    for (const std::string& label : worker.labels) json.string(label);
    json.end_array();
    json.key("state").string(to_string(worker.state));
    json.key("running").unsigned_integer(worker.running);
    json.key("connections").unsigned_integer(worker.connections);
    json.key("rss_kb").integer(worker.rss_kb);
    json.key("started_at").string(format_rfc3339(worker.started_at));
    json.key("beat_at").string(format_rfc3339(worker.beat_at));
    json.end_object();
}

void append_server(JsonWriter& json, const InfoReply& info, const ServerFacts& facts,
                   WallTime now) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(facts.uptime).count();
    json.key("server").begin_object();
    json.key("description").string(description);
    json.key("faktory_version").string(compatible_version);
    json.key("uptime").integer(seconds);
    json.key("connections").unsigned_integer(facts.connections);
    json.key("command_count").unsigned_integer(facts.command_count);
    json.key("used_memory_mb").unsigned_integer(facts.used_memory_mb);
    json.key("sluice_version").string(facts.version);
    json.key("disk_full").boolean(info.disk_full);
    json.key("total_pushed").unsigned_integer(info.totals.pushed);
    json.key("total_succeeded").unsigned_integer(info.totals.succeeded);
    json.key("total_cancelled").unsigned_integer(info.totals.cancelled);
    json.key("total_discarded").unsigned_integer(info.totals.discarded);
    json.key("total_duplicates").unsigned_integer(info.totals.duplicates);
    json.key("finished_kept").unsigned_integer(info.finished_kept);
    json.key("waiting_fetches").unsigned_integer(info.waiting_fetches);
    json.key("queues").begin_array();
    for (const QueueInfo& queue : info.queues) append_queue(json, queue, now);
    json.end_array();
    json.key("workers").begin_array();
    for (const WorkerInfo& worker : info.workers) append_worker(json, worker);
    json.end_array();
    json.end_object();
}

}  // namespace

void append_info(std::string& out, const InfoReply& info, const ServerFacts& facts, WallTime now) {
    JsonWriter json(out);
    json.begin_object();
    const std::string text = format_rfc3339(now);
    json.key("now").string(text);
    json.key("server_utc_time").string(text.substr(11, 8) + " UTC");
    append_faktory(json, info);
    append_server(json, info, facts, now);
    json.end_object();
}

void append_latency(std::string& out, const InfoReply& info, std::span<const std::string> names,
                    WallTime now) {
    JsonWriter json(out);
    json.begin_object();
    for (const std::string& name : names) {
        const auto same = [&](const QueueInfo& queue) { return queue.name == name; };
        const auto queue = std::find_if(info.queues.begin(), info.queues.end(), same);
        json.key(name).number(queue == info.queues.end() ? 0.0 : age_seconds(queue->oldest, now));
    }
    json.end_object();
}

}  // namespace sluice::jobs
