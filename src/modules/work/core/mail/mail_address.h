// SPDX-License-Identifier: Apache-2.0
// Mail addresses as people write them: "ada@example.org" or "Ada Lovelace <ada@example.org>". Only
// plain ASCII addresses are taken (a name in another alphabet is written in its xn-- form), so that
// no server needs SMTPUTF8; display names may be any text. Pure.
#pragma once

#include "kernel/base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

struct MailAddress {
    std::string name;     ///< For people; may be empty. UTF-8 without control characters.
    std::string address;  ///< local@domain

    /// What follows the "@".
    [[nodiscard]] std::string_view domain() const;
    friend bool operator==(const MailAddress&, const MailAddress&) = default;
};

/// Errors: invalid (says what is wrong with it).
Result<MailAddress> parse_mail_address(std::string_view text);
/// As it stands in a header; several are parted by commas and folded.
std::string mail_addresses(const std::vector<MailAddress>& addresses);
/// Patterns such as "*@example.org"; case does not matter, "*" stands for anything.
bool matches_any_address(std::string_view address, const std::vector<std::string>& patterns);

}  // namespace sluice::work
