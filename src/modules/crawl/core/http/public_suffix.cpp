// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/http/public_suffix.h"

#include "kernel/base/ascii.h"

#include <libpsl.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

namespace sluice::crawl {

namespace {

/// A name of DNS has at most 253 bytes; what is longer (UTF-8) is nothing libpsl should see.
constexpr std::size_t host_bytes_max = 1024;

}  // namespace

struct PublicSuffixes::Handle {
    psl_ctx_t* list = nullptr;

    Handle() = default;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() { psl_free(list); }
};

PublicSuffixes::PublicSuffixes(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
PublicSuffixes::PublicSuffixes(PublicSuffixes&& other) noexcept = default;
PublicSuffixes& PublicSuffixes::operator=(PublicSuffixes&& other) noexcept = default;
PublicSuffixes::~PublicSuffixes() = default;

Result<PublicSuffixes> PublicSuffixes::parse(std::string_view list) {
    if (list.empty()) return fail(Code::invalid, "the public suffix list is empty");
    // libpsl reads streams only; this one is memory.
    std::string copy(list);
    std::FILE* stream = ::fmemopen(copy.data(), copy.size(), "r");
    if (stream == nullptr) return fail(Code::internal, "no memory for the public suffix list");
    auto handle = std::make_unique<Handle>();
    handle->list = psl_load_fp(stream);
    std::fclose(stream);
    if (handle->list == nullptr || psl_suffix_count(handle->list) <= 0) {
        return fail(Code::invalid, "the public suffix list has no rules");
    }
    return PublicSuffixes(std::move(handle));
}

std::string_view PublicSuffixes::registrable(std::string_view host) const {
    if (host.empty() || host.size() > host_bytes_max || host.front() == '.' || is_address(host)) {
        return {};
    }
    const std::string name(host);
    const char* found = psl_registrable_domain(handle_->list, name.c_str());
    if (found == nullptr) return {};
    return host.substr(static_cast<std::size_t>(found - name.c_str()));
}

std::string_view PublicSuffixes::registered_domain(std::string_view host) const {
    const std::string_view found = registrable(host);
    return found.empty() ? host : found;
}

bool PublicSuffixes::is_suffix(std::string_view host) const {
    if (host.empty() || host.size() > host_bytes_max || is_address(host)) return false;
    return psl_is_public_suffix(handle_->list, std::string(host).c_str()) != 0;
}

bool is_address(std::string_view host) {
    if (host.starts_with('[') || host.find(':') != std::string_view::npos) return true;
    // The URL parser writes every IPv4 address in four decimal parts.
    if (host.empty() || std::count(host.begin(), host.end(), '.') != 3) return false;
    return std::all_of(host.begin(), host.end(),
                       [](char c) { return is_ascii_digit(c) || c == '.'; });
}

}  // namespace sluice::crawl
