// SPDX-License-Identifier: Apache-2.0
// PlainLinks: the connections of one loop that are not libcurl's: whose each is, and which rest
// until the same host is asked again at the same address.
#pragma once

#include "kernel/base/time.h"
#include "modules/crawl/shell/fetch/poller.h"

#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

struct sockaddr;

namespace sluice::crawl {

class PlainTransfer;

/// Lives on the loop's thread. Closes what is left when it goes.
class PlainLinks {
public:
    PlainLinks(Poller& poller, std::size_t connections_max)
        : poller_(poller), connections_max_(connections_max) {}
    ~PlainLinks();
    PlainLinks(const PlainLinks&) = delete;
    PlainLinks& operator=(const PlainLinks&) = delete;

    /// Begins to connect; -1 if that is not possible, errno says why. The oldest that rests is
    /// closed if there are too many.
    int open(const sockaddr* address, unsigned size, PlainTransfer* user);
    /// One that rests and has nothing to say; -1: there is none.
    int take(const std::string& key, PlainTransfer* user);
    /// It rests from now on.
    void keep(const std::string& key, int fd);
    void close(int fd);
    void watch(int fd, bool write) { poller_.watch(fd, true, write); }

    [[nodiscard]] bool owns(int fd) const {
        return static_cast<std::size_t>(fd) < links_.size() &&
               links_[static_cast<std::size_t>(fd)].is_open;
    }
    /// Null: it rests.
    [[nodiscard]] PlainTransfer* user_of(int fd) const {
        return links_[static_cast<std::size_t>(fd)].user;
    }

private:
    struct Link {
        bool is_open = false;
        PlainTransfer* user = nullptr;
        std::string key;
        Instant since{};          ///< it rests
        std::uint64_t polls = 0;  ///< of the poller then
        std::list<int>::iterator place;
    };
    Link& link(int fd) { return links_[static_cast<std::size_t>(fd)]; }
    void wake_up(int fd, PlainTransfer* user);

    Poller& poller_;
    const std::size_t connections_max_;
    std::size_t open_ = 0;
    std::vector<Link> links_;  ///< by descriptor
    std::list<int> resting_;   ///< the oldest first
    std::list<int> spare_;     ///< nodes of it, to be used again
    std::unordered_map<std::string, std::vector<int>> by_key_;
};

}  // namespace sluice::crawl
