// SPDX-License-Identifier: Apache-2.0
// Life cycles per second of the ledgers: each job is put fresh, put running, put succeeded, erased.
// Usage: bench_ledger [FOLDER] [JOBS]; FOLDER should be on the disk in question.
#include "modules/jobs/ledger/memory_ledger.h"
#include "modules/jobs/ledger/record.h"
#include "modules/jobs/ledger/rocks_ledger.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

namespace sluice::jobs {
namespace {

using Clock = std::chrono::steady_clock;

/// CPU seconds of this thread, or of all threads.
double cpu_seconds(int who) {
    rusage usage{};
    ::getrusage(who, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

void require(const Status& status) {
    if (status) return;
    std::fprintf(stderr, "%s\n", status.error().text().c_str());
    std::exit(1);
}

template <class T>
T require(Result<T> result) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "%s\n", result.error().text().c_str());
    std::exit(1);
}

std::uint64_t scrambled(std::uint64_t n) {
    n = (n ^ (n >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    n = (n ^ (n >> 27U)) * 0x94D049BB133111EBULL;
    return n ^ (n >> 31U);
}

std::string jid_of(std::uint64_t seq) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%016lx%08lx",
                  static_cast<unsigned long>(scrambled(seq)), static_cast<unsigned long>(seq));
    return text.data();
}

JobRecord make_job(std::uint64_t seq, std::size_t size) {
    JobRecord job;
    job.head.seq = Seq(seq);
    job.head.queue = QueueId(1);
    job.head.order = (1ULL << 62U) + seq;
    job.head.enqueued_at = wall_from_ns(1'700'000'000'000'000'000);
    job.head.changed_at = job.head.enqueued_at;
    std::string args = "[\"";
    while (args.size() + 90 < size) args += "item " + std::to_string(scrambled(args.size() + seq));
    args += "\"]";
    job.body = std::make_shared<const JobBody>(JobBody::Texts{.jid = jid_of(seq),
                                                              .type = "SendMail",
                                                              .queue = "default",
                                                              .args = args,
                                                              .custom = "",
                                                              .extra = ""},
                                               JobPolicy{.created_at = job.head.enqueued_at});
    return job;
}

/// The same bodies over and over, so that the bench measures the ledger and not the making of text.
class Bodies {
public:
    explicit Bodies(std::size_t size) {
        for (std::uint64_t i = 1; i <= 4096; ++i) jobs_.push_back(make_job(i, size));
    }
    /// A job of that seq; its jid is its own.
    JobRecord get(std::uint64_t seq) const {
        JobRecord job = jobs_[seq % jobs_.size()];
        const JobBody& body = *job.body;
        job.body = std::make_shared<const JobBody>(JobBody::Texts{.jid = jid_of(seq),
                                                                  .type = body.type(),
                                                                  .queue = body.queue(),
                                                                  .args = body.args(),
                                                                  .custom = "",
                                                                  .extra = ""},
                                                   body.policy());
        job.head.seq = Seq(seq);
        job.head.order = (1ULL << 62U) + seq;
        return job;
    }

private:
    std::vector<JobRecord> jobs_;
};

/// In the steady state each commit holds `per_commit` of each step, of jobs of different age. The
/// sync of a commit runs beside the making of the next one, as in the server.
double life_cycles(Ledger& ledger, std::uint64_t first, std::uint64_t jobs,
                   std::uint64_t per_commit, bool synced) {
    static const Bodies bodies(300);
    const auto wid = std::make_shared<const std::string>("worker-0123456789");
    const auto result = std::make_shared<const std::string>("{\"ok\":true}");
    std::vector<std::vector<JobRecord>> live;
    std::vector<Write> writes;
    const auto move_on = [&](std::size_t commits_ago, JobState state) {
        if (live.size() <= commits_ago) return;
        for (JobRecord& job : live[live.size() - 1 - commits_ago]) {
            job.head.state = state;
            job.head.attempt = 1;
            job.head.lease.token = LeaseToken(7ULL << 40U | job.head.seq.value());
            job.head.lease.expires_at = job.head.changed_at + 1800s;
            job.head.lease.wid = wid;
            if (state == JobState::succeeded) job.head.result = result;
            writes.emplace_back(PutJob{job, false});
        }
    };
    const auto start = Clock::now();
    Status status;
    std::jthread syncer;
    std::uint64_t made = 0;
    for (std::uint64_t commit = 0; commit < jobs / per_commit + 3; ++commit) {
        writes.clear();
        live.emplace_back();
        for (std::uint64_t i = 0; i < per_commit && made < jobs; ++i, ++made) {
            live.back().push_back(bodies.get(first + made));
            writes.emplace_back(PutJob{live.back().back(), true});
        }
        move_on(1, JobState::running);
        move_on(2, JobState::succeeded);
        if (live.size() > 3) {
            for (const JobRecord& job : live.front()) {
                writes.emplace_back(EraseJob{job.head.seq});
            }
            live.erase(live.begin());
        }
        require(ledger.write(writes));
        if (!synced) continue;
        if (syncer.joinable()) syncer.join();
        require(status);
        syncer = std::jthread([&] { status = ledger.sync(); });
    }
    if (syncer.joinable()) syncer.join();
    return static_cast<double>(jobs) / seconds_since(start);
}

std::uint64_t resident_kib() {
    std::ifstream in("/proc/self/status");
    std::string word;
    while (in >> word) {
        if (word != "VmRSS:") continue;
        std::uint64_t value = 0;
        in >> value;
        return value;
    }
    return 0;
}

void bench_codec() {
    JobRecord job = make_job(77, 300);
    job.head.lease.token = LeaseToken(5);
    job.head.lease.wid = std::make_shared<const std::string>("worker-0123456789");
    std::string row;
    constexpr int rounds = 1'000'000;
    auto start = Clock::now();
    for (int i = 0; i < rounds; ++i) encode_job(job, row);
    const double encode = seconds_since(start) / rounds * 1e9;
    JobRecord back;
    start = Clock::now();
    for (int i = 0; i < rounds; ++i) require(decode_job(Seq(77), row, back));
    const double decode = seconds_since(start) / rounds * 1e9;
    std::printf("record of %zu bytes: encode %.0f ns, decode %.0f ns\n", row.size(), encode,
                decode);
}

void bench_memory() {
    for (const std::uint64_t per_commit : {1U, 100U, 1000U}) {
        MemoryLedger ledger;
        require(ledger.load([](JobRecord&&) {}));
        const double rate = life_cycles(ledger, 1, 300'000, per_commit, false);
        require(ledger.sync());
        std::printf("memory: %5lu per commit: %9.0f life cycles/s\n",
                    static_cast<unsigned long>(per_commit), rate);
    }
}

void bench_backlog(const std::string& folder, std::uint64_t jobs) {
    auto ledger = require(open_rocks_ledger({.folder = folder}));
    require(ledger->load([](JobRecord&&) {}));
    const Bodies bodies(300);
    std::vector<Write> writes;
    auto start = Clock::now();
    for (std::uint64_t seq = 1; seq <= jobs; ++seq) {
        JobRecord job = bodies.get(seq);
        job.head.indexed = true;
        writes.emplace_back(PutReady{QueueId(1), 5, job.head.order, Seq(seq)});
        job.head.named = true;
        writes.emplace_back(PutJid{Seq(seq), std::string(job.body->jid())});
        writes.emplace_back(PutJob{std::move(job), true});
        if (writes.size() < 3000) continue;
        require(ledger->write(writes));
        writes.clear();
    }
    require(ledger->write(writes));
    require(ledger->sync());
    std::printf("backlog: %lu pushes at %.0f/s, resident %lu MiB\n",
                static_cast<unsigned long>(jobs), static_cast<double>(jobs) / seconds_since(start),
                static_cast<unsigned long>(resident_kib() / 1024));
    for (const bool known : {false, true}) {
        constexpr std::uint64_t finds = 200'000;
        for (const std::size_t at_once : {1U, 100U}) {
            std::vector<std::string> names(at_once);
            std::vector<Sought> sought(at_once);
            std::vector<std::optional<JobRecord>> found;
            double spent = 0;
            for (std::uint64_t i = 0; i < finds; i += at_once) {
                for (std::size_t k = 0; k < at_once; ++k) {
                    names[k] = jid_of(known ? 1 + scrambled(i + k) % jobs : jobs + 1 + i + k);
                    sought[k] = {names[k], {}};
                }
                start = Clock::now();
                require(ledger->find(sought, SIZE_MAX, found));
                spent += seconds_since(start);
            }
            std::printf("find %s jids, %zu at once: %.2f us each\n", known ? "known" : "unknown",
                        at_once, spent / finds * 1e6);
        }
    }
    WantedRead wanted{.queue = QueueId(1), .priority = 5, .limit = 1000};
    start = Clock::now();
    std::uint64_t read = 0;
    for (int page = 0; page < 100; ++page) {
        const ReadResult result = require(ledger->read(wanted));
        read += result.jobs.size();
        if (result.jobs.empty()) break;
        wanted.from_start = false;
        wanted.order = result.jobs.back().head.order;
    }
    std::printf("ready refills of 1000: %.2f us per job, resident %lu MiB\n",
                seconds_since(start) / static_cast<double>(read) * 1e6,
                static_cast<unsigned long>(resident_kib() / 1024));
    require(ledger->close());
    ledger.reset();
    start = Clock::now();
    ledger = require(open_rocks_ledger({.folder = folder}));
    const double opened = seconds_since(start);
    start = Clock::now();
    std::uint64_t loaded = 0;
    require(ledger->load([&](JobRecord&&) { ++loaded; }));
    std::printf("restart: open %.2f s, load %.2f s for %lu jobs, resident %lu MiB\n", opened,
                seconds_since(start), static_cast<unsigned long>(loaded),
                static_cast<unsigned long>(resident_kib() / 1024));
}

int run(const std::string& folder, std::uint64_t jobs) {
    std::filesystem::remove_all(folder);
    bench_codec();
    for (const bool synced : {false, true}) {
        std::uint64_t first = 1;
        auto ledger = require(open_rocks_ledger({.folder = folder + "/cycles"}));
        require(ledger->load([](JobRecord&&) {}));
        for (const std::uint64_t per_commit : {100U, 1000U}) {
            const double own = cpu_seconds(RUSAGE_THREAD);
            const double all = cpu_seconds(RUSAGE_SELF);
            const double rate = life_cycles(*ledger, first, jobs, per_commit, synced);
            const double per_job = 1e6 / static_cast<double>(jobs);
            std::printf("        CPU per life cycle: owner %.1f us, all threads %.1f us\n",
                        (cpu_seconds(RUSAGE_THREAD) - own) * per_job,
                        (cpu_seconds(RUSAGE_SELF) - all) * per_job);
            first += jobs;
            std::printf("rocks:  %5lu per commit, %s: %9.0f life cycles/s\n",
                        static_cast<unsigned long>(per_commit), synced ? "synced" : "no sync",
                        rate);
        }
        std::uint64_t left = 0;
        require(ledger->load([&](JobRecord&&) { ++left; }));
        std::printf("        %lu jobs left, resident %lu MiB\n", static_cast<unsigned long>(left),
                    static_cast<unsigned long>(resident_kib() / 1024));
        require(ledger->close());
        std::filesystem::remove_all(folder + "/cycles");
    }
    bench_backlog(folder + "/backlog", jobs);
    bench_memory();
    std::filesystem::remove_all(folder);
    return 0;
}

}  // namespace
}  // namespace sluice::jobs

int main(int argc, char** argv) {
    const std::string folder = argc > 1 ? argv[1] : "bench_ledger.store";
    const std::uint64_t jobs = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000'000;
    return sluice::jobs::run(folder, std::max<std::uint64_t>(jobs, 10'000));
}
