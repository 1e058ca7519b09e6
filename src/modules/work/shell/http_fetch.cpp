// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/http_fetch.h"

#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "kernel/sync/clock.h"
#include "modules/work/shell/curl_perform.h"
#include "modules/work/shell/http_url.h"

#include <curl/curl.h>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>

namespace sluice::work {

namespace {

constexpr std::size_t header_bytes_max = 128 * 1024;
constexpr std::size_t field_bytes_max = 16 * 1024;
constexpr long slowest_bytes_per_second = 100;

struct FreeFetch {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, FreeFetch>;
using List = std::unique_ptr<curl_slist, FreeFetch>;

bool is_credential(const HttpField& field) {
    return field.is_secret || equals_ignoring_case(field.name, "authorization") ||
           equals_ignoring_case(field.name, "cookie");
}

/// One request with its redirects. Lives on one thread.
class Fetch {
public:
    Fetch(const HttpRequest& request, const AddressRules& rules,
          const std::function<Status(std::string_view)>& body, const CancelToken& cancel)
        : request_(request),
          rules_(rules),
          body_(body),
          cancel_(cancel),
          began_(monotonic_now()),
          deadline_(deadline_after(request.timeout)),
          method_(request.method),
          has_body_(request.body.has_value()) {}

    Result<HttpResponse> run();

private:
    static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
    static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self);
    static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self);

    List header_list(const std::string& origin) const;
    Result<Easy> prepare(const std::string& url, const List& headers);
    void read_head();
    Status give_head();
    /// Performs one request; errors of our callbacks come first.
    Status perform(CURL* handle);
    /// The next address if the answer sends us on, else an empty text.
    [[nodiscard]] std::string redirect_of(CURL* handle) const;
    void follow(int status);

    const HttpRequest& request_;
    const AddressRules& rules_;
    const std::function<Status(std::string_view)>& body_;
    const CancelToken& cancel_;
    Instant began_;
    Instant deadline_;
    std::string method_;
    bool has_body_;
    std::string first_origin_;
    bool left_origin_ = false;
    CURL* current_ = nullptr;
    HttpResponse response_;
    bool head_given_ = false;
    std::size_t header_bytes_ = 0;
    std::optional<Error> refused_;  ///< What a callback found, told better than by curl's code.
};

curl_socket_t Fetch::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
    auto& fetch = *static_cast<Fetch*>(self);
    const auto target = IpAddress::from_sockaddr(&address->addr, address->addrlen);
    if (!target) return CURL_SOCKET_BAD;
    if (!fetch.rules_.allows_address(*target)) {
        fetch.refused_ = fail(Code::denied,
                              "the host leads to an address that this worker may not reach "
                              "(private, local, or outside the configured networks)");
        return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t Fetch::take_header(char* data, std::size_t size, std::size_t count, void* self) {
    auto& fetch = *static_cast<Fetch*>(self);
    const std::string_view line(data, size * count);
    fetch.header_bytes_ += line.size();
    if (fetch.header_bytes_ > header_bytes_max) {
        fetch.refused_ = fail(Code::exhausted, "the answer's headers are too long");
        return 0;
    }
    if (line.starts_with("HTTP/")) fetch.response_.headers.clear();  // after a 1xx
    const std::size_t colon = line.find(':');
    // Trailers come behind the body, where nobody looks for them.
    if (colon != std::string_view::npos && !fetch.head_given_) {
        fetch.response_.headers.push_back(
            {std::string(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1)))});
    }
    return line.size();
}

void Fetch::read_head() {
    long status = 0;
    const char* type = nullptr;
    curl_off_t retry = 0;
    curl_easy_getinfo(current_, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(current_, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(current_, CURLINFO_RETRY_AFTER, &retry);
    response_.status = static_cast<int>(status);
    response_.content_type = type != nullptr ? type : "";
    if (retry > 0) {
        response_.retry_after = std::chrono::seconds(std::min<curl_off_t>(retry, 86'400));
    }
}

Status Fetch::give_head() {
    if (std::exchange(head_given_, true)) return {};
    read_head();
    return request_.on_head ? request_.on_head(response_) : Status();
}

std::size_t Fetch::take_body(char* data, std::size_t size, std::size_t count, void* self) {
    auto& fetch = *static_cast<Fetch*>(self);
    const std::string_view piece(data, size * count);
    fetch.read_head();
    fetch.response_.bytes += piece.size();
    if (fetch.response_.bytes > fetch.request_.body_max.count) {
        fetch.refused_ =
            fail(Code::exhausted, "the body is larger than the limit of " +
                                      std::to_string(fetch.request_.body_max.count) + " bytes");
        return 0;
    }
    // The body of a redirect is nobody's.
    if (!fetch.redirect_of(fetch.current_).empty()) return piece.size();
    Status taken = fetch.give_head();
    if (taken) taken = fetch.body_(piece);
    if (taken) return piece.size();
    fetch.refused_ = std::move(taken).error();
    return 0;
}

List Fetch::header_list(const std::string& origin) const {
    List list;
    const auto add = [&list](const std::string& line) {
        curl_slist* longer = curl_slist_append(list.get(), line.c_str());
        if (longer == nullptr) return;
        static_cast<void>(list.release());
        list.reset(longer);
    };
    add("Expect:");
    if (has_body_) add("Content-Type:");  // none that curl makes up
    for (const HttpField& field : request_.headers) {
        if ((left_origin_ || origin != first_origin_) && is_credential(field)) continue;
        if (!has_body_ && request_.body && equals_ignoring_case(field.name, "content-type"))
            continue;
        add(field.value.empty() ? field.name + ";" : field.name + ": " + field.value);
    }
    return list;
}

Result<Easy> Fetch::prepare(const std::string& url, const List& headers) {
    Easy handle(curl_easy_init());
    if (!handle) return fail(Code::exhausted, "no memory for a request");
    CURL* raw = handle.get();
    bool fine = true;
    const auto set = [raw, &fine](CURLoption option, auto value) {
        fine = curl_easy_setopt(raw, option, value) == CURLE_OK && fine;
    };
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_PROXY, "");  // and so no proxy of the environment
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);  // do not wait for a resolver that hangs
    set(CURLOPT_USERAGENT, "sluice");
    set(CURLOPT_FRESH_CONNECT, 1L);  // each hop makes, and so checks, its own connection
    set(CURLOPT_FORBID_REUSE, 1L);
    set(CURLOPT_HTTPHEADER, headers.get());
    if (method_ == "HEAD") {
        set(CURLOPT_NOBODY, 1L);
    } else if (has_body_ || method_ == "POST") {
        static const std::string empty;
        const std::string& body = has_body_ ? *request_.body : empty;
        set(CURLOPT_POSTFIELDS, body.c_str());
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    }
    if (method_ != "GET" && method_ != "HEAD") set(CURLOPT_CUSTOMREQUEST, method_.c_str());
    if (has_body_ && method_ == "GET") set(CURLOPT_CUSTOMREQUEST, "GET");
    if (request_.decode) set(CURLOPT_ACCEPT_ENCODING, "");
    if (request_.stall > Duration{0}) {
        set(CURLOPT_LOW_SPEED_LIMIT, slowest_bytes_per_second);
        set(CURLOPT_LOW_SPEED_TIME, static_cast<long>(request_.stall / 1s));
    }
    set(CURLOPT_OPENSOCKETFUNCTION, &Fetch::open_socket);
    set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
    set(CURLOPT_WRITEFUNCTION, &Fetch::take_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(CURLOPT_HEADERFUNCTION, &Fetch::take_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(this));
    if (!fine) return fail(Code::internal, "this libcurl lacks an option that keeps requests safe");
    return handle;
}

Status Fetch::perform(CURL* handle) {
    current_ = handle;
    response_ = {};
    head_given_ = false;
    header_bytes_ = 0;
    refused_.reset();
    SLUICE_TRY(const int code, curl_perform(handle, deadline_, cancel_));
    if (code != CURLE_OK) {
        if (refused_) return *refused_;
        return fail(code == CURLE_OPERATION_TIMEDOUT ? Code::timeout : Code::io,
                    curl_easy_strerror(static_cast<CURLcode>(code)));
    }
    read_head();
    if (redirect_of(handle).empty()) return give_head();
    return {};
}

std::string Fetch::redirect_of(CURL* handle) const {
    long status = 0;
    const char* url = nullptr;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle, CURLINFO_REDIRECT_URL, &url);
    if (status / 100 != 3 || request_.redirects_max == 0) return {};
    if (url != nullptr) return url;
    // Before the end of the answer curl has not made the address yet.
    const std::string* location = response_.header("location");
    return location != nullptr ? *location : std::string();
}

void Fetch::follow(int status) {
    const bool to_get = (status == 303 && method_ != "HEAD") ||
                        ((status == 301 || status == 302) && method_ == "POST");
    if (!to_get) return;
    method_ = "GET";
    has_body_ = false;
}

Result<HttpResponse> Fetch::run() {
    SLUICE_TRY(CheckedUrl url, check_url(request_.url, rules_));
    first_origin_ = url.origin;
    for (int redirects = 0;; ++redirects) {
        const List headers = header_list(url.origin);
        left_origin_ = left_origin_ || url.origin != first_origin_;
        SLUICE_TRY(const Easy handle, prepare(url.text, headers));
        SLUICE_TRY_STATUS(perform(handle.get()));
        const std::string next = redirect_of(handle.get());
        if (next.empty()) {
            const auto time = [&handle](CURLINFO which) {
                curl_off_t us = 0;
                curl_easy_getinfo(handle.get(), which, &us);
                return std::chrono::duration_cast<Duration>(std::chrono::microseconds(us));
            };
            response_.url = url.text;
            response_.redirects = redirects;
            response_.timings = {time(CURLINFO_NAMELOOKUP_TIME_T), time(CURLINFO_CONNECT_TIME_T),
                                 time(CURLINFO_APPCONNECT_TIME_T),
                                 time(CURLINFO_STARTTRANSFER_TIME_T), monotonic_now() - began_};
            return std::move(response_);
        }
        if (redirects == request_.redirects_max) {
            return fail(Code::exhausted,
                        "more than " + std::to_string(request_.redirects_max) + " redirects");
        }
        auto checked = check_url(next, rules_);
        if (!checked) return std::move(checked).error().in("redirect");
        follow(response_.status);
        url = *std::move(checked);
    }
}

}  // namespace

const std::string* HttpResponse::header(std::string_view name) const {
    for (const HttpField& field : headers) {
        if (equals_ignoring_case(field.name, name)) return &field.value;
    }
    return nullptr;
}

Status check_http_field(const HttpField& field) {
    static constexpr std::array<std::string_view, 11> ours = {"host",
                                                              "content-length",
                                                              "transfer-encoding",
                                                              "connection",
                                                              "keep-alive",
                                                              "upgrade",
                                                              "te",
                                                              "trailer",
                                                              "expect",
                                                              "proxy-authorization",
                                                              "proxy-connection"};
    const std::string shown = "the header \"" + std::string(truncate_utf8(field.name, 60)) + "\"";
    const bool token =
        !field.name.empty() && std::all_of(field.name.begin(), field.name.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
        });
    if (!token) return fail(Code::invalid, shown + " has no name that can be sent");
    for (const std::string_view each : ours) {
        if (equals_ignoring_case(each, field.name))
            return fail(Code::invalid, shown + " is not a job's");
    }
    const bool plain = std::all_of(field.value.begin(), field.value.end(), [](char c) {
        return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) || c == '\t';
    });
    if (!plain) return fail(Code::invalid, shown + " holds a line end or a control character");
    if (field.name.size() + field.value.size() > field_bytes_max) {
        return fail(Code::invalid,
                    shown + " has more than " + std::to_string(field_bytes_max) + " bytes");
    }
    return {};
}

Result<HttpResponse> http_fetch(const HttpRequest& request, const AddressRules& rules,
                                const std::function<Status(std::string_view)>& body,
                                const CancelToken& cancel) {
    SLUICE_TRY_STATUS(cancel.check());
    if (!rules.enabled()) {
        return fail(
            Code::denied,
            "this worker fetches nothing: neither work.http_hosts nor work.http_networks is "
            "set");
    }
    for (const HttpField& field : request.headers) SLUICE_TRY_STATUS(check_http_field(field));
    SLUICE_TRY_STATUS(start_curl());
    return Fetch(request, rules, body, cancel).run();
}

}  // namespace sluice::work
