// SPDX-License-Identifier: Apache-2.0
// For tests only: a name server on a free loopback port, UDP and TCP, that says what it is told.
#pragma once

#include "kernel/net/owned_fd.h"
#include "kernel/sync/thread.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::crawl {

/// A record of an answer; `data`: an address, or the name that a CNAME leads to.
struct DnsRecord {
    std::string name;
    enum Type : std::uint16_t { a = 1, cname = 5, aaaa = 28 } type = a;
    std::uint32_t ttl = 300;
    std::string data;
};
struct DnsReply {
    std::vector<DnsRecord> records{};
    int rcode = 0;           ///< 2: the server failed, 3: no such name
    bool truncated = false;  ///< over UDP; over TCP it is whole
    bool wrong_id = false;   ///< a forged reply comes first, with another address
    bool silent = false;
    bool garbage = false;
};

class DnsServer {
public:
    DnsServer() {
        for (int attempt = 0; attempt < 20 && !bind_both(); ++attempt) {
        }
        EXPECT_TRUE(tcp_);
    }
    ~DnsServer() {
        const std::uint64_t one = 1;
        EXPECT_EQ(::write(stop_.get(), &one, sizeof one), 8);
        thread_.join();
    }
    DnsServer(const DnsServer&) = delete;
    DnsServer& operator=(const DnsServer&) = delete;

    /// Before start(): what is said of a name for one type. Names not told of do not exist.
    void say(const std::string& name, DnsRecord::Type type, DnsReply reply) {
        replies_[{name, type}] = std::move(reply);
    }
    void say_a(const std::string& name, const std::vector<std::string>& addresses,
               std::uint32_t ttl = 300) {
        DnsReply reply;
        for (const auto& text : addresses) reply.records.push_back({name, DnsRecord::a, ttl, text});
        say(name, DnsRecord::a, std::move(reply));
    }
    /// Instead of silence, from now on.
    void start() {
        thread_ = Thread("dns", [this] { serve(); });
    }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    [[nodiscard]] int queries() const { return queries_; }
    [[nodiscard]] int tcp_queries() const { return tcp_queries_; }

private:
    bool bind_both() {
        udp_ = OwnedFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        tcp_ = OwnedFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* raw = reinterpret_cast<sockaddr*>(&at);
        socklen_t size = sizeof at;
        const bool fine = ::bind(udp_.get(), raw, size) == 0 &&
                          ::getsockname(udp_.get(), raw, &size) == 0 &&
                          ::bind(tcp_.get(), raw, size) == 0 && ::listen(tcp_.get(), 16) == 0;
        port_ = ntohs(at.sin_port);
        if (!fine) tcp_.reset();
        return fine;
    }

    static std::string number16(unsigned value) {
        return {static_cast<char>(value >> 8), static_cast<char>(value & 0xFF)};
    }
    static std::string encode_name(const std::string& name) {
        std::string out;
        std::size_t begin = 0;
        while (begin < name.size()) {
            const std::size_t end = std::min(name.find('.', begin), name.size());
            out += static_cast<char>(end - begin);
            out += name.substr(begin, end - begin);
            begin = end + 1;
        }
        return out + '\0';
    }
    static std::string encode(const DnsRecord& record) {
        std::string data;
        if (record.type == DnsRecord::cname) {
            data = encode_name(record.data);
        } else {
            std::array<char, 16> bytes{};
            const bool v6 = record.type == DnsRecord::aaaa;
            EXPECT_EQ(::inet_pton(v6 ? AF_INET6 : AF_INET, record.data.c_str(), bytes.data()), 1);
            data.assign(bytes.data(), v6 ? 16 : 4);
        }
        return encode_name(record.name) + number16(record.type) + number16(1) +
               number16(record.ttl >> 16) + number16(record.ttl & 0xFFFF) +
               number16(static_cast<unsigned>(data.size())) + data;
    }

    /// The replies to a query, in order; none for silence.
    std::vector<std::string> answer(const std::string& query, bool tcp) {
        if (query.size() < 17) return {};
        ++queries_;
        if (tcp) ++tcp_queries_;
        std::string name;
        std::size_t at = 12;
        while (at < query.size() && query[at] != 0) {
            const auto length = static_cast<unsigned char>(query[at]);
            name += (name.empty() ? "" : ".") + query.substr(at + 1, length);
            at += length + 1u;
        }
        if (at + 5 > query.size()) return {};
        const auto type =
            static_cast<DnsRecord::Type>(static_cast<unsigned char>(query[at + 1]) * 256 +
                                         static_cast<unsigned char>(query[at + 2]));
        const std::string question = query.substr(12, at + 5 - 12);
        const auto found = replies_.find({name, type});
        DnsReply reply;
        if (found == replies_.end()) reply.rcode = 3;
        if (found != replies_.end()) reply = found->second;
        if (reply.silent) return {};
        if (reply.garbage) return {query.substr(0, 2) + "\x81"};
        const bool cut = reply.truncated && !tcp;
        std::string records;
        for (const auto& record : reply.records) records += cut ? "" : encode(record);
        const unsigned count = cut ? 0 : static_cast<unsigned>(reply.records.size());
        const unsigned flags = 0x8180u | (cut ? 0x0200u : 0u) | static_cast<unsigned>(reply.rcode);
        const std::string rest = number16(flags) + number16(1) + number16(count) + number16(0) +
                                 number16(0) + question + records;
        std::vector<std::string> out;
        if (reply.wrong_id) {
            std::string forged = query.substr(0, 2);
            forged[1] = static_cast<char>(forged[1] ^ 1);
            out.push_back(forged + number16(0x8180) + number16(1) + number16(1) + number16(0) +
                          number16(0) + question +
                          encode({name, DnsRecord::a, 300, "198.51.100.66"}));
        }
        out.push_back(query.substr(0, 2) + rest);
        return out;
    }

    void serve() {
        for (;;) {
            pollfd wanted[3] = {
                {udp_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
            ::poll(wanted, 3, -1);
            if (wanted[2].revents != 0) return;
            if (wanted[0].revents != 0) serve_udp();
            if (wanted[1].revents != 0) serve_tcp();
        }
    }
    void serve_udp() {
        sockaddr_storage from{};
        socklen_t size = sizeof from;
        std::string query(4096, '\0');
        const ssize_t count = ::recvfrom(udp_.get(), query.data(), query.size(), 0,
                                         reinterpret_cast<sockaddr*>(&from), &size);
        query.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        for (const auto& reply : answer(query, false)) {
            ::sendto(udp_.get(), reply.data(), reply.size(), 0,
                     reinterpret_cast<const sockaddr*>(&from), size);
        }
    }
    /// One connection at a time, until its end.
    void serve_tcp() {
        const OwnedFd peer(::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        std::string bytes;
        for (;;) {
            pollfd wanted[2] = {{peer.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
            ::poll(wanted, 2, -1);
            if (wanted[1].revents != 0) return;
            std::string piece(4096, '\0');
            const ssize_t count = ::recv(peer.get(), piece.data(), piece.size(), 0);
            if (count <= 0) return;
            bytes.append(piece, 0, static_cast<std::size_t>(count));
            while (bytes.size() >= 2) {
                const std::size_t size = static_cast<unsigned char>(bytes[0]) * 256u +
                                         static_cast<unsigned char>(bytes[1]);
                if (bytes.size() < size + 2) break;
                for (const auto& reply : answer(bytes.substr(2, size), true)) {
                    const std::string framed =
                        number16(static_cast<unsigned>(reply.size())) + reply;
                    ::send(peer.get(), framed.data(), framed.size(), MSG_NOSIGNAL);
                }
                bytes.erase(0, size + 2);
            }
        }
    }

    OwnedFd udp_;
    OwnedFd tcp_;
    OwnedFd stop_{::eventfd(0, EFD_CLOEXEC)};
    int port_ = 0;
    std::atomic<int> queries_ = 0;
    std::atomic<int> tcp_queries_ = 0;
    std::map<std::pair<std::string, DnsRecord::Type>, DnsReply> replies_;
    Thread thread_;
};

}  // namespace sluice::crawl
