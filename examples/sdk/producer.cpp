// SPDX-License-Identifier: Apache-2.0
// Pushes one job and waits for its result: producer [URL] [NAME]
#include <sdk/client.h>

#include <iostream>

int main(int argc, char** argv) {
    auto client = sluice::sdk::Client::at(argc > 1 ? argv[1] : "");
    const std::string args = std::string("[\"") + (argc > 2 ? argv[2] : "world") + "\"]";
    auto jid = client ? client->push({.type = "greet", .args = args}) : std::move(client).error();
    if (!jid) return std::cerr << jid.error().text() << '\n', 1;
    const auto outcome = client->wait({&*jid, 1}, std::chrono::seconds(30));
    if (!outcome) return std::cerr << outcome.error().text() << '\n', 1;
    std::cout << outcome->jobs[0].state << ' ' << outcome->jobs[0].result << '\n';
    return outcome->jobs[0].is_success() ? 0 : 2;
}
