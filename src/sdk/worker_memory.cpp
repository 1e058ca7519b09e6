// SPDX-License-Identifier: Apache-2.0
// The thread of worker_threads.h that watches memory.
#include "kernel/sync/clock.h"
#include "sdk/machine.h"
#include "sdk/pressure.h"
#include "sdk/worker_threads.h"

namespace sluice::sdk {

void run_memory_watch(const WorkerOptions& options, WorkerEvents& events, const Wake& end) {
    PressureGate gate(options.pressure);
    do {
        const MemorySample sample =
            options.memory_sample ? options.memory_sample() : sample_memory();
        if (gate.update(sample)) {
            events.push(Pressed{.is_pressed = gate.is_closed(), .reason = gate.reason()});
        }
    } while (!end.wait_until(deadline_after(options.pressure_interval)));
}

}  // namespace sluice::sdk
