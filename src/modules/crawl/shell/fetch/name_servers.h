// SPDX-License-Identifier: Apache-2.0
// NameServers: asks name servers for the addresses of a name, by c-ares. Keeps nothing and judges
// nothing; the owner's thread waits for the sockets (poller.h).
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "modules/crawl/shell/fetch/poller.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice::crawl {

/// What the servers said of one kind of record.
struct RecordAnswer {
    std::vector<std::string> addresses;
    Duration ttl{0};     ///< the shortest of the records that led there
    bool heard = false;  ///< a server said something that can be kept, be it that there is none
};

/// Lives on one thread.
class NameServers {
public:
    struct Settings {
        std::vector<std::string> servers;  ///< "192.0.2.1:53"; empty: those of the system
        Duration timeout;                  ///< of the first attempt
        std::uint32_t attempts = 3;
    };
    using Done = std::function<void(RecordAnswer)>;

    /// Errors: invalid (a server), exhausted.
    static Result<std::unique_ptr<NameServers>> open(Poller& poller, const Settings& settings);
    /// Ends every question, with nothing heard.
    ~NameServers();
    NameServers(const NameServers&) = delete;
    NameServers& operator=(const NameServers&) = delete;

    /// Asks for the name as it is, no search list. `done` is called once, maybe within this call.
    void ask(const std::string& name, bool v6, Done done);
    void process(const Ready& socket);
    void process_timeouts();
    [[nodiscard]] Instant deadline() const;
    /// Questions without an end.
    [[nodiscard]] std::size_t running() const { return running_; }

private:
    struct Asked;
    explicit NameServers(Poller& poller) : poller_(poller) {}
    static void watch(void* self, int fd, int readable, int writable);
    static void take(void* asked, int status, int timeouts, unsigned char* bytes, int size);

    Poller& poller_;
    void* channel_ = nullptr;
    std::size_t running_ = 0;
};

}  // namespace sluice::crawl
