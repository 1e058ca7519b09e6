// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/fetch/plain_links.h"

#include "kernel/sync/clock.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sluice::crawl {

namespace {

/// What libcurl does by default: servers seldom keep one longer.
constexpr Duration rest_max = 118s;

/// Whoever has something to say at rest, or has ended, is not asked again: the next request would
/// take it for its answer.
bool is_quiet(int fd) {
    char byte = 0;
    return ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

PlainLinks::~PlainLinks() {
    for (std::size_t fd = 0; fd < links_.size(); ++fd)
        if (links_[fd].is_open) close(static_cast<int>(fd));
}

int PlainLinks::open(const sockaddr* address, unsigned size, PlainTransfer* user) {
    if (open_ >= connections_max_ && !resting_.empty()) close(resting_.front());
    const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    const int on = 1;
    (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd, address, size) != 0 && errno != EINPROGRESS) {
        const int why = errno;
        ::close(fd);
        errno = why;
        return -1;
    }
    const auto place = static_cast<std::size_t>(fd);
    if (place >= links_.size()) links_.resize(place + 64);
    links_[place].is_open = true;
    links_[place].user = user;
    ++open_;
    watch(fd, true);
    return fd;
}

/// It rests no more.
void PlainLinks::wake_up(int fd, PlainTransfer* user) {
    Link& one = link(fd);
    one.user = user;
    spare_.splice(spare_.begin(), resting_, one.place);
    const auto same = by_key_.find(one.key);
    std::erase(same->second, fd);
    if (same->second.empty() && by_key_.size() > connections_max_) by_key_.erase(same);
}

int PlainLinks::take(const std::string& key, PlainTransfer* user) {
    const auto same = by_key_.find(key);
    while (same != by_key_.end() && !same->second.empty()) {
        const int fd = same->second.back();
        // A poll since then would have said so, and it would be closed.
        const bool quiet = link(fd).polls != poller_.polls() || is_quiet(fd);
        if (link(fd).since + rest_max > monotonic_now() && quiet) {
            wake_up(fd, user);
            return fd;
        }
        if (same->second.size() == 1) {
            close(fd);
            return -1;
        }
        close(fd);
    }
    return -1;
}

void PlainLinks::keep(const std::string& key, int fd) {
    Link& one = link(fd);
    one.user = nullptr;
    one.key = key;
    one.since = monotonic_now();
    one.polls = poller_.polls();
    if (spare_.empty()) spare_.push_back(fd);
    spare_.front() = fd;
    one.place = spare_.begin();
    resting_.splice(resting_.end(), spare_, one.place);
    by_key_[key].push_back(fd);
}

void PlainLinks::close(int fd) {
    if (link(fd).user == nullptr) wake_up(fd, nullptr);
    poller_.forget(fd);
    link(fd).is_open = false;
    link(fd).user = nullptr;
    --open_;
    ::close(fd);
}

}  // namespace sluice::crawl
