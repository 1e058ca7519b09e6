// SPDX-License-Identifier: Apache-2.0
// Runs the job type "greet" until TERM: worker [URL]
#include <sdk/worker.h>

#include <iostream>

using namespace sluice::sdk;

int main(int argc, char** argv) {
    auto server = parse_server_url(argc > 1 ? std::string(argv[1]) : server_url_from_environment());
    if (!server) return std::cerr << server.error().text() << '\n', 1;
    WorkerOptions options;
    options.server = *server;
    options.concurrency = 4;
    options.log = [](std::string_view line) { std::cerr << line << '\n'; };
    Worker worker(options);
    const auto added = worker.add("greet", [](JobContext& context) -> Outcome {
        const std::string& args = context.job().args;  // a JSON array: ["world"]
        return "{\"hello\":" + args.substr(1, args.size() - 2) + "}";
    });
    const auto ended = added ? worker.run() : added;
    if (!ended) return std::cerr << ended.error().text() << '\n', 1;
    std::cout << worker.counters().succeeded << " jobs done\n";
}
