// SPDX-License-Identifier: Apache-2.0
// What libcurl calls while a transfer runs.
#include "modules/crawl/shell/fetch/transfer.h"

#include <curl/curl.h>

#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

namespace sluice::crawl {

/// `self` is the transfer, `poller` that of its loop.
struct TransferCallbacks {
    static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self);
    static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self);
    static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
    static int close_socket(void* poller, curl_socket_t fd);
    static int before_request(void* self, char* remote_address, char* local_address,
                              int remote_port, int local_port);
    static int take_debug(CURL* easy, curl_infotype kind, char* data, std::size_t size, void* self);
};

void Transfer::set_callbacks() {
    const auto put = [this](CURLoption option, auto value) {
        options_fine_ = curl_easy_setopt(easy_, option, value) == CURLE_OK && options_fine_;
    };
    auto* self = static_cast<void*>(this);
    put(CURLOPT_WRITEFUNCTION, &TransferCallbacks::take_body);
    put(CURLOPT_WRITEDATA, self);
    put(CURLOPT_HEADERFUNCTION, &TransferCallbacks::take_header);
    put(CURLOPT_HEADERDATA, self);
    put(CURLOPT_OPENSOCKETFUNCTION, &TransferCallbacks::open_socket);
    put(CURLOPT_OPENSOCKETDATA, self);
    // A connection outlives the transfer that made it, so its end belongs to the loop.
    put(CURLOPT_CLOSESOCKETFUNCTION, &TransferCallbacks::close_socket);
    put(CURLOPT_CLOSESOCKETDATA, static_cast<void*>(shared_.poller));
    put(CURLOPT_PREREQFUNCTION, &TransferCallbacks::before_request);
    put(CURLOPT_PREREQDATA, self);
    if (!shared_.config.keep_request_head) return;
    put(CURLOPT_VERBOSE, 1L);
    put(CURLOPT_DEBUGFUNCTION, &TransferCallbacks::take_debug);
    put(CURLOPT_DEBUGDATA, self);
}

std::size_t TransferCallbacks::take_header(char* data, std::size_t size, std::size_t count,
                                           void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string_view line(data, size * count);
    transfer.heard(line.size());
    const auto verdict = transfer.head_.take(line, transfer.head_limits(), transfer.answer_);
    if (verdict == ResponseHead::Verdict::fine) return line.size();
    transfer.stop_with(FetchFault::too_large, transfer.head_problem(verdict));
    return 0;
}

std::size_t TransferCallbacks::take_body(char* data, std::size_t size, std::size_t count,
                                         void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string_view piece(data, size * count);
    transfer.heard(piece.size());
    transfer.head_.body_began();
    auto& answer = transfer.answer_;
    const std::uint64_t room = answer.order.body_max - answer.body.size();
    if (piece.size() > room) {
        answer.body.append(piece.substr(0, room));
        answer.truncated = true;
        return 0;
    }
    answer.body.append(piece);
    return piece.size();
}

curl_socket_t TransferCallbacks::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(self);
    const auto& shared = transfer.shared_;
    const auto target = IpAddress::from_sockaddr(&address->addr, address->addrlen);
    const AddressRules& rules = shared.has_proxy() ? shared.proxy_rules : shared.config.rules;
    const bool is_ordered = target && (shared.has_proxy() || target->text() == transfer.address_);
    if (!is_ordered || !rules.allows_address(*target)) {
        transfer.stop_with(FetchFault::blocked,
                           "the outbound policy does not allow " +
                               (target ? target->text() : std::string("this kind of address")));
        return CURL_SOCKET_BAD;
    }
    transfer.answer_.new_connection = true;
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int TransferCallbacks::close_socket(void* poller, curl_socket_t fd) {
    static_cast<Poller*>(poller)->forget(fd);
    return ::close(fd);
}

int TransferCallbacks::before_request(void* self, char* remote_address, char*, int, int) {
    auto& transfer = *static_cast<Transfer*>(self);
    const auto& shared = transfer.shared_;
    const std::string_view remote = remote_address;
    bool fine = remote == transfer.address_;
    if (shared.has_proxy()) {
        const auto proxy = IpAddress::parse(remote);
        fine = proxy && shared.proxy_rules.allows_address(*proxy);
    }
    if (!fine) {
        transfer.stop_with(FetchFault::blocked,
                           "connected to " + std::string(remote) + ", which was not ordered");
        return CURL_PREREQFUNC_ABORT;
    }
    transfer.answer_.address = remote;
    if (transfer.phase_ == Transfer::Phase::connecting) {
        transfer.begin_asking();
    }
    return CURL_PREREQFUNC_OK;
}

int TransferCallbacks::take_debug(CURL*, curl_infotype kind, char* data, std::size_t size,
                                  void* self) {
    if (kind != CURLINFO_HEADER_OUT) return 0;
    auto& head = static_cast<Transfer*>(self)->answer_.request_head;
    // After a login a second request follows: the last one is kept.
    if (head.ends_with("\r\n\r\n")) head.clear();
    head.append(data, size);
    return 0;
}

}  // namespace sluice::crawl
