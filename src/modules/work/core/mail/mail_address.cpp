// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/mail/mail_address.h"

#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "modules/work/core/mail/mail_text.h"

#include <algorithm>

namespace sluice::work {

namespace {

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Letters, digits and what RFC 5322 allows in an atom, with single dots between.
bool is_local_part(std::string_view text) {
    if (text.empty() || text.size() > 64) return false;
    const auto parts = split(text, '.');
    return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
        return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
            return is_letter_or_digit(c) ||
                   std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
        });
    });
}

bool is_domain(std::string_view text) {
    if (text.empty() || text.size() > 253) return false;
    const auto parts = split(text, '.');
    return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
        return !part.empty() && part.size() <= 63 && part.front() != '-' && part.back() != '-' &&
               std::all_of(part.begin(), part.end(),
                           [](char c) { return is_letter_or_digit(c) || c == '-'; });
    });
}

}  // namespace

std::string_view MailAddress::domain() const {
    return std::string_view(address).substr(address.rfind('@') + 1);
}

Result<MailAddress> parse_mail_address(std::string_view text) {
    const auto wrong = [text](std::string_view why) {
        return fail(Code::invalid, "\"" + std::string(truncate_utf8(text, 100)) +
                                       "\" is no mail address: " + std::string(why));
    };
    if (!is_header_text(text))
        return fail(Code::invalid, "a mail address holds a control character");
    MailAddress out;
    std::string_view address = trim(text);
    if (address.ends_with('>')) {
        const std::size_t open = address.rfind('<');
        if (open == std::string_view::npos) return wrong("\"<\" is missing");
        std::string_view name = trim(address.substr(0, open));
        if (name.size() >= 2 && name.front() == '"' && name.back() == '"') {
            name = name.substr(1, name.size() - 2);
        }
        if (name.size() > 200) return wrong("its name has more than 200 bytes");
        out.name = name;
        address = address.substr(open + 1, address.size() - open - 2);
    }
    const std::size_t at = address.rfind('@');
    if (at == std::string_view::npos) return wrong("\"@\" is missing");
    const bool ascii =
        std::all_of(address.begin(), address.end(), [](char c) { return (c & 0x80) == 0; });
    if (!ascii) return wrong("only ASCII is sent; write the domain in its xn-- form");
    if (!is_local_part(address.substr(0, at))) return wrong("what stands before \"@\"");
    if (!is_domain(address.substr(at + 1))) return wrong("what stands behind \"@\"");
    out.address = address;
    return out;
}

std::string mail_addresses(const std::vector<MailAddress>& addresses) {
    std::string out;
    for (const MailAddress& each : addresses) {
        if (!out.empty()) out += ",\r\n ";
        out += each.name.empty() ? each.address
                                 : mail_phrase(each.name) + "\r\n <" + each.address + ">";
    }
    return out;
}

bool matches_any_address(std::string_view address, const std::vector<std::string>& patterns) {
    const std::string low = ascii_lowered(address);
    return std::any_of(patterns.begin(), patterns.end(), [&low](const std::string& pattern) {
        return glob_match(ascii_lowered(pattern), low);
    });
}

}  // namespace sluice::work
