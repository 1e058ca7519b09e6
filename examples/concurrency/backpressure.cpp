// SPDX-License-Identifier: Apache-2.0
// Back-pressure: a bounded queue makes a fast producer feel a slow consumer. The producer chooses
// how: refused at once, waiting for so long, or waiting.
#include "kernel/sync/channel.h"
#include "kernel/sync/thread.h"
#include "kernel/sync/wait_accounting.h"

#include <cstdio>
#include <string>

using namespace std::chrono_literals;
using sluice::Channel;
using sluice::ChannelStatus;

int main() {
    Channel<int> orders(4, "orders");

    // Nobody reads yet. What a front door does: say "busy", keep nothing.
    int taken = 0;
    ChannelStatus status = ChannelStatus::ok;
    for (int order = 1; order <= 10 && status == ChannelStatus::ok; ++order) {
        status = orders.try_push(int{order});
        if (status == ChannelStatus::ok) ++taken;
    }
    std::printf("at once:        %d taken, then %s\n", taken,
                std::string(to_string(status)).c_str());

    // What a patient client does: wait, but not for ever.
    status = orders.push_until(5, sluice::deadline_after(10ms));
    std::printf("within 10 ms:   %s\n", std::string(to_string(status)).c_str());

    // What a stage of a pipeline does: wait as long as it takes.
    sluice::Thread producer("producer", [&] {
        for (int order = 5; order <= 100; ++order) orders.push(int{order});
        orders.close();
    });
    // The consumer begins when the producer already waits: see it in the list of threads.
    for (bool waits = false; !waits;) {
        for (const sluice::ThreadNow& thread : sluice::threads_now()) {
            waits = waits || (thread.name == "producer" && thread.site == "orders");
        }
    }
    int sum = 0;
    int order = 0;
    while (orders.pop(order) == ChannelStatus::ok) sum += order;
    producer.join();

    const sluice::ChannelCounters counters = orders.counters();
    std::printf("waiting:        1 + … + 100 = %d\n", sum);
    std::printf("never more than %zu waited; %llu were refused; the producer waited: %s\n",
                counters.depth_peak, static_cast<unsigned long long>(counters.refused),
                counters.push_waits > 0 ? "yes" : "no");
    return 0;
}
