// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/fetch/transfer_shared.h"

#include "kernel/base/ascii.h"

#include <curl/curl.h>

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace sluice::crawl {

namespace {

constexpr Duration timeout_max = 30 * 24h;
constexpr std::size_t extra_headers_max = 64;

bool is_token(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return is_ascii_alpha(c) || is_ascii_digit(c) ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}
bool is_value(std::string_view value) {
    return std::all_of(value.begin(), value.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x20 ? byte != 0x7F : c == '\t';
    });
}

Status check_times(TransferShared& shared) {
    const auto& config = shared.config;
    shared.shortest_limit = timeout_max;
    for (const Duration time : {config.connect_timeout, config.first_byte_timeout,
                                config.idle_timeout, config.total_timeout, config.speed_window}) {
        if (time <= Duration{0} || time > timeout_max) {
            return fail(Code::invalid, "time-outs of fetches lie between 0 and 30 days");
        }
        shared.shortest_limit = std::min(shared.shortest_limit, time);
    }
    if (config.connections_max == 0 || config.connections_max > 100'000) {
        return fail(Code::invalid, "connections_max lies between 1 and 100,000");
    }
    return {};
}

Status check_header(const HttpHeader& header) {
    if (!is_token(header.name) || !is_value(header.value)) {
        return fail(Code::invalid, "not a header that can be sent: \"" + header.name + "\"");
    }
    for (const auto* own : {"Host", "Content-Length", "Transfer-Encoding", "Connection", "TE",
                            "Upgrade", "Expect", "Proxy-Authorization", "Range"}) {
        if (equals_ignoring_case(header.name, own)) {
            return fail(Code::invalid, "the header " + header.name + " cannot be set");
        }
    }
    return {};
}

Status add_headers(TransferShared& shared) {
    const FetchConfig& config = shared.config;
    const auto add = [&shared](std::string line) {
        shared.plain_lines += line;
        // libcurl's way to say that there is no value.
        if (line.ends_with(';') && line.find(':') == std::string::npos)
            shared.plain_lines.back() = ':';
        shared.plain_lines += "\r\n";
        shared.headers.add(std::move(line));
    };
    if (config.extra_headers.size() > extra_headers_max) {
        return fail(Code::exhausted, "more than 64 headers for all requests");
    }
    const auto given = [&config](std::string_view name) {
        return std::any_of(
            config.extra_headers.begin(), config.extra_headers.end(),
            [name](const HttpHeader& header) { return equals_ignoring_case(header.name, name); });
    };
    if (!given("User-Agent") && !config.user_agent.empty())
        shared.plain_lines = "User-Agent: " + config.user_agent + "\r\n";
    if (!given("Accept")) {
        add("Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    }
    if (!is_value(config.accept_encoding) || !is_value(config.user_agent)) {
        return fail(Code::invalid, "control characters in the user agent or accepted encodings");
    }
    if (!config.accept_encoding.empty() && !given("Accept-Encoding")) {
        add("Accept-Encoding: " + config.accept_encoding);
    }
    for (const auto& header : config.extra_headers) {
        SLUICE_TRY_STATUS(check_header(header));
        add(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
    }
    return {};
}

Status check_tls(TransferShared& shared) {
    const auto& tls = shared.config.tls;
    const auto is_there = [](const char* path) { return ::access(path, R_OK) == 0; };
    if (!tls.ca_file.empty() && !is_there(tls.ca_file.c_str())) {
        return fail(Code::invalid, "the file of authorities cannot be read: " + tls.ca_file);
    }
    for (const auto& entry : tls.certificates) {
        for (const auto& file : {entry.certificate_file, entry.key_file}) {
            if (!file.empty() && !is_there(file.c_str())) {
                return fail(Code::invalid, "the client certificate cannot be read: " + file);
            }
        }
    }
    const auto* library = curl_version_info(CURLVERSION_NOW);
    shared.authorities_are_a_file =
        !tls.ca_file.empty() || (library->cainfo != nullptr && is_there(library->cainfo));
    return {};
}

Status check_proxy(TransferShared& shared) {
    if (!shared.has_proxy()) return {};
    const std::string& url = shared.config.proxy.url;
    const std::string scheme = ascii_lowered(url.substr(0, url.find("://")));
    shared.proxy_speaks_http = scheme == "http" || scheme == "https";
    const bool socks =
        scheme == "socks4" || scheme == "socks4a" || scheme == "socks5" || scheme == "socks5h";
    if ((!shared.proxy_speaks_http && !socks) || !is_value(url)) {
        return fail(Code::invalid, "not a proxy such as http://10.0.0.5:3128 or socks5://…");
    }
    if (shared.config.proxy.networks.empty()) {
        return fail(Code::invalid, "a proxy needs the network that its address lies in");
    }
    SLUICE_TRY(shared.proxy_rules, AddressRules::make({}, shared.config.proxy.networks));
    return {};
}

}  // namespace

void HeaderList::Free::operator()(curl_slist* node) const { delete node; }

void HeaderList::add(std::string line) {
    lines_.push_back(std::make_unique<std::string>(std::move(line)));
    nodes_.emplace_back(new curl_slist{lines_.back()->data(), nullptr});
    if (nodes_.size() > 1) nodes_[nodes_.size() - 2]->next = nodes_.back().get();
}

Result<std::unique_ptr<TransferShared>> TransferShared::make(FetchConfig config) {
    auto shared = std::make_unique<TransferShared>();
    shared->config = std::move(config);
    SLUICE_TRY_STATUS(check_times(*shared));
    SLUICE_TRY_STATUS(add_headers(*shared));
    SLUICE_TRY_STATUS(check_tls(*shared));
    SLUICE_TRY_STATUS(check_proxy(*shared));
    for (const auto& entry : shared->config.credentials) {
        if (entry.hosts.empty() || !is_value(entry.user) || !is_value(entry.password) ||
            !is_value(entry.token)) {
            return fail(Code::invalid, "credentials need a host pattern, and plain text");
        }
    }
    return shared;
}

}  // namespace sluice::crawl
