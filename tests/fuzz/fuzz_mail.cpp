// SPDX-License-Identifier: Apache-2.0
// libraries: work_core_mail kernel_wire
// Any bytes as the parts of a mail and of its template: no crash; what is accepted becomes a mail
// of short ASCII lines in which no text has become a header.
#include "kernel/base/check.h"
#include "kernel/wire/json_reader.h"
#include "modules/work/core/mail/mail_message.h"
#include "modules/work/core/mail/mail_template.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::work;

constexpr std::size_t line_bytes_max = 998;  // RFC 5322 2.1.1

void check_lines(std::string_view mail) {
    while (!mail.empty()) {
        const std::size_t end = mail.find("\r\n");
        SLUICE_CHECK(end != std::string_view::npos && end <= line_bytes_max);
        const std::string_view line = mail.substr(0, end);
        SLUICE_CHECK(std::all_of(line.begin(), line.end(),
                                 [](char c) { return c == '\t' || (c >= ' ' && c < '\x7f'); }));
        mail.remove_prefix(end + 2);
    }
}

/// Names of headers before the empty line.
std::string header_names(std::string_view mail) {
    std::string names;
    while (!mail.starts_with("\r\n")) {
        if (mail.front() != ' ' && mail.front() != '\t') {
            names += std::string(mail.substr(0, mail.find(':'))) + ' ';
        }
        mail.remove_prefix(mail.find("\r\n") + 2);
    }
    return names;
}

void write(std::string_view text) {
    MailMessage plain{.from = {.name = {}, .address = "a@example.org"}};
    plain.to = {{.name = {}, .address = "b@example.org"}};
    plain.subject = "s";
    plain.text = "t";
    plain.message_id = "m@example.org";
    MailMessage mail = plain;
    mail.subject = text;
    mail.text = text;
    mail.to.front().name = text;
    if (check_mail(mail)) {
        const std::string written = write_mail(mail);
        check_lines(written);
        SLUICE_CHECK(header_names(written) == header_names(write_mail(plain)));
    }
    mail = plain;
    mail.attachments.push_back({.name = std::string(text), .type = "a/b", .content = {}});
    mail.attachments.back().content = text;
    if (check_mail(mail)) check_lines(write_mail(mail));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto address = parse_mail_address(text)) {
        const std::string written = mail_addresses({*address});
        SLUICE_CHECK(std::none_of(written.begin(), written.end(),
                                  [](char c) { return static_cast<unsigned char>(c) > '~'; }));
    }
    write(text);
    const std::size_t line = std::min(text.find('\n'), text.size());
    JsonParser parser;
    const auto json = parser.parse(text.substr(0, line));
    if (!json) return 0;
    const auto values = read_template_values(*json);
    if (!values) return 0;
    const std::string_view form = text.substr(std::min(line + 1, text.size()));
    const auto filled = fill_template(form, *values, Escaping::html, 10'000);
    SLUICE_CHECK(!filled || filled->size() <= 10'000);
    return 0;
}
