// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/fetch/transfer_config.h"

#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "modules/crawl/core/frontier/host.h"

#include <curl/curl.h>

#include <algorithm>

namespace sluice::crawl {

UrlOrigin url_origin(std::string_view url) {
    UrlOrigin out;
    const std::size_t begin = url.find("://");
    if (begin == std::string_view::npos) return out;
    const std::size_t end = std::min(url.find_first_of("/?#\\", begin + 3), url.size());
    out.origin = url.substr(0, end);
    out.host = host_name_of(out.origin);
    return out;
}

bool matches_origin(std::string_view pattern, const UrlOrigin& origin) {
    const bool whole = pattern.find("://") != std::string_view::npos;
    return glob_match(ascii_lowered(pattern), ascii_lowered(whole ? origin.origin : origin.host));
}

FetchFault fault_of(int curl_code) {
    switch (static_cast<CURLcode>(curl_code)) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY: return FetchFault::dns;
        case CURLE_COULDNT_CONNECT:
        case CURLE_PROXY: return FetchFault::connect;
        case CURLE_OPERATION_TIMEDOUT: return FetchFault::timeout;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ENGINE_NOTFOUND:
        case CURLE_SSL_ENGINE_SETFAILED:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CRL_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_INVALIDCERTSTATUS:
        case CURLE_SSL_CLIENTCERT: return FetchFault::tls;
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_URL_MALFORMAT:
        case CURLE_LOGIN_DENIED:
        case CURLE_AUTH_ERROR:
        case CURLE_WEIRD_SERVER_REPLY: return FetchFault::protocol;
        case CURLE_OUT_OF_MEMORY:
        case CURLE_WRITE_ERROR: return FetchFault::too_large;
        default: return FetchFault::broken;
    }
}

}  // namespace sluice::crawl
