// SPDX-License-Identifier: Apache-2.0
// Internationalised domain names: UTS 46 as the URL standard calls it (CheckHyphens,
// UseSTD3ASCIIRules, VerifyDnsLength and Transitional_Processing off; CheckBidi and CheckJoiners
// on). The Unicode data are in idna_table.h.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// Longer domains with characters that are not ASCII are refused, in bytes of UTF-8; the time is
/// the length squared, and the name system has nothing above 253 bytes.
inline constexpr std::size_t idna_bytes_max = 4096;

/// A domain in UTF-8 as ASCII ("bücher.example" as "xn--bcher-kva.example"), or nothing if UTS 46
/// refuses it. The bytes that no host may have are not looked for.
std::optional<std::string> domain_to_ascii(std::string_view domain);

/// A domain for people: labels "xn--…" as the characters that they stand for; the domain itself if
/// that would not lead back to it.
std::string domain_to_unicode(std::string_view domain);

}  // namespace sluice::crawl
