// SPDX-License-Identifier: Apache-2.0
// Cancellation: a tree of sources. Whoever holds a token can ask, wait on it, or be called back;
// what is cancelled above is cancelled below, never the other way round.
#include "kernel/sync/cancel.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/thread.h"

#include <cstdio>
#include <string>

using namespace std::chrono_literals;
using sluice::CancelSource;
using sluice::CancelToken;
using sluice::Code;

namespace {

void print(const char* who, const CancelToken& token) {
    const sluice::Status status = token.check();
    std::printf("%-9s %s\n", who, status ? "goes on" : status.error().text().c_str());
}

/// Asks now and then: for work that computes.
long long compute(const CancelToken& cancel) {
    long long rounds = 0;
    while (!cancel.is_cancelled()) ++rounds;
    return rounds;
}

/// Waits on a channel and on the token together: for work that waits.
std::string wait_for_mail(sluice::Channel<std::string>& mail, const CancelToken& cancel) {
    const auto selected = sluice::select(sluice::no_deadline, cancel, mail);
    return selected.outcome == sluice::SelectOutcome::cancelled ? "told to stop" : "got mail";
}

}  // namespace

int main() {
    const CancelSource server;
    const CancelSource request(server.token());
    const CancelSource part(request.token(), sluice::deadline_after(5ms));

    // A deadline is a cancellation by the clock: the part ends, the request does not.
    (void)compute(part.token());
    print("part:", part.token());
    print("request:", request.token());

    sluice::Channel<std::string> mail(1);
    std::string outcome;
    sluice::Thread waiter("waiter", [&] { outcome = wait_for_mail(mail, request.token()); });
    bool told = false;
    const auto registration = request.token().on_cancel([&] { told = true; });

    server.cancel({Code::cancelled, "the server stops"});
    waiter.join();
    print("request:", request.token());
    std::printf("waiter:   %s\ncallback: %s\n", outcome.c_str(), told ? "called" : "not called");
    std::printf("again:    %s\n", server.cancel() ? "cancelled" : "the first reason stays");
    return 0;
}
