// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/http_fetch.h"

#include "kernel/base/text.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/once.h"

#include <curl/curl.h>

#include <sys/socket.h>

#include <algorithm>
#include <memory>

namespace sluice::work {

namespace {

constexpr std::size_t header_bytes_max = 128 * 1024;

struct Free {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
};
struct FreeMulti {
    void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, Free>;
using Multi = std::unique_ptr<CURLM, FreeMulti>;
using Url = std::unique_ptr<CURLU, Free>;

Status start_curl() {
    static Once once;
    return once.call([]() -> Status {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK) return {};
        return fail(Code::internal, "libcurl cannot be initialised");
    });
}

/// The address as curl understands it, judged; gives it in its normal form.
Result<std::string> check_url(const std::string& text, const AddressRules& rules) {
    const auto shown = [&text] { return "\"" + std::string(truncate_utf8(text, 200)) + "\""; };
    const Url url(curl_url());
    if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
        return fail(Code::invalid,
                    shown() + " is not an address that begins with http:// or https://");
    }
    const auto part = [&url](CURLUPart which) {
        char* found = nullptr;
        std::string out;
        if (curl_url_get(url.get(), which, &found, 0) == CURLUE_OK) out = found;
        curl_free(found);
        return out;
    };
    const std::string scheme = part(CURLUPART_SCHEME);
    if (scheme != "http" && scheme != "https") {
        return fail(Code::denied, "only http and https are allowed, not " + scheme);
    }
    if (!part(CURLUPART_USER).empty() || !part(CURLUPART_PASSWORD).empty()) {
        return fail(Code::denied, "an address with a user name or password is not allowed");
    }
    const std::string host = part(CURLUPART_HOST);
    if (!rules.allows_host(host)) {
        return fail(Code::denied, "the host \"" + host + "\" is not allowed by this worker");
    }
    return part(CURLUPART_URL);
}

/// One fetch with its redirects. Lives on one thread.
class Fetch {
public:
    Fetch(const HttpRequest& request, const AddressRules& rules,
          const std::function<Status(std::string_view)>& body, const CancelToken& cancel)
        : request_(request),
          rules_(rules),
          body_(body),
          cancel_(cancel),
          deadline_(std::min(deadline_after(request.timeout), cancel.deadline())),
          multi_(curl_multi_init()) {}

    Result<HttpResponse> run();

private:
    static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
    static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self);
    static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self);

    Result<Easy> prepare(const std::string& url);
    Result<HttpResponse> read_answer(CURL* handle) const;
    /// Performs one request; errors of our callbacks come first.
    Status perform(CURL* handle);
    Result<CURLcode> drive();
    /// The next address if the answer sends us on, else an empty text.
    static std::string redirect_of(CURL* handle);

    const HttpRequest& request_;
    const AddressRules& rules_;
    const std::function<Status(std::string_view)>& body_;
    const CancelToken& cancel_;
    Instant deadline_;
    Multi multi_;
    CURL* current_ = nullptr;
    bool has_location_ = false;
    std::size_t header_bytes_ = 0;
    std::uint64_t body_bytes_ = 0;
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
    constexpr std::string_view name = "location:";
    const bool is_location =
        line.size() > name.size() &&
        std::equal(name.begin(), name.end(), line.begin(),
                   [](char wanted, char got) { return wanted == got || wanted - 32 == got; });
    fetch.has_location_ = fetch.has_location_ || is_location;
    return line.size();
}

std::size_t Fetch::take_body(char* data, std::size_t size, std::size_t count, void* self) {
    auto& fetch = *static_cast<Fetch*>(self);
    const std::string_view piece(data, size * count);
    long status = 0;
    curl_easy_getinfo(fetch.current_, CURLINFO_RESPONSE_CODE, &status);
    fetch.body_bytes_ += piece.size();
    if (fetch.body_bytes_ > fetch.request_.body_max.count) {
        fetch.refused_ =
            fail(Code::exhausted, "the body is larger than the limit of " +
                                      std::to_string(fetch.request_.body_max.count) + " bytes");
        return 0;
    }
    // The body of a redirect is nobody's.
    if (status / 100 == 3 && fetch.has_location_) return piece.size();
    if (auto taken = fetch.body_(piece); !taken) {
        fetch.refused_ = std::move(taken).error();
        return 0;
    }
    return piece.size();
}

Result<Easy> Fetch::prepare(const std::string& url) {
    Easy handle(curl_easy_init());
    if (!handle || !multi_) return fail(Code::exhausted, "no memory for a request");
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
    set(CURLOPT_OPENSOCKETFUNCTION, &Fetch::open_socket);
    set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
    set(CURLOPT_WRITEFUNCTION, &Fetch::take_body);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(CURLOPT_HEADERFUNCTION, &Fetch::take_header);
    set(CURLOPT_HEADERDATA, static_cast<void*>(this));
    if (!fine) return fail(Code::internal, "this libcurl lacks an option that keeps requests safe");
    return handle;
}

Result<CURLcode> Fetch::drive() {
    for (;;) {
        int running = 0;
        if (const CURLMcode code = curl_multi_perform(multi_.get(), &running); code != CURLM_OK) {
            return fail(Code::internal, curl_multi_strerror(code));
        }
        if (running == 0) break;
        SLUICE_TRY_STATUS(cancel_.check());
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline_ - monotonic_now()).count();
        if (left <= 0) return fail(Code::timeout, "no complete answer in time");
        // Wakes for the sockets, curl's own timers, and curl_multi_wakeup from a cancel.
        const int wait = static_cast<int>(std::min<std::int64_t>(left, 60'000));
        curl_multi_poll(multi_.get(), nullptr, 0, wait, nullptr);
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    return fail(Code::internal, "curl lost the request");
}

Status Fetch::perform(CURL* handle) {
    current_ = handle;
    has_location_ = false;
    header_bytes_ = 0;
    body_bytes_ = 0;
    refused_.reset();
    if (curl_multi_add_handle(multi_.get(), handle) != CURLM_OK) {
        return fail(Code::internal, "curl does not take the request");
    }
    const auto code = drive();
    curl_multi_remove_handle(multi_.get(), handle);
    if (!code) return code.error();
    if (*code == CURLE_OK) return {};
    if (refused_) return *refused_;
    return fail(*code == CURLE_OPERATION_TIMEDOUT ? Code::timeout : Code::io,
                curl_easy_strerror(*code));
}

std::string Fetch::redirect_of(CURL* handle) {
    long status = 0;
    const char* url = nullptr;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle, CURLINFO_REDIRECT_URL, &url);
    return status / 100 == 3 && url != nullptr ? url : "";
}

Result<HttpResponse> Fetch::read_answer(CURL* handle) const {
    HttpResponse response;
    long status = 0;
    const char* type = nullptr;
    curl_off_t retry = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &retry);
    response.status = static_cast<int>(status);
    response.content_type = type != nullptr ? type : "";
    response.bytes = body_bytes_;
    if (retry > 0) response.retry_after = std::chrono::seconds(std::min<curl_off_t>(retry, 86'400));
    return response;
}

Result<HttpResponse> Fetch::run() {
    const CancelCallback callback = cancel_.on_cancel([this] { curl_multi_wakeup(multi_.get()); });
    SLUICE_TRY(std::string url, check_url(request_.url, rules_));
    for (int redirects = 0;; ++redirects) {
        SLUICE_TRY(const Easy handle, prepare(url));
        SLUICE_TRY_STATUS(perform(handle.get()));
        const std::string next = redirect_of(handle.get());
        if (next.empty()) {
            SLUICE_TRY(HttpResponse response, read_answer(handle.get()));
            response.url = url;
            response.redirects = redirects;
            return response;
        }
        if (redirects == request_.redirects_max) {
            return fail(Code::exhausted,
                        "more than " + std::to_string(request_.redirects_max) + " redirects");
        }
        auto checked = check_url(next, rules_);
        if (!checked) return std::move(checked).error().in("redirect");
        url = *std::move(checked);
    }
}

}  // namespace

Result<HttpResponse> http_fetch(const HttpRequest& request, const AddressRules& rules,
                                const std::function<Status(std::string_view)>& body,
                                const CancelToken& cancel) {
    SLUICE_TRY_STATUS(cancel.check());
    if (!rules.enabled()) {
        return fail(Code::denied,
                    "this worker fetches nothing: no hosts and no networks are configured");
    }
    SLUICE_TRY_STATUS(start_curl());
    return Fetch(request, rules, body, cancel).run();
}

}  // namespace sluice::work
