// SPDX-License-Identifier: Apache-2.0
#include "load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sluice::bench {

namespace {

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "bench: %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

void send_blocking(int descriptor, std::string_view text) {
    if (::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(text.size())) {
        give_up("send");
    }
}

/// Reads one line, a byte at a time: only for greetings.
std::string line_blocking(int descriptor) {
    std::string line;
    char c = 0;
    while (c != '\n') {
        if (::recv(descriptor, &c, 1, 0) != 1)
            give_up("the server closed the connection in the greeting");
        line += c;
    }
    return line;
}

void greet(int descriptor, Greeting greeting) {
    if (greeting == Greeting::none) return;
    static unsigned number = 0;
    line_blocking(descriptor);
    std::string hello = R"(HELLO {"v":2)";
    if (greeting != Greeting::faktory_producer)
        hello += R"(,"wid":"bench)" + std::to_string(++number) + '"';
    if (greeting == Greeting::faktory_extended) hello += R"(,"x":1)";
    send_blocking(descriptor, hello + "}\r\n");
    if (!line_blocking(descriptor).starts_with("+OK")) give_up("HELLO was refused");
}

}  // namespace

std::uint64_t now_ns() {
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

Link::~Link() { ::close(descriptor_); }

/// True while the connection lives.
bool Link::read_all() {
    std::array<char, 65536> buffer;
    for (;;) {
        const ssize_t count = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
        if (count == 0) return false;
        if (count < 0) return errno == EAGAIN;
        in_.append(buffer.data(), static_cast<std::size_t>(count));
        if (count < static_cast<ssize_t>(buffer.size())) return true;
    }
}

bool Link::take_answer() {
    const std::string_view rest = std::string_view(in_).substr(in_used_);
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) return false;
    std::string_view line = rest.substr(0, end);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    std::size_t used = end + 1;
    std::string_view bulk;
    long size = -1;
    if (line.starts_with('$')) {
        std::from_chars(line.data() + 1, line.data() + line.size(), size);
    } else if (line.starts_with("RESERVED ")) {  // beanstalkd: RESERVED id bytes
        const std::size_t blank = line.rfind(' ');
        std::from_chars(line.data() + blank + 1, line.data() + line.size(), size);
    }
    if (size >= 0) {
        if (rest.size() < used + static_cast<std::size_t>(size) + 2) return false;
        bulk = rest.substr(used, static_cast<std::size_t>(size));
        used += static_cast<std::size_t>(size) + 2;
    }
    in_used_ += used;
    --waiting_;
    role_.answered(*this, Answer{line, bulk});
    return true;
}

void Link::fill() {
    if (waiting_ > 0) return;
    waiting_ += role_.send(*this, out_);
    if (waiting_ > 0) sent_at_ns = now_ns();
}

bool Link::flush() {
    while (!out_.empty()) {
        const ssize_t count = ::send(descriptor_, out_.data(), out_.size(), MSG_NOSIGNAL);
        if (count < 0) return errno == EAGAIN;
        out_.erase(0, static_cast<std::size_t>(count));
    }
    return true;
}

Load::Load() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}
Load::~Load() {
    disconnect_all();
    ::close(epoll_);
}

Link& Load::connect(std::uint16_t port, Greeting greeting, Role role) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        give_up("connect");
    const int one = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    greet(descriptor, greeting);
    ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
    links_.push_back(std::make_unique<Link>(descriptor, std::move(role)));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = links_.back().get();
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
    return *links_.back();
}

void Load::poke() {
    for (const auto& link : links_) {
        link->fill();
        if (!link->flush()) give_up("send");
    }
}

bool Load::run(double seconds, const std::function<bool()>& done) {
    const std::uint64_t deadline = now_ns() + static_cast<std::uint64_t>(seconds * 1e9);
    poke();
    std::array<epoll_event, 256> events{};
    while (!done()) {
        if (now_ns() > deadline) return false;
        for (const auto& link : links_) {  // those that had nothing to send may have something now
            if (link->waiting_ > 0) continue;
            link->fill();
            if (!link->flush()) give_up("send");
        }
        const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
        for (int i = 0; i < count; ++i) {
            Link& link = *static_cast<Link*>(events[static_cast<std::size_t>(i)].data.ptr);
            if ((events[static_cast<std::size_t>(i)].events & EPOLLIN) != 0 && !link.read_all()) {
                give_up("the server closed a connection");
            }
            link.answered_at_ns = now_ns();
            while (link.take_answer()) {
            }
            if (link.in_used_ == link.in_.size()) {
                link.in_.clear();
                link.in_used_ = 0;
            }
            link.fill();
            if (!link.flush()) give_up("send");
            const bool writing = !link.out_.empty();
            if (writing != link.writing_) {
                link.writing_ = writing;
                epoll_event event{};
                event.events = writing ? EPOLLIN | EPOLLOUT : EPOLLIN;
                event.data.ptr = &link;
                ::epoll_ctl(epoll_, EPOLL_CTL_MOD, link.descriptor_, &event);
            }
        }
    }
    return true;
}

void Load::disconnect_all() { links_.clear(); }

}  // namespace sluice::bench
