// SPDX-License-Identifier: Apache-2.0
#include "app/server_info.h"

#include "kernel/wire/json_reader.h"

#include <cmath>

namespace sluice::app {

namespace {

/// Reads members of an object that may not even be there.
class Members {
public:
    explicit Members(std::optional<JsonView> object) : object_(object) {}
    [[nodiscard]] Members at(std::string_view name) const { return Members(find(name)); }
    [[nodiscard]] std::uint64_t count(std::string_view name) const {
        const auto value = find(name);
        return value ? value->as_uint().value_or(0U) : 0;
    }
    [[nodiscard]] std::int64_t number(std::string_view name) const {
        const auto value = find(name);
        return value ? value->as_int().value_or(0) : 0;
    }
    [[nodiscard]] bool flag(std::string_view name) const {
        const auto value = find(name);
        return value && value->as_bool().value_or(false);
    }
    [[nodiscard]] std::string text(std::string_view name) const {
        const auto value = find(name);
        return value ? std::string(value->as_string().value_or("")) : std::string();
    }
    [[nodiscard]] Duration seconds(std::string_view name) const {
        const auto value = find(name);
        const double seconds = value ? value->as_double().value_or(0.0) : 0.0;
        return Duration(std::llround(std::min(seconds, 9e9) * 1e9));
    }
    [[nodiscard]] WallTime time(std::string_view name) const {
        return parse_rfc3339(text(name)).value_or(WallTime{});
    }
    [[nodiscard]] std::vector<JsonView> elements(std::string_view name) const {
        std::vector<JsonView> all;
        if (const auto value = find(name)) {
            for (const JsonView element : value->elements()) all.push_back(element);
        }
        return all;
    }

private:
    [[nodiscard]] std::optional<JsonView> find(std::string_view name) const {
        return object_ ? object_->find(name) : std::nullopt;
    }
    std::optional<JsonView> object_;
};

QueueView read_queue(const Members& queue) {
    return {.name = queue.text("name"),
            .enqueued = queue.count("enqueued"),
            .running = queue.count("running"),
            .waiting_fetches = queue.count("waiting_fetches"),
            .arrived = queue.count("arrived"),
            .delivered = queue.count("delivered"),
            .paused = queue.flag("paused"),
            .durability = queue.text("durability"),
            .latency = queue.seconds("latency_seconds")};
}

WorkerView read_worker(const Members& worker) {
    WorkerView view{.wid = worker.text("wid"),
                    .hostname = worker.text("hostname"),
                    .pid = worker.number("pid"),
                    .labels = {},
                    .state = worker.text("state"),
                    .running = worker.count("running"),
                    .connections = worker.count("connections"),
                    .rss_kb = worker.number("rss_kb"),
                    .started_at = worker.time("started_at"),
                    .beat_at = worker.time("beat_at")};
    for (const JsonView label : worker.elements("labels"))
        view.labels.emplace_back(label.as_string().value_or(""));
    return view;
}

}  // namespace

Result<ServerInfo> read_server_info(std::string_view json) {
    JsonParser parser;
    SLUICE_TRY(const JsonView root, parser.parse(json));
    const Members all(root);
    const Members faktory = all.at("faktory");
    const Members sets = faktory.at("sets");
    const Members server = all.at("server");
    ServerInfo info;
    info.now = all.time("now");
    info.scheduled = sets.count("scheduled");
    info.retries = sets.count("retries");
    info.dead = sets.count("dead");
    info.working = sets.count("working");
    info.enqueued = faktory.count("total_enqueued");
    info.failures = faktory.count("total_failures");
    info.processed = faktory.count("total_processed");
    info.pushed = server.count("total_pushed");
    info.succeeded = server.count("total_succeeded");
    info.duplicates = server.count("total_duplicates");
    info.finished_kept = server.count("finished_kept");
    info.version = server.text("sluice_version");
    info.uptime = server.seconds("uptime");
    info.connections = server.count("connections");
    info.command_count = server.count("command_count");
    info.memory_mb = server.count("used_memory_mb");
    info.disk_full = server.flag("disk_full");
    for (const JsonView queue : server.elements("queues"))
        info.queues.push_back(read_queue(Members(queue)));
    for (const JsonView worker : server.elements("workers"))
        info.workers.push_back(read_worker(Members(worker)));
    return info;
}

}  // namespace sluice::app
