// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/fetch/transfer.h"

#include "kernel/sync/clock.h"
#include "modules/crawl/shell/fetch/transfer_config.h"

#include <curl/curl.h>

#include <algorithm>
#include <utility>

namespace sluice::crawl {

namespace {

constexpr long buffer_bytes = 32 * 1024;
constexpr long upload_buffer_bytes = 16 * 1024;
/// The limits of time are the loop's; each of libcurl's would cost a timer. It has one of its own
/// for connections, which must not come first.
constexpr Duration library_connect_timeout = 5min;

}  // namespace

Transfer::Transfer(const TransferShared& shared)
    : Exchange(shared, Way::library),
      easy_(curl_easy_init()),
      connect_node_(std::make_unique<curl_slist>()),
      extra_nodes_(std::make_unique<std::array<curl_slist, extras_max>>()) {
    if (easy_ != nullptr) set_constants();
}

Transfer::~Transfer() { curl_easy_cleanup(easy_); }

template <class Value>
void Transfer::set(int option, Value value) {
    const CURLcode done = curl_easy_setopt(easy_, static_cast<CURLoption>(option), value);
    options_fine_ = options_fine_ && done == CURLE_OK;
}

void Transfer::set_constants() {
    options_fine_ = true;
    access_ = {};
    connects_to_ = false;
    headers_set_ = nullptr;
    set(CURLOPT_PRIVATE, static_cast<void*>(this));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_HTTP09_ALLOWED, 0L);
    set(CURLOPT_HTTP_VERSION,
        static_cast<long>(shared_.config.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    set(CURLOPT_USERAGENT, shared_.config.user_agent.c_str());
    set(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_ERRORBUFFER, error_.data());
    set(CURLOPT_BUFFERSIZE, buffer_bytes);
    set(CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer_bytes);
    if (shared_.config.connect_timeout >= library_connect_timeout) {
        const auto time = std::chrono::ceil<std::chrono::milliseconds>(
            shared_.config.connect_timeout + library_connect_timeout);
        set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(time.count()));
    }
    set_tls();
    set_proxy();
    set_callbacks();
}

void Transfer::set_tls() {
    const auto& tls = shared_.config.tls;
    if (!tls.verify) return stop_verifying();
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    // libcurl reads the authorities once only if they come from one file, and else anew for each
    // connection, which costs more than the rest of it.
    if (!tls.ca_file.empty()) set(CURLOPT_CAINFO, tls.ca_file.c_str());
    if (shared_.authorities_are_a_file) set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
}

void Transfer::stop_verifying() {
    set(CURLOPT_SSL_VERIFYPEER, 0L);
    set(CURLOPT_SSL_VERIFYHOST, 0L);
    set(CURLOPT_CAINFO, static_cast<const char*>(nullptr));
    set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
}

void Transfer::set_proxy() {
    // An empty text also means: none of the environment's.
    set(CURLOPT_PROXY, shared_.config.proxy.url.c_str());
    set(CURLOPT_NOPROXY, "");
    if (!shared_.has_proxy()) return;
    set(CURLOPT_PROXY_SSL_VERIFYPEER, shared_.config.tls.verify ? 1L : 0L);
    set(CURLOPT_PROXY_SSL_VERIFYHOST, shared_.config.tls.verify ? 2L : 0L);
    if (!shared_.config.tls.ca_file.empty()) {
        set(CURLOPT_PROXY_CAINFO, shared_.config.tls.ca_file.c_str());
    }
}

Transfer::Access Transfer::find_access(const std::string& url) const {
    Access access;
    const auto& config = shared_.config;
    if (config.credentials.empty() && config.tls.certificates.empty() &&
        config.tls.insecure_hosts.empty()) {
        return access;
    }
    const UrlOrigin origin = url_origin(url);
    const auto find = [&origin](const auto& entries) {
        const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
            return matches_origin(entry.hosts, origin);
        });
        return found == entries.end() ? no_match
                                      : static_cast<std::size_t>(found - entries.begin());
    };
    access.credentials = find(config.credentials);
    access.certificate = find(config.tls.certificates);
    access.insecure =
        std::any_of(config.tls.insecure_hosts.begin(), config.tls.insecure_hosts.end(),
                    [&](const std::string& pattern) { return matches_origin(pattern, origin); });
    return access;
}

bool Transfer::set_access(const std::string& url) {
    const Access access = find_access(url);
    if (access == access_) return true;
    if (access_ != Access{}) {
        // Logins leave traces in a handle (nonces, and more), which no other host may see.
        curl_easy_reset(easy_);
        set_constants();
    }
    apply(access);
    access_ = access;
    return options_fine_;
}

void Transfer::apply(const Access& access) {
    if (access.credentials != no_match) {
        const auto& entry = shared_.config.credentials[access.credentials];
        const auto choose = [this](unsigned long kinds) {
            set(CURLOPT_HTTPAUTH, static_cast<long>(kinds));
        };
        switch (entry.kind) {
            case FetchCredentials::Kind::basic: choose(CURLAUTH_BASIC); break;
            case FetchCredentials::Kind::digest: choose(CURLAUTH_DIGEST); break;
            case FetchCredentials::Kind::bearer: choose(CURLAUTH_BEARER); break;
            case FetchCredentials::Kind::ntlm: choose(CURLAUTH_NTLM); break;
        }
        if (entry.kind == FetchCredentials::Kind::bearer) {
            set(CURLOPT_XOAUTH2_BEARER, entry.token.c_str());
        } else {
            set(CURLOPT_USERNAME, entry.user.c_str());
            set(CURLOPT_PASSWORD, entry.password.c_str());
        }
    }
    if (access.certificate != no_match) {
        const auto& entry = shared_.config.tls.certificates[access.certificate];
        set(CURLOPT_SSLCERT, entry.certificate_file.c_str());
        if (!entry.key_file.empty()) set(CURLOPT_SSLKEY, entry.key_file.c_str());
        if (!entry.key_password.empty()) set(CURLOPT_KEYPASSWD, entry.key_password.c_str());
    }
    if (access.insecure) stop_verifying();
}

bool Transfer::set_address(bool tunnelled) {
    if (!check_address()) return false;
    if (address_ != connects_address_) {
        connects_address_ = address_;
        // Every host and port goes to this address. It is also what tells libcurl's kept
        // connections to one host at two addresses apart.
        connect_line_ = ip_.is_v4() ? "::" + address_ + ":" : "::[" + address_ + "]:";
        *connect_node_ = {connect_line_.data(), nullptr};
    }
    set_connect_to(tunnelled);
    return true;
}

void Transfer::set_connect_to(bool on) {
    if (on == connects_to_) return;
    set(CURLOPT_CONNECT_TO, on ? connect_node_.get() : static_cast<curl_slist*>(nullptr));
    connects_to_ = on;
}

bool Transfer::set_headers(const FetchLoop::Extra& extra) {
    if (!write_extras(extra, extra_lines_)) return false;
    curl_slist* list = shared_.headers.get();
    for (std::size_t i = 0; i < extras_max; ++i) {
        if (extra_lines_[i].empty()) continue;
        (*extra_nodes_)[i] = {extra_lines_[i].data(), list};
        list = &(*extra_nodes_)[i];
    }
    if (list == headers_set_) return true;
    set(CURLOPT_HTTPHEADER, list);
    headers_set_ = list;
    return true;
}

bool Transfer::begin(FetchOrder order, FetchLoop::Extra extra) {
    begin_exchange(std::move(order));
    head_.begin();
    stopped_ = FetchFault::none;
    error_[0] = '\0';
    const std::string& url = answer_.order.url;
    const bool https = url.starts_with("https://");
    if (easy_ == nullptr) return refuse(FetchFault::too_large, "no memory for a request");
    if (!https && !url.starts_with("http://")) {
        return refuse(FetchFault::protocol, "only http and https are fetched");
    }
    if (!is_plain_text(url, false)) {
        return refuse(FetchFault::protocol, "the URL has blanks or control characters in it");
    }
    // An HTTP proxy is asked for a plain URL, not for a tunnel, which many give to port 443 only.
    const bool tunnelled = !shared_.has_proxy() || https || !shared_.proxy_speaks_http;
    if (!set_access(url) || !set_address(tunnelled) || !set_headers(extra)) {
        if (answer_.fault != FetchFault::none) return false;
        return refuse(FetchFault::protocol, "a setting is not possible with this libcurl");
    }
    set(CURLOPT_URL, url.c_str());
    return options_fine_ || refuse(FetchFault::protocol, "the request cannot be made");
}

void Transfer::stop_with(FetchFault fault, std::string detail) {
    stopped_ = fault;
    stopped_detail_ = std::move(detail);
}

bool Transfer::begin_again(int code) {
    const bool died =
        code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_GOT_NOTHING;
    if (!died || again_ || answer_.new_connection || stopped_ != FetchFault::none ||
        phase_ == Phase::receiving) {
        return false;
    }
    again_ = true;
    phase_ = Phase::connecting;
    error_[0] = '\0';
    return true;
}

void Transfer::finish(int code) {
    answer_.took = monotonic_now() - began_;
    if (code == CURLE_OK) {
        if (!head_.is_whole()) refuse(FetchFault::broken, "the head of the answer is cut short");
        return;
    }
    if (answer_.truncated && code == CURLE_WRITE_ERROR) return;  // we had enough
    if (stopped_ != FetchFault::none) {
        refuse(stopped_, std::move(stopped_detail_));
        return;
    }
    refuse(fault_of(code), error_[0] != '\0' ? std::string(error_.data())
                                             : curl_easy_strerror(static_cast<CURLcode>(code)));
}

}  // namespace sluice::crawl
