// SPDX-License-Identifier: Apache-2.0
// Runs built-in job types in this process, without server, worker or queue: what compare.py
// compares the same jobs through a queue with. bench_work_alone READ_ROOT WRITE_ROOT, then a line
// for each job on standard input: TYPE ARGUMENTS. Answers each with SECONDS, or "failed: …".
#include "kernel/sync/clock.h"
#include "modules/work/types.h"
#include "sdk/inline_queue.h"

#include <chrono>
#include <iostream>
#include <string>

using namespace sluice;

int main(int argc, char** argv) {
    if (argc != 3) return std::cerr << "bench_work_alone READ_ROOT WRITE_ROOT\n", 2;
    const auto types =
        work::built_in_types({.read_roots = {argv[1], argv[2]}, .write_root = argv[2]});
    if (!types) return std::cerr << types.error().text() << '\n', 1;
    sdk::InlineQueue queue;
    for (const sdk::JobType& type : *types) {
        const Status added = queue.add(type.name, type.run);
        if (!added) return std::cerr << added.error().text() << '\n', 1;
    }
    for (std::string line; std::getline(std::cin, line);) {
        const std::size_t blank = line.find(' ');
        sdk::JobSpec job{.type = line.substr(0, blank), .args = line.substr(blank + 1)};
        job.retry = -1;
        const Instant begin = monotonic_now();
        const auto jid = queue.push(job);
        const Duration took = monotonic_now() - begin;
        const sdk::InlineJob* done = jid ? queue.find(*jid) : nullptr;
        if (done == nullptr || done->state != "succeeded") {
            std::cout << "failed: "
                      << (done == nullptr ? jid.error().message
                          : done->failure ? done->failure->message
                                          : done->state)
                      << std::endl;
        } else {
            std::cout << std::chrono::duration<double>(took).count() << std::endl;
        }
    }
}
