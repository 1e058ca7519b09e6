// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/mail/smtp.h"

#include "kernel/sync/clock.h"
#include "modules/work/shell/curl_perform.h"

#include <curl/curl.h>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace sluice::work {

namespace {

constexpr std::size_t reply_bytes_max = 300;

struct Free {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, Free>;
using List = std::unique_ptr<curl_slist, Free>;
using Url = std::unique_ptr<CURLU, Free>;

/// Printable ASCII of a reply, without its status.
std::string shown(std::string_view line) {
    std::string out;
    for (const char c : line.substr(std::min<std::size_t>(4, line.size()), reply_bytes_max)) {
        if (c == '\r' || c == '\n') break;
        out += c >= 0x20 && c < 0x7F ? c : '?';
    }
    return out;
}

/// Listens to the talk with the server, of which curl itself keeps only the last status.
class Talk {
public:
    explicit Talk(const SmtpMail& mail) : rest_(mail.message) {
        for (const std::string& address : mail.recipients) {
            answer_.recipients.push_back({address, 0, ""});
        }
    }

    static std::size_t give(char* to, std::size_t size, std::size_t count, void* self) {
        auto& rest = static_cast<Talk*>(self)->rest_;
        const std::size_t bytes = std::min(size * count, rest.size());
        std::memcpy(to, rest.data(), bytes);
        rest.remove_prefix(bytes);
        return bytes;
    }
    static int listen(CURL*, curl_infotype kind, char* data, std::size_t size, void* self) {
        auto& talk = *static_cast<Talk*>(self);
        const std::string_view line(data, size);
        if (kind == CURLINFO_HEADER_OUT) talk.said(line);
        if (kind == CURLINFO_HEADER_IN) talk.heard(line);
        return 0;
    }
    static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* address) {
        auto& talk = *static_cast<Talk*>(self);
        const int fd =
            ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
        if (fd < 0) return CURL_SOCKET_BAD;
        talk.sockets_.push_back(fd);
        return fd;
    }
    static int close_socket(void* self, curl_socket_t fd) {
        std::erase(static_cast<Talk*>(self)->sockets_, fd);
        return ::close(fd);
    }
    /// curl says QUIT when it closes, and would wait minutes for the reply.
    void stop_listening() const {
        for (const int fd : sockets_) ::shutdown(fd, SHUT_RD);
    }
    [[nodiscard]] SmtpAnswer& answer() { return answer_; }
    [[nodiscard]] bool refused() const { return answer_.status >= 400; }

private:
    enum class Stage { other, login, mail, recipient, data, message, quit };

    void said(std::string_view line) {
        if (line.starts_with("MAIL FROM:")) {
            stage_ = Stage::mail;
        } else if (line.starts_with("RCPT TO:")) {
            if (stage_ == Stage::recipient) ++recipient_;
            stage_ = Stage::recipient;
        } else if (line.starts_with("DATA")) {
            stage_ = Stage::data;
        } else if (line.starts_with("QUIT")) {
            stage_ = Stage::quit;
        } else if (line.starts_with("AUTH ")) {
            stage_ = Stage::login;
        } else if (stage_ != Stage::login) {
            stage_ = Stage::other;
        }
    }

    void heard(std::string_view line) {
        const auto digit = [line](std::size_t i) { return line[i] >= '0' && line[i] <= '9'; };
        if (line.size() < 3 || !digit(0) || !digit(1) || !digit(2)) return;
        if (line.size() > 3 && line[3] == '-') return;  // more lines follow
        const int status = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
        if (stage_ == Stage::quit) return;
        if (stage_ == Stage::recipient) {
            if (recipient_ < answer_.recipients.size()) {
                answer_.recipients[recipient_].status = status;
                answer_.recipients[recipient_].reply = shown(line);
            }
        } else if (stage_ == Stage::data && status == 354) {
            stage_ = Stage::message;
            return;
        } else if (stage_ == Stage::message) {
            answer_.accepted = status / 100 == 2;
        } else if (stage_ == Stage::login) {
            answer_.login_refused = status >= 400;
        }
        answer_.status = status;
        answer_.reply = shown(line);
    }

    std::string_view rest_;
    SmtpAnswer answer_;
    Stage stage_ = Stage::other;
    std::size_t recipient_ = 0;
    std::vector<int> sockets_;  ///< open; they are curl's
};

long use_ssl(SmtpTls tls) {
    switch (tls) {
        case SmtpTls::required: return CURLUSESSL_ALL;
        case SmtpTls::preferred: return CURLUSESSL_TRY;
        case SmtpTls::none: break;
    }
    return CURLUSESSL_NONE;
}

Result<Easy> prepare(const SmtpServer& server, const SmtpMail& mail, const List& recipients,
                     Talk& talk) {
    Easy handle(curl_easy_init());
    if (!handle || !recipients) return fail(Code::exhausted, "no memory for a mail");
    CURL* raw = handle.get();
    bool fine = true;
    const auto set = [raw, &fine](CURLoption option, auto value) {
        fine = curl_easy_setopt(raw, option, value) == CURLE_OK && fine;
    };
    const std::string from = "<" + mail.from + ">";
    set(CURLOPT_URL, server.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set(CURLOPT_PROXY, "");  // and so no proxy of the environment
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_USE_SSL, use_ssl(server.tls));
    if (!server.ca_file.empty()) set(CURLOPT_CAINFO, server.ca_file.c_str());
    if (!server.user.empty()) {
        set(CURLOPT_USERNAME, server.user.c_str());
        set(CURLOPT_PASSWORD, server.password.c_str());
    }
    set(CURLOPT_MAIL_FROM, from.c_str());
    set(CURLOPT_MAIL_RCPT, recipients.get());
    set(CURLOPT_MAIL_RCPT_ALLLOWFAILS, mail.all_or_none ? 0L : 1L);
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(mail.message.size()));
    set(CURLOPT_READFUNCTION, &Talk::give);
    set(CURLOPT_READDATA, static_cast<void*>(&talk));
    set(CURLOPT_OPENSOCKETFUNCTION, &Talk::open_socket);
    set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(&talk));
    set(CURLOPT_CLOSESOCKETFUNCTION, &Talk::close_socket);
    set(CURLOPT_CLOSESOCKETDATA, static_cast<void*>(&talk));
    set(CURLOPT_VERBOSE, 1L);  // into Talk, not to stderr
    set(CURLOPT_DEBUGFUNCTION, &Talk::listen);
    set(CURLOPT_DEBUGDATA, static_cast<void*>(&talk));
    if (!fine) return fail(Code::internal, "this libcurl lacks an option that mail needs");
    return handle;
}

Error connection_error(int code) {
    switch (code) {
        case CURLE_USE_SSL_FAILED:
            return fail(Code::io, "the mail server offers no TLS (STARTTLS), which is required");
        case CURLE_PEER_FAILED_VERIFICATION:
            return fail(Code::io, "the mail server's certificate is not trusted");
        case CURLE_OPERATION_TIMEDOUT: return fail(Code::timeout, "no answer of the mail server");
        default:
            return fail(Code::io, std::string("the mail server: ") +
                                      curl_easy_strerror(static_cast<CURLcode>(code)));
    }
}

}  // namespace

Status check_smtp_server(const SmtpServer& server) {
    const Url url(curl_url());
    char* scheme = nullptr;
    char* path = nullptr;
    char* user = nullptr;
    const bool read = url && curl_url_set(url.get(), CURLUPART_URL, server.url.c_str(),
                                          CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
    std::string found;
    bool plain = read;
    if (read) {
        if (curl_url_get(url.get(), CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK) found = scheme;
        if (curl_url_get(url.get(), CURLUPART_PATH, &path, 0) == CURLUE_OK)
            plain = std::string_view(path) == "/";
        if (curl_url_get(url.get(), CURLUPART_USER, &user, 0) == CURLUE_OK) plain = false;
        curl_free(scheme);
        curl_free(path);
        curl_free(user);
    }
    if (!plain || (found != "smtp" && found != "smtps")) {
        return fail(Code::invalid, "\"" + server.url +
                                       "\" is no mail server: write smtp://HOST:PORT or "
                                       "smtps://HOST:PORT");
    }
    if (!server.user.empty() && found == "smtp" && server.tls != SmtpTls::required) {
        return fail(Code::invalid,
                    "a mail server that wants a password needs TLS: a password is "
                    "never sent in the clear");
    }
    return {};
}

Result<SmtpAnswer> smtp_send(const SmtpServer& server, const SmtpMail& mail, Duration timeout,
                             const CancelToken& cancel) {
    SLUICE_TRY_STATUS(check_smtp_server(server));
    SLUICE_TRY_STATUS(cancel.check());
    SLUICE_TRY_STATUS(start_curl());
    Talk talk(mail);
    List recipients;
    for (const std::string& address : mail.recipients) {
        curl_slist* longer = curl_slist_append(recipients.get(), ("<" + address + ">").c_str());
        if (longer == nullptr) return fail(Code::exhausted, "no memory for a mail");
        static_cast<void>(recipients.release());
        recipients.reset(longer);
    }
    SLUICE_TRY(const Easy handle, prepare(server, mail, recipients, talk));
    SLUICE_TRY(const int code, curl_perform(handle.get(), deadline_after(timeout), cancel,
                                            [&talk] { talk.stop_listening(); }));
    // What the server has taken it has taken, however the talk ends.
    if (code == CURLE_OK || talk.answer().accepted || talk.refused()) {
        return std::move(talk.answer());
    }
    return connection_error(code);
}

}  // namespace sluice::work
