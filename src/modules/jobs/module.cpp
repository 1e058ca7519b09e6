// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/module.h"

#include "kernel/net/listener.h"
#include "kernel/observe/log.h"
#include "kernel/observe/process.h"
#include "kernel/store/disk_guard.h"
#include "modules/jobs/front/admin_http.h"
#include "modules/jobs/front/faktory_session.h"
#include "modules/jobs/front/front.h"
#include "modules/jobs/ledger/rocks_ledger.h"
#include "modules/jobs/shell/shard.h"

#include <algorithm>
#include <utility>

namespace sluice::jobs {

namespace {

constexpr std::int64_t million = 1'000'000;
/// Left to the store (512 files), the admin side and the rest.
constexpr std::size_t descriptors_kept = 1'000;

std::vector<Setting> storage_settings() {
    return {
        Setting::text("jobs.data", "sluice-data", "Folder of the job store; made when missing."),
        Setting::size("jobs.memtable", mib(64), {mib(1), mib(4096)},
                      "Writes kept in memory before they become a file."),
        Setting::size("jobs.cache", mib(2), {mib(1), Bytes{1ULL << 40}},
                      "Memory for blocks of the store's files."),
        Setting::boolean("jobs.accept_damaged_log", false,
                         "Start although the store's log is damaged or gone. What stood there and "
                         "behind it is lost, also what was answered; for one start, without a "
                         "backup."),
        Setting::size("jobs.disk_ballast", mib(64), {Bytes{0}, Bytes{1ULL << 40}},
                      "Space set aside and given back when the disk is full, so that acks still "
                      "pass; 0: none."),
        Setting::size("jobs.disk_refuse_below", mib(192), {Bytes{0}, Bytes{1ULL << 50}},
                      "Free space below which pushes are refused."),
        Setting::size("jobs.disk_accept_above", mib(256), {Bytes{0}, Bytes{1ULL << 50}},
                      "Free space above which pushes are accepted again."),
    };
}

std::vector<Setting> queue_settings() {
    return {
        Setting::integer("jobs.ready_window", 1024, {1, million},
                         "Jobs in memory for each queue and priority."),
        Setting::integer("jobs.due_window", 4096, {1, million},
                         "Scheduled and retrying jobs in memory."),
        Setting::duration("jobs.finished_keep", 24h, {0s, 24h * 366},
                          "How long finished jobs are kept."),
        Setting::integer("jobs.finished_max", 100'000, {0, 10 * million},
                         "How many finished jobs are kept at most."),
        Setting::duration("jobs.dead_keep", 180 * 24h, {0s, 24h * 3660},
                          "How long dead jobs are kept."),
        Setting::integer("jobs.dead_max", million, {0, 10 * million},
                         "How many dead jobs are kept at most."),
        Setting::duration("jobs.reserve_default", 1800s, {60s, 24h},
                          "Lease of a job that asks for none."),
        Setting::duration("jobs.worker_silence", 60s, {1s, 24h},
                          "A worker without a BEAT for this long is lost: its connections are "
                          "closed and its jobs go back."),
        Setting::duration("jobs.restart_grace", 60s, {0s, 24h},
                          "After a restart no lease expires sooner than this."),
        Setting::integer("jobs.losses_max", 3, {1, 100},
                         "A job whose worker was lost so often within 72 h is dead."),
        Setting::integer("jobs.queues_max", 10'000, {1, million}, "Queues, including empty ones."),
    };
}

std::vector<Setting> door_settings() {
    return {
        Setting::text("jobs.listen", "127.0.0.1:7419",
                      "Address of the job port (Faktory Work Protocol)."),
        Setting::secret("jobs.password",
                        "Password that clients of the job port must prove; empty: none."),
        Setting::text("jobs.tls_certificate", "",
                      "PEM file of the server's certificate chain; empty: no TLS."),
        Setting::text("jobs.tls_key", "", "PEM file of the certificate's key."),
        Setting::boolean("jobs.insecure", false,
                         "Allow an address beyond this machine without both a password and TLS."),
        Setting::integer("jobs.connections_max", 20'000, {1, million},
                         "Connections of the job port."),
        Setting::size("jobs.line_max", mib(64), {kib(64), mib(1024)}, "Longest request line."),
        Setting::integer("jobs.requests_max", 1024, {1, million},
                         "Unanswered requests of one connection."),
        Setting::integer("jobs.bulk_max", 10'000, {1, million}, "Jobs in one PUSHB."),
        Setting::duration("jobs.handshake_timeout", 2s, {100ms, 60s},
                          "Time for HELLO after connecting."),
    };
}

/// As many as are configured, but never so many that nothing could be opened besides: a store that
/// finds no descriptor for a new file stops the server.
std::size_t connections_allowed(const ConfigSection& config) {
    const auto wanted = static_cast<std::size_t>(config.integer("connections_max"));
    const std::size_t files = open_files_max();
    return std::min(wanted, files - std::min(files / 2, descriptors_kept));
}

EngineConfig engine_config(const ConfigSection& config, std::uint64_t seed) {
    EngineConfig engine;
    engine.seed = seed;
    engine.ready_window_jobs = static_cast<std::size_t>(config.integer("ready_window"));
    engine.due_window_jobs = static_cast<std::size_t>(config.integer("due_window"));
    engine.finished_keep = config.duration("finished_keep");
    engine.finished_max = static_cast<std::size_t>(config.integer("finished_max"));
    engine.dead_keep = config.duration("dead_keep");
    engine.dead_max = static_cast<std::size_t>(config.integer("dead_max"));
    engine.reserve_default = config.duration("reserve_default");
    engine.worker_silence = config.duration("worker_silence");
    engine.restart_grace = config.duration("restart_grace");
    engine.losses_max = static_cast<std::uint8_t>(config.integer("losses_max"));
    engine.queues_max = static_cast<std::size_t>(config.integer("queues_max"));
    return engine;
}

void warn_of_store(std::string_view line) {
    static LogLimiter limiter;
    log_warning_limited(limiter, monotonic_now(), "the store warns", {{"text", line}});
}

DiskProbe probe_of(const std::shared_ptr<DiskGuard>& guard, Registry& metrics) {
    Gauge& free = metrics.gauge(
        {"sluice_jobs_disk_free_bytes", "Free space on the disk of the store, for this user"});
    Gauge& full = metrics.gauge(
        {"sluice_jobs_disk_full", "1 while pushes are refused for want of disk space, else 0"});
    return [guard, &free, &full] {
        static LogLimiter limiter;
        if (const auto space = guard->check()) {
            free.set(static_cast<std::int64_t>(space->free.count));
        } else {
            log_warning_limited(limiter, monotonic_now(), "cannot look at the disk's free space",
                                {{"error", space.error().text()}});
        }
        full.set(guard->accepting() ? 0 : 1);
        return !guard->accepting();
    };
}

class JobsModule final : public Module {
public:
    explicit JobsModule(std::string version) : version_(std::move(version)) {}
    ~JobsModule() override { stop(Instant::min()); }

    [[nodiscard]] std::string_view name() const override { return "jobs"; }
    [[nodiscard]] std::vector<Setting> settings() const override;
    [[nodiscard]] Status check(const ConfigSection& config) const override;
    Status start(const Mount& mount) override;
    void drain() override;
    void stop(Instant deadline) override;

private:
    Status open(const Mount& mount);
    Status open_shard(const Mount& mount);
    Status open_door(const Mount& mount);

    const std::string version_;
    std::shared_ptr<DiskGuard> guard_;
    std::unique_ptr<Desks> desks_;
    std::unique_ptr<Front> front_;
    std::unique_ptr<Shard> shard_;
    std::unique_ptr<AdminHttp> admin_;
    std::unique_ptr<Listener> listener_;
};

std::vector<Setting> JobsModule::settings() const {
    std::vector<Setting> all = storage_settings();
    for (auto& setting : queue_settings()) all.push_back(std::move(setting));
    for (auto& setting : door_settings()) all.push_back(std::move(setting));
    return all;
}

Status JobsModule::check(const ConfigSection& config) const {
    if (config.size("disk_accept_above") < config.size("disk_refuse_below")) {
        return fail(Code::invalid,
                    "jobs.disk_accept_above must not be below jobs.disk_refuse_below: between the "
                    "two, pushes would be accepted and refused by turns");
    }
    const auto address = parse_host_port(config.text("listen"));
    if (!address) return Error(address.error()).in("jobs.listen");
    const bool guarded =
        !config.text("password").empty() && !config.text("tls_certificate").empty();
    if (address->is_loopback() || guarded || config.boolean("insecure")) return {};
    return fail(Code::denied,
                "jobs.listen = " + address->text() +
                    " can be reached from other machines: set SLUICE_JOBS_PASSWORD and "
                    "jobs.tls_certificate, or accept the risk with jobs.insecure = true");
}

Status JobsModule::open_shard(const Mount& mount) {
    const ConfigSection& config = mount.config;
    const std::string& folder = config.text("data");
    guard_ = std::make_shared<DiskGuard>(
        DiskGuardSettings{.folder = folder,
                          .ballast = config.size("disk_ballast"),
                          .refuse_below = config.size("disk_refuse_below"),
                          .accept_above = config.size("disk_accept_above"),
                          .release_below = Bytes{config.size("disk_refuse_below").count / 4}});
    SLUICE_TRY(
        auto ledger,
        open_rocks_ledger({.folder = folder,
                           .memtable = config.size("memtable"),
                           .cache = config.size("cache"),
                           .after_compaction = return_free_memory,
                           .on_warning = warn_of_store,
                           .accept_damaged_log = config.boolean("accept_damaged_log"),
                           .damaged_log_hint = ", or go on without what stood there and behind "
                                               "it: jobs.accept_damaged_log = true",
                           .guard = guard_,
                           .faults = nullptr}));
    ShardOptions options;
    options.engine = engine_config(config, mount.random_seed);
    // Whatever one request could bring can be compared when it comes again.
    options.lookup_bytes_max =
        std::max(options.lookup_bytes_max, 4 * config.size("line_max").count);
    DiskProbe probe = probe_of(guard_, mount.metrics);
    SLUICE_TRY(shard_,
               Shard::start(std::move(ledger), *desks_, mount.metrics, options, std::move(probe)));
    front_->shard = shard_.get();
    desks_->set_shard(shard_.get());
    return {};
}

Status JobsModule::open_door(const Mount& mount) {
    const ConfigSection& config = mount.config;
    ListenerOptions options;
    options.name = "jobs";
    options.address = config.text("listen");
    const std::size_t connections_max = connections_allowed(config);
    options.connections_max = connections_max;
    options.connections_per_address_max = connections_max;
    options.session.output_hard_max = mib(256);
    options.session.handshake_timeout = config.duration("handshake_timeout");
    if (!config.text("tls_certificate").empty()) {
        SLUICE_TRY(options.tls,
                   TlsContext::server(config.text("tls_certificate"), config.text("tls_key")));
    }
    Front* front = front_.get();
    SLUICE_TRY(listener_, Listener::open(mount.runtime, mount.metrics, std::move(options), [front] {
                   return std::make_unique<FaktorySession>(*front);
               }));
    log_info("job port open", {{"address", listener_->address().text()},
                               {"tls", !config.text("tls_certificate").empty()},
                               {"connections_max", connections_max}});
    return {};
}

/// What had started uses the metrics and the runtime of the mount, which may go before the module.
Status JobsModule::start(const Mount& mount) {
    Status opened = open(mount);
    if (!opened) stop(Instant::min());
    return opened;
}

Status JobsModule::open(const Mount& mount) {
    const ConfigSection& config = mount.config;
    SLUICE_TRY_STATUS(check(config));
    desks_ = std::make_unique<Desks>(mount.runtime);
    FrontOptions options;
    options.password = config.text("password");
    options.handshake_timeout = config.duration("handshake_timeout");
    options.line_max = config.size("line_max");
    options.requests_max = static_cast<std::size_t>(config.integer("requests_max"));
    options.bulk_max = static_cast<std::size_t>(config.integer("bulk_max"));
    options.version = version_;
    front_ = std::make_unique<Front>(*desks_, mount.metrics, std::move(options));
    SLUICE_TRY_STATUS(open_shard(mount));
    admin_ = std::make_unique<AdminHttp>(*front_, mount.runtime,
                                         AdminHttpOptions{.now = mount.clock.monotonic});
    admin_->add_routes(mount.http);
    return open_door(mount);
}

void JobsModule::drain() {
    if (front_) front_->draining = true;
    if (listener_) listener_->close();
}

/// What was submitted is decided, synced and answered; then the store is closed.
void JobsModule::stop(Instant) {
    drain();
    listener_.reset();  // it must not outlive the runtime
    if (admin_) admin_->stop();
    if (front_) front_->passwords.drain();
    if (shard_) shard_->stop();
}

}  // namespace

std::unique_ptr<Module> make_jobs_module(std::string version) {
    return std::make_unique<JobsModule>(std::move(version));
}

Status restore_backup(const std::string& backup, const std::string& folder) {
    return restore_rocks_ledger(backup, folder);
}

}  // namespace sluice::jobs
