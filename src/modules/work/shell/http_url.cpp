// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/http_url.h"

#include "kernel/base/text.h"

#include <curl/curl.h>

#include <memory>

namespace sluice::work {

namespace {
struct FreeUrl {
    void operator()(CURLU* handle) const { curl_url_cleanup(handle); }
};
}  // namespace

Result<CheckedUrl> check_url(const std::string& text, const AddressRules& rules) {
    const auto shown = [&text] { return "\"" + std::string(truncate_utf8(text, 200)) + "\""; };
    const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
    if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
        return fail(Code::invalid,
                    shown() + " is not an address that begins with http:// or https://");
    }
    const auto part = [&url](CURLUPart which, unsigned flags = 0) {
        char* found = nullptr;
        std::string out;
        if (curl_url_get(url.get(), which, &found, flags) == CURLUE_OK) out = found;
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
    return CheckedUrl{part(CURLUPART_URL),
                      scheme + "://" + host + ":" + part(CURLUPART_PORT, CURLU_DEFAULT_PORT)};
}

}  // namespace sluice::work
