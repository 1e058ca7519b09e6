// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_url
// Any bytes as a base, a link and values for the setters: what is parsed is written so that it
// parses to itself, no setter leaves a URL that does not, and canonical URLs stay canonical.
#include "kernel/base/check.h"
#include "modules/crawl/core/url/canonical.h"
#include "modules/crawl/core/url/idna.h"
#include "modules/crawl/core/url/percent.h"
#include "modules/crawl/core/url/url.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::crawl;

void check_url(const Url& url) {
    SLUICE_CHECK(url.is_consistent());
    if (url.empty()) return;
    SLUICE_CHECK(is_ascii(url.href()));
    Url again;
    SLUICE_CHECK(parse_url_into(again, url.href()) == UrlFault::none);
    SLUICE_CHECK(again.href() == url.href());
    SLUICE_CHECK(again.hostname() == url.hostname() && again.pathname() == url.pathname());
    SLUICE_CHECK(again.host_kind() == url.host_kind() && again.port_number() == url.port_number());
    SLUICE_CHECK(again.query() == url.query() && again.fragment() == url.fragment());
    SLUICE_CHECK(again.username() == url.username() && again.password() == url.password());
}

void check_setters(Url url, std::string_view value) {
    using Setter = bool (Url::*)(std::string_view);
    constexpr Setter setters[] = {&Url::set_href,     &Url::set_protocol, &Url::set_username,
                                  &Url::set_password, &Url::set_host,     &Url::set_hostname,
                                  &Url::set_port,     &Url::set_pathname, &Url::set_search,
                                  &Url::set_hash};
    for (const Setter setter : setters) {
        Url changed = url;
        const bool taken = (changed.*setter)(value);
        SLUICE_CHECK(taken || changed == url);
        check_url(changed);
    }
    for (const Setter setter : setters) {  // and all on one
        (url.*setter)(value);
        check_url(url);
    }
}

void check_canonical(const Url& url, bool all) {
    const CanonicalRules rules{
        .drop_tracking = all, .sort_query = all, .merge_slashes = all, .drop_host_dot = all};
    Url once = url;
    make_canonical(once, rules);
    check_url(once);
    Url twice = once;
    make_canonical(twice, rules);
    SLUICE_CHECK(once == twice);
    (void)check_shape(once);
}

}  // namespace

/// Lines: base, link, value.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    std::string_view parts[3];
    for (std::string_view& part : parts) {
        const std::size_t end = rest.find('\n');
        part = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
    Url base;
    Url url;
    (void)parse_url_into(base, parts[0]);
    check_url(base);
    (void)parse_url_into(url, parts[1], &base);
    check_url(url);
    if (const auto other = parse_url(parts[1])) check_url(*other);
    for (const Url& one : {base, url}) {
        if (one.empty()) continue;
        check_setters(one, parts[2]);
        check_canonical(one, false);
        check_canonical(one, true);
        (void)domain_to_unicode(one.hostname());
    }
    return 0;
}
