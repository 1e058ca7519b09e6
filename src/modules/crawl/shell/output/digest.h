// SPDX-License-Identifier: Apache-2.0
// Digests of what was fetched, as the tools of web archives write them.
#pragma once

#include <string>
#include <string_view>

namespace sluice::crawl {

/// "sha256:" and 64 hexadecimal digits.
std::string sha256_digest(std::string_view bytes);
/// "xxh128:" and 32 hexadecimal digits: ten times as fast, and enough to tell pages apart.
std::string xxh128_digest(std::string_view bytes);
/// "<urn:uuid:…>" of what is in `parts`, the same for the same (version 8 of RFC 9562).
std::string record_id(std::string_view parts);

}  // namespace sluice::crawl
