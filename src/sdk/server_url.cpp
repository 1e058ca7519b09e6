// SPDX-License-Identifier: Apache-2.0
#include "sdk/server_url.h"

#include "kernel/base/text.h"

#include <cstdlib>

namespace sluice::sdk {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Result<std::string> percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
        if (high < 0 || low < 0) {
            return fail(Code::invalid, "server URL: % must be followed by two hexadecimal digits");
        }
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

/// Cuts "user:password@" off the front.
Status take_credentials(std::string_view& rest, ServerAddress& out) {
    const std::size_t at = rest.rfind('@');
    if (at == std::string_view::npos) return {};
    const std::string_view credentials = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    const std::size_t colon = credentials.find(':');
    SLUICE_TRY(out.username, percent_decode(credentials.substr(0, colon)));
    if (colon != std::string_view::npos) {
        SLUICE_TRY(out.password, percent_decode(credentials.substr(colon + 1)));
    }
    return {};
}

std::string environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? "" : value;
}

}  // namespace

std::string ServerAddress::text() const {
    const bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

Result<ServerAddress> parse_server_url(std::string_view url) {
    ServerAddress out;
    std::string_view rest = trim(url);
    const std::size_t scheme_end = rest.find("://");
    if (scheme_end != std::string_view::npos) {
        const std::string_view scheme = rest.substr(0, scheme_end);
        if (scheme != "tcp" && scheme != "tcp+tls") {
            return fail(Code::invalid, "server URL: the scheme must be tcp:// or tcp+tls://");
        }
        out.tls = scheme == "tcp+tls";
        rest.remove_prefix(scheme_end + 3);
    }
    SLUICE_TRY_STATUS(take_credentials(rest, out));
    rest = rest.substr(0, rest.find('/'));
    std::string_view port;
    if (rest.starts_with('[')) {
        const std::size_t close = rest.find(']');
        if (close == std::string_view::npos) return fail(Code::invalid, "server URL: missing ]");
        out.host = rest.substr(1, close - 1);
        rest.remove_prefix(close + 1);
        if (!rest.empty() && rest.front() != ':') {
            return fail(Code::invalid, "server URL: expected :port after ]");
        }
        port = rest.empty() ? rest : rest.substr(1);
    } else {
        const std::size_t colon = rest.find(':');
        out.host = rest.substr(0, colon);
        if (colon != std::string_view::npos) port = rest.substr(colon + 1);
    }
    if (out.host.empty()) return fail(Code::invalid, "server URL: the host is missing");
    if (!port.empty()) {
        const auto number = parse_int(port);
        if (!number || *number < 1 || *number > 65535) {
            return fail(Code::invalid, "server URL: the port must be 1 to 65535");
        }
        out.port = static_cast<std::uint16_t>(*number);
    }
    return out;
}

std::string server_url_from_environment() {
    const std::string provider = environment("FAKTORY_PROVIDER");
    std::string url = environment(provider.empty() ? "FAKTORY_URL" : provider);
    return url.empty() ? "tcp://localhost:7419" : url;
}

}  // namespace sluice::sdk
