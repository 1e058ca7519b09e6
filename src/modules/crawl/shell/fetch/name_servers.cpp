// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/fetch/name_servers.h"

#include "kernel/net/address_rules.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/once.h"

#include <ares.h>

#include <netdb.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::crawl {

namespace {

constexpr int records_max = 64;
constexpr int class_in = 1;
constexpr int type_a = 1;
constexpr int type_aaaa = 28;

ares_channel channel_of(void* channel) { return static_cast<ares_channel>(channel); }

Status start_ares() {
    static Once once;
    return once.call([]() -> Status {
        if (ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS) return {};
        return fail(Code::internal, "c-ares cannot be initialised");
    });
}

RecordAnswer read_records(bool v6, const unsigned char* bytes, int size) {
    RecordAnswer answer;
    int ttl = INT32_MAX;
    int count = records_max;
    int status = ARES_SUCCESS;
    if (v6) {
        std::array<ares_addr6ttl, records_max> records{};
        status = ares_parse_aaaa_reply(bytes, size, nullptr, records.data(), &count);
        for (int i = 0; status == ARES_SUCCESS && i < count; ++i) {
            const auto& record = records[static_cast<std::size_t>(i)];
            answer.addresses.push_back(IpAddress::from_v6(record.ip6addr._S6_un._S6_u8).text());
            ttl = std::min(ttl, record.ttl);
        }
    } else {
        std::array<ares_addrttl, records_max> records{};
        status = ares_parse_a_reply(bytes, size, nullptr, records.data(), &count);
        for (int i = 0; status == ARES_SUCCESS && i < count; ++i) {
            const auto& record = records[static_cast<std::size_t>(i)];
            const auto* four = reinterpret_cast<const std::uint8_t*>(&record.ipaddr);
            answer.addresses.push_back(IpAddress::from_v4(four).text());
            ttl = std::min(ttl, record.ttl);
        }
    }
    answer.heard = status == ARES_SUCCESS || status == ARES_ENODATA;
    answer.ttl = std::chrono::seconds(std::max(ttl, 0));
    return answer;
}

}  // namespace

/// A question that c-ares has in hand.
struct NameServers::Asked {
    NameServers& servers;
    bool v6;
    Done done;
};

Result<std::unique_ptr<NameServers>> NameServers::open(Poller& poller, const Settings& settings) {
    SLUICE_TRY_STATUS(start_ares());
    std::unique_ptr<NameServers> made(new NameServers(poller));
    ares_options options{};
    char lookups[] = "b";  // servers only
    options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
    options.timeout =
        static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(settings.timeout).count());
    options.tries = static_cast<int>(settings.attempts);
    options.lookups = lookups;
    options.sock_state_cb = &NameServers::watch;
    options.sock_state_cb_data = made.get();
    ares_channel channel = nullptr;
    const int status =
        ares_init_options(&channel, &options,
                          ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
                              ARES_OPT_DOMAINS | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) return fail(Code::exhausted, ares_strerror(status));
    made->channel_ = channel;
    if (settings.servers.empty()) return made;
    std::string list;
    for (const auto& server : settings.servers) list += (list.empty() ? "" : ",") + server;
    if (ares_set_servers_ports_csv(channel, list.c_str()) != ARES_SUCCESS) {
        return fail(Code::invalid, "not a list of name servers: \"" + list + "\"");
    }
    return made;
}

NameServers::~NameServers() {
    if (channel_ != nullptr) ares_destroy(channel_of(channel_));
}

void NameServers::watch(void* self, int fd, int readable, int writable) {
    auto& poller = static_cast<NameServers*>(self)->poller_;
    if (readable == 0 && writable == 0) {
        poller.forget(fd);
    } else {
        poller.watch(fd, readable != 0, writable != 0);
    }
}

void NameServers::take(void* asked, int status, int, unsigned char* bytes, int size) {
    const std::unique_ptr<Asked> question(static_cast<Asked*>(asked));
    --question->servers.running_;
    RecordAnswer answer;
    if (status == ARES_SUCCESS) {
        answer = read_records(question->v6, bytes, size);
    } else {
        answer.heard = status == ARES_ENOTFOUND || status == ARES_ENODATA;
    }
    question->done(std::move(answer));
}

void NameServers::ask(const std::string& name, bool v6, Done done) {
    ++running_;
    auto asked = std::unique_ptr<Asked>(new Asked{*this, v6, std::move(done)});
    ares_query(channel_of(channel_), name.c_str(), class_in, v6 ? type_aaaa : type_a,
               &NameServers::take, asked.release());
}

void NameServers::process(const Ready& socket) {
    ares_process_fd(channel_of(channel_), socket.readable ? socket.fd : ARES_SOCKET_BAD,
                    socket.writable ? socket.fd : ARES_SOCKET_BAD);
}

void NameServers::process_timeouts() {
    ares_process_fd(channel_of(channel_), ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

Instant NameServers::deadline() const {
    timeval time{};
    if (ares_timeout(channel_of(channel_), nullptr, &time) == nullptr) return no_deadline;
    return deadline_after(std::chrono::seconds(time.tv_sec) +
                          std::chrono::microseconds(time.tv_usec));
}

}  // namespace sluice::crawl
