// SPDX-License-Identifier: Apache-2.0
// Load: many connections driven by one epoll loop, for benchmarks. Each connection keeps a number
// of requests on the way and calls back for every reply. Speaks the line protocols of the servers
// that are compared (Faktory's, RESP, beanstalkd's), as far as replies have to be told apart.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::bench {

/// One reply: the line without CR LF, and the bytes that followed a length line.
struct Answer {
    std::string_view line;
    std::string_view bulk;
};

class Link;

/// What one connection does.
struct Role {
    /// Called when the connection may send; appends requests to `out` and returns how many.
    std::function<unsigned(Link&, std::string& out)> send;
    /// Called for every reply, in order.
    std::function<void(Link&, const Answer&)> answered;
};

/// One connection. `tag` is the role's own.
class Link {
public:
    explicit Link(int descriptor, Role role) : descriptor_(descriptor), role_(std::move(role)) {}
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    std::uint64_t tag = 0;
    /// When the requests under way were made, and the reply that is being given was read.
    std::uint64_t sent_at_ns = 0;
    std::uint64_t answered_at_ns = 0;
    std::string memo;

private:
    friend class Load;
    bool read_all();
    bool flush();
    bool take_answer();
    void fill();

    int descriptor_;
    Role role_;
    std::string in_;
    std::size_t in_used_ = 0;
    std::string out_;
    unsigned waiting_ = 0;
    bool writing_ = false;
};

enum class Greeting { none, faktory_producer, faktory_worker, faktory_extended };

class Load {
public:
    Load();
    ~Load();
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

    /// Connects and greets (blocking); exits the program with a message when that fails.
    Link& connect(std::uint16_t port, Greeting greeting, Role role);
    /// Runs until `done` says so or `seconds` have passed. True if done.
    bool run(double seconds, const std::function<bool()>& done);
    /// Lets connections that returned 0 from send() try again.
    void poke();
    void disconnect_all();

private:
    int epoll_;
    std::vector<std::unique_ptr<Link>> links_;
};

std::uint64_t now_ns();

}  // namespace sluice::bench
