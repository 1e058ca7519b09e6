// SPDX-License-Identifier: Apache-2.0
#include "peers.h"

#include <cstdio>
#include <filesystem>
#include <string_view>

namespace sluice::bench {

namespace {

std::string job_text() {
    std::string job;
    append_job(job, "default");
    return job;
}

/// One command of RESP, whatever bytes its words have.
void append_command(std::string& out, std::initializer_list<std::string_view> words) {
    out += '*' + std::to_string(words.size()) + "\r\n";
    for (const std::string_view word : words) {
        out += '$' + std::to_string(word.size()) + "\r\n";
        out += word;
        out += "\r\n";
    }
}

Role producer(Counts& counts, std::uint64_t open_max, void (*put)(std::string& out)) {
    return {.send =
                [&counts, open_max, put](Link&, std::string& out) {
                    if (open_max > 0 && counts.pushed > counts.done + open_max) return 0U;
                    put(out);
                    return 1U;
                },
            .answered =
                [&counts](Link& link, const Answer&) {
                    counts.pushes.add(link);
                    ++counts.pushed;
                }};
}

/// The memo is what names the job that is held: its number there, or all of it.
Role worker(Counts& counts, const std::function<void(const Link&, std::string& out)>& take,
            const std::function<void(const Link&, std::string& out)>& finish,
            std::string_view (*held)(const Answer&)) {
    return {.send =
                [take, finish](Link& link, std::string& out) {
                    (link.memo.empty() ? take : finish)(link, out);
                    return 1U;
                },
            .answered =
                [&counts, held](Link& link, const Answer& answer) {
                    (link.memo.empty() ? counts.fetches : counts.acks).add(link);
                    if (link.memo.empty()) {
                        link.memo = held(answer);
                    } else {
                        ++counts.done;
                        link.memo.clear();
                    }
                }};
}

Peer beanstalkd() {
    return {.name = "beanstalkd -f0",
            .package = "beanstalkd",
            .put = "put",
            .cycle = "put, reserve, delete",
            .program = find_program("beanstalkd"),
            .options =
                [](std::uint16_t port, const std::string& folder) {
                    return std::vector<std::string>{"-l", "127.0.0.1", "-p", std::to_string(port),
                                                    "-b", folder,      "-f", "0"};
                },
            .producer =
                [](Counts& counts, std::uint64_t open_max) {
                    return producer(counts, open_max, [](std::string& out) {
                        const std::string job = job_text();
                        out += "put 5 0 60 " + std::to_string(job.size()) + "\r\n" + job + "\r\n";
                    });
                },
            .worker =
                [](Counts& counts) {
                    return worker(
                        counts, [](const Link&, std::string& out) { out += "reserve\r\n"; },
                        [](const Link& link, std::string& out) {
                            out += "delete " + link.memo + "\r\n";
                        },
                        [](const Answer& answer) {  // RESERVED id bytes
                            const std::string_view rest = answer.line.substr(9);
                            return rest.substr(0, rest.find(' '));
                        });
                }};
}

/// As its documentation says of reliable queues: a worker moves a job to a list of its own and
/// takes it out of there when it is done.
Peer redis() {
    return {.name = "Redis, appendfsync always",
            .package = "redis-server",
            .put = "LPUSH",
            .cycle = "LPUSH, BLMOVE, LREM",
            .program = find_program("redis-server"),
            .options =
                [](std::uint16_t port, const std::string& folder) {
                    return std::vector<std::string>{"--port",        std::to_string(port),
                                                    "--bind",        "127.0.0.1",
                                                    "--dir",         folder,
                                                    "--save",        "",
                                                    "--appendonly",  "yes",
                                                    "--appendfsync", "always"};
                },
            .producer =
                [](Counts& counts, std::uint64_t open_max) {
                    return producer(counts, open_max, [](std::string& out) {
                        append_command(out, {"LPUSH", "job", job_text()});
                    });
                },
            .worker =
                [number = 0](Counts& counts) mutable {
                    const std::string own = "held-" + std::to_string(++number);
                    return worker(
                        counts,
                        [own](const Link&, std::string& out) {
                            append_command(out, {"BLMOVE", "job", own, "RIGHT", "LEFT", "0"});
                        },
                        [own](const Link& link, std::string& out) {
                            append_command(out, {"LREM", own, "1", link.memo});
                        },
                        [](const Answer& answer) { return answer.bulk; });
                }};
}

}  // namespace

std::vector<Peer> peers() { return {beanstalkd(), redis()}; }

void print_missing(const Peer& peer) {
    std::printf("%s is not installed: skipped (apt-get install %s)\n", peer.name, peer.package);
}

PeerServer::PeerServer(const Options& options, const Peer& peer)
    : folder(options.folder + "/" + peer.package), port(free_port()) {
    std::filesystem::create_directories(folder);
    std::vector<std::string> command{peer.program};
    for (std::string& word : peer.options(port, folder)) command.push_back(std::move(word));
    process.emplace(command, folder + ".log");
    process->wait_for_port(port);
}

PeerServer::~PeerServer() {
    process.reset();
    std::filesystem::remove_all(folder);
}

}  // namespace sluice::bench
