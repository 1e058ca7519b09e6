// SPDX-License-Identifier: Apache-2.0
// Registered domains: which part of a host name somebody bought ("example.co.uk"), by the Public
// Suffix List. A thin face of libpsl, which is in no header. The list comes as text from whoever
// may read files; Debian keeps it in the package publicsuffix.
#pragma once

#include "kernel/base/result.h"

#include <memory>
#include <string_view>

namespace sluice::crawl {

/// The list, ready to be asked; immutable, so any number of threads may ask at once.
class PublicSuffixes {
public:
    /// Reads the text of public_suffix_list.dat. Errors: invalid (no rule in it), internal.
    static Result<PublicSuffixes> parse(std::string_view list);

    PublicSuffixes(PublicSuffixes&& other) noexcept;
    PublicSuffixes& operator=(PublicSuffixes&& other) noexcept;
    ~PublicSuffixes();

    /// The registered domain of a host as the URL parser writes it (lower case, punycode or UTF-8):
    /// a part of `host`. The whole of `host` if it is an address or has none (a suffix such as
    /// "co.uk", a name without dots): then it is a politeness group of its own.
    [[nodiscard]] std::string_view registered_domain(std::string_view host) const;
    /// As above, but empty where there is none.
    [[nodiscard]] std::string_view registrable(std::string_view host) const;
    /// May anybody register names below it ("com", "co.uk", "github.io")? Cookies for it are
    /// refused.
    [[nodiscard]] bool is_suffix(std::string_view host) const;

private:
    struct Handle;
    explicit PublicSuffixes(std::unique_ptr<Handle> handle);
    std::unique_ptr<Handle> handle_;
};

/// A literal IPv4 or IPv6 address, as the URL parser writes hosts ("192.0.2.1", "[2001:db8::1]").
bool is_address(std::string_view host);

}  // namespace sluice::crawl
