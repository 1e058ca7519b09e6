// SPDX-License-Identifier: Apache-2.0
// Snapshot: settings that every request reads and somebody replaces now and then. A reader sees one
// whole version, old or new, never a mixture, and never waits for the writer.
#include "kernel/sync/snapshot.h"
#include "kernel/sync/thread.h"

#include <atomic>
#include <cstdio>
#include <string>
#include <vector>

namespace {

/// Both names always belong together.
struct Settings {
    int version = 0;
    std::string primary;
    std::string standby;

    [[nodiscard]] bool fits() const {
        return primary == "host-" + std::to_string(version) &&
               standby == "host-" + std::to_string(version + 1);
    }
};

Settings make(int version) {
    return {version, "host-" + std::to_string(version), "host-" + std::to_string(version + 1)};
}

}  // namespace

int main() {
    sluice::Snapshot<Settings> settings(make(0));
    std::atomic<bool> stop{false};
    std::atomic<int> mixtures{0};
    std::atomic<int> steps_back{0};

    std::vector<sluice::Thread> readers;
    for (int i = 0; i < 3; ++i) {
        readers.emplace_back("reader-" + std::to_string(i), [&] {
            int last = 0;
            while (!stop) {
                const auto reading = settings.read();  // for this scope; keep it short
                if (!reading->fits()) ++mixtures;
                if (reading->version < last) ++steps_back;
                last = reading->version;
            }
        });
    }
    for (int version = 1; version <= 1000; ++version) settings.store(make(version));
    stop = true;
    readers.clear();  // joins

    settings.store(make(1001));  // frees what the readers had held
    std::printf("mixtures seen: %d, steps back in time: %d\n", mixtures.load(), steps_back.load());
    std::printf("now: %s and %s; old versions kept: %zu\n", settings.read()->primary.c_str(),
                settings.read()->standby.c_str(), settings.replaced_kept());
    return 0;
}
