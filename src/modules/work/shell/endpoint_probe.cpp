// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/endpoint_probe.h"

#include "kernel/sync/clock.h"
#include "modules/work/shell/curl_perform.h"
#include "modules/work/shell/http_url.h"

#include <curl/curl.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <sys/socket.h>

#include <array>
#include <ctime>
#include <memory>
#include <string_view>

namespace sluice::work {

namespace {

struct FreeEasy {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;

struct Gate {
    const AddressRules& rules;
    bool refused = false;
};

curl_socket_t open_socket(void* context, curlsocktype, curl_sockaddr* address) {
    auto& gate = *static_cast<Gate*>(context);
    const auto target = IpAddress::from_sockaddr(&address->addr, address->addrlen);
    if (!target || !gate.rules.allows_address(*target)) {
        gate.refused = true;
        return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// Reads the first certificate of the chain: the server's own.
Status read_certificate(CURL* handle, EndpointAnswer& answer) {
    curl_certinfo* info = nullptr;
    curl_easy_getinfo(handle, CURLINFO_CERTINFO, &info);
    if (info == nullptr || info->num_of_certs < 1) {
        return fail(Code::io, "the server showed no certificate");
    }
    constexpr std::string_view name = "Cert:";
    for (const curl_slist* line = info->certinfo[0]; line != nullptr; line = line->next) {
        const std::string_view text(line->data);
        if (!text.starts_with(name)) continue;
        const std::string_view pem = text.substr(name.size());
        const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
            BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
        const std::unique_ptr<X509, decltype(&X509_free)> certificate(
            PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
        std::tm end{};
        if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
            return fail(Code::corrupt, "the server's certificate cannot be read");
        }
        answer.expires = WallTime{std::chrono::seconds(::timegm(&end))};
        std::array<char, 256> subject{};
        X509_NAME_oneline(X509_get_subject_name(certificate.get()), subject.data(),
                          static_cast<int>(subject.size()));
        answer.subject = subject.data();
        return {};
    }
    return fail(Code::corrupt, "the server's certificate cannot be read");
}

}  // namespace

Result<EndpointAnswer> probe_endpoint(const EndpointProbe& probe, const AddressRules& rules,
                                      const CancelToken& cancel) {
    // An address of the sixth version stands in brackets.
    const bool is_v6 = probe.host.find(':') != std::string::npos;
    const std::string host = is_v6 ? "[" + probe.host + "]" : probe.host;
    SLUICE_TRY(const CheckedUrl url, check_url((probe.tls ? "https://" : "http://") + host + ":" +
                                                   std::to_string(probe.port) + "/",
                                               rules));
    const Easy handle(curl_easy_init());
    if (!handle) return fail(Code::exhausted, "no memory for a connection");
    Gate gate{rules};
    bool fine = true;
    const auto set = [&](CURLoption option, auto value) {
        fine = curl_easy_setopt(handle.get(), option, value) == CURLE_OK && fine;
    };
    set(CURLOPT_URL, url.text.c_str());
    set(CURLOPT_CONNECT_ONLY, 1L);
    set(CURLOPT_PROXY, "");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_FRESH_CONNECT, 1L);
    set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(&gate));
    // What is asked is how long it is valid, also of a certificate that nobody here trusts; nothing
    // is sent to its owner.
    set(CURLOPT_SSL_VERIFYPEER, 0L);
    set(CURLOPT_SSL_VERIFYHOST, 0L);
    set(CURLOPT_CERTINFO, probe.tls ? 1L : 0L);
    if (!fine) return fail(Code::internal, "this libcurl lacks an option that keeps requests safe");
    const Instant began = monotonic_now();
    SLUICE_TRY(const int code, curl_perform(handle.get(), deadline_after(probe.timeout), cancel));
    if (gate.refused) {
        return fail(Code::denied,
                    "the host leads to an address that this worker may not reach (private, local, "
                    "or outside the configured networks)");
    }
    if (code != CURLE_OK) {
        return fail(code == CURLE_OPERATION_TIMEDOUT ? Code::timeout : Code::io,
                    curl_easy_strerror(static_cast<CURLcode>(code)));
    }
    EndpointAnswer answer{.elapsed = monotonic_now() - began, .expires = {}, .subject = {}};
    if (probe.tls) SLUICE_TRY_STATUS(read_certificate(handle.get(), answer));
    return answer;
}

}  // namespace sluice::work
