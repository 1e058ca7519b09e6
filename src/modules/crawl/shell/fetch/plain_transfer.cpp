// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/fetch/plain_transfer.h"

#include "kernel/base/ascii.h"
#include "kernel/base/check.h"
#include "kernel/sync/clock.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

namespace sluice::crawl {

namespace {

constexpr std::string_view scheme = "http://";
constexpr int reads_max = 4;  // of one connection in a round

struct Target {
    std::string_view host;  ///< "example.org", "[::1]"
    std::string_view path;  ///< with the query; may lack its slash
    std::uint16_t port = 80;
};

bool is_host_byte(char c) {
    return is_ascii_alpha(c) || is_ascii_digit(c) || c == '.' || c == '-' || c == '_' || c == ':' ||
           c == '[' || c == ']';
}

/// False for what is not an ordinary URL of a page.
bool split(std::string_view url, Target& target) {
    if (!url.starts_with(scheme)) return false;
    url.remove_prefix(scheme.size());
    const std::size_t end = std::min(url.find_first_of("/?"), url.size());
    std::string_view host = url.substr(0, end);
    target.path = url.substr(end);
    if (!std::all_of(host.begin(), host.end(), is_host_byte)) return false;
    const std::size_t bracket = host.find(']');
    const std::size_t colon = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
    target.host = host.substr(0, colon);
    if (target.host.empty() || (target.host[0] == '[') != (target.host.back() == ']')) return false;
    if (colon == std::string_view::npos) return true;
    const std::string_view digits = host.substr(colon + 1);
    std::uint32_t port = 0;
    if (digits.empty() || digits.size() > 5 ||
        !std::all_of(digits.begin(), digits.end(), is_ascii_digit))
        return false;
    for (const char c : digits) port = port * 10 + static_cast<std::uint32_t>(c - '0');
    target.port = static_cast<std::uint16_t>(port);
    return port > 0 && port < 65'536;
}

std::string text_of(int error) { return std::generic_category().message(error); }

}  // namespace

bool PlainTransfer::is_enough(const FetchConfig& config) {
    return config.proxy.url.empty() && config.credentials.empty() &&
           config.host_connections_max == 0;
}

bool PlainTransfer::takes(const std::string& url) {
    Target target;
    return split(url, target) && std::all_of(target.path.begin(), target.path.end(), [](char c) {
               return c > 0x20 && c < 0x7F && c != '#' && c != '\\';
           });
}

bool PlainTransfer::begin(FetchOrder order, const FetchLoop::Extra& extra) {
    begin_exchange(std::move(order));
    reader_.begin();
    sent_ = 0;
    if (!check_address() || !write_extras(extra, lines_)) return false;
    write_request(answer_.order.url);
    fd_ = links_.take(key_, this);
    if (fd_ < 0) return connect();
    answer_.address = address_;
    begin_asking();
    return !send_rest();
}

void PlainTransfer::write_request(const std::string& url) {
    Target target;
    SLUICE_CHECK(split(url, target));
    port_ = target.port;
    request_ = "GET ";
    if (target.path.empty() || target.path[0] != '/') request_ += '/';
    request_ += target.path;
    request_ += " HTTP/1.1\r\nHost: ";
    request_ += target.host;
    if (port_ != 80) request_ += ':' + std::to_string(port_);
    request_ += "\r\n";
    request_ += shared_.plain_lines;
    for (const std::string& line : lines_) {
        if (line.empty()) continue;
        request_ += line;
        request_ += "\r\n";
    }
    request_ += "\r\n";
    if (shared_.config.keep_request_head) answer_.request_head = request_;
    key_ = target.host;
    key_ += ':';
    key_ += std::to_string(port_);
    key_ += ' ';
    key_ += address_;
}

/// Each calls itself no more than once for a request.
bool PlainTransfer::connect() {
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    const bool is_v4 = ip_.is_v4();
    if (is_v4) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port_);
        std::memcpy(&v4.sin_addr, ip_.bytes.data() + 12, 4);
    } else {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port_);
        std::memcpy(&v6.sin6_addr, ip_.bytes.data(), 16);
    }
    const auto* address =
        is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
    fd_ = links_.open(address, is_v4 ? sizeof v4 : sizeof v6, this);
    answer_.new_connection = true;
    if (fd_ >= 0) return true;
    end_with(FetchFault::connect, "no connection: " + text_of(errno));
    return false;
}

bool PlainTransfer::go_on(const Ready& ready, std::span<char> room) {
    if (phase_ == Phase::connecting) {
        if (!ready.writable) return false;
        int error = 0;
        socklen_t size = sizeof error;
        if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
        if (error != 0) return end_with(FetchFault::connect, "no connection: " + text_of(error));
        answer_.address = address_;
        begin_asking();
        return send_rest();
    }
    if (ready.writable && sent_ < request_.size() && send_rest()) return true;
    return ready.readable && fd_ >= 0 && phase_ != Phase::connecting && read_some(room);
}

/// True if that is the end.
bool PlainTransfer::send_rest() {
    while (sent_ < request_.size()) {
        const auto count =
            ::send(fd_, request_.data() + sent_, request_.size() - sent_, MSG_NOSIGNAL);
        if (count < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN && errno != EWOULDBLOCK) return died(errno);
            break;
        }
        sent_ += static_cast<std::size_t>(count);
    }
    links_.watch(fd_, sent_ < request_.size());
    return false;
}

bool PlainTransfer::read_some(std::span<char> room) {
    for (int i = 0; i < reads_max; ++i) {
        const auto count = ::recv(fd_, room.data(), room.size(), MSG_DONTWAIT);
        if (count < 0) {
            if (errno == EINTR) continue;
            return errno != EAGAIN && errno != EWOULDBLOCK && died(errno);
        }
        if (count == 0) return died(0);
        const auto size = static_cast<std::size_t>(count);
        heard(size);
        if (take({room.data(), size})) return true;
        if (size < room.size()) break;  // there is no more
    }
    return false;
}

bool PlainTransfer::take(std::string_view bytes) {
    switch (reader_.take(bytes, head_limits(), answer_)) {
        case PlainAnswer::Verdict::more: return false;
        case PlainAnswer::Verdict::whole: return end_whole();
        case PlainAnswer::Verdict::broken:
            return end_with(FetchFault::broken, std::string(reader_.problem()));
        case PlainAnswer::Verdict::protocol:
            return end_with(FetchFault::protocol, std::string(reader_.problem()));
        case PlainAnswer::Verdict::head_too_large: break;
    }
    return end_with(FetchFault::too_large, head_problem(reader_.head_verdict()));
}

/// The connection has ended; `error` is 0 if the server has closed it. One that had been kept may
/// have been closed just before the request came: then it is made once more.
bool PlainTransfer::died(int error) {
    if (!answer_.new_connection && !again_ && !reader_.has_begun()) {
        let_go();
        again_ = true;
        phase_ = Phase::connecting;
        sent_ = 0;
        return !connect();
    }
    if (error != 0) return end_with(FetchFault::broken, "the connection broke: " + text_of(error));
    if (reader_.end() == PlainAnswer::Verdict::whole) return end_whole();
    return end_with(FetchFault::broken, std::string(reader_.problem()));
}

bool PlainTransfer::end_whole() {
    answer_.took = monotonic_now() - began_;
    if (reader_.keeps_connection() && sent_ == request_.size()) {
        links_.keep(key_, std::exchange(fd_, -1));
    } else {
        let_go();
    }
    return true;
}

bool PlainTransfer::end_with(FetchFault fault, std::string detail) {
    abort(fault, std::move(detail));
    let_go();
    return true;
}

void PlainTransfer::let_go() {
    if (fd_ >= 0) links_.close(std::exchange(fd_, -1));
}

}  // namespace sluice::crawl
