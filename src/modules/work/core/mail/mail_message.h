// SPDX-License-Identifier: Apache-2.0
// A whole mail as text (RFC 5322, MIME): headers, a text and an HTML form, pictures inside the HTML
// and attachments. Everything is ASCII with CRLF, so any server can carry it. Pure; sends nothing.
#pragma once

#include "kernel/base/time.h"
#include "modules/work/core/mail/mail_address.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::work {

/// A file in a mail.
struct MailFile {
    std::string name;  ///< As the reader sees it.
    std::string type;  ///< "image/png"
    std::string content;
    std::string content_id{};  ///< Not empty: stands inside the HTML as "cid:…".
};

struct MailMessage {
    MailAddress from;
    std::vector<MailAddress> to{};
    std::vector<MailAddress> cc{};
    std::vector<MailAddress> reply_to{};
    std::string subject{};
    std::string text{};
    std::string html{};
    std::vector<MailFile> inline_files{};
    std::vector<MailFile> attachments{};
    std::vector<std::pair<std::string, std::string>> headers{};  ///< Further ones.
    WallTime date{Duration{0}};
    std::string message_id{};  ///< Without < and >.
};

/// Checks what a person may set: no control characters in headers, no header that the writer itself
/// writes, names of content. Errors: invalid.
Status check_mail(const MailMessage& message);
/// The mail, ready for SMTP but for doubled dots. Recipients of blind copies are not in it.
std::string write_mail(const MailMessage& message);
/// The same for the same job and sender, so that a repeated attempt can be recognised.
std::string mail_message_id(std::string_view jid, const MailAddress& from);
/// By the ending of the name; "application/octet-stream" where it says nothing.
std::string_view mail_type_of(std::string_view name);

}  // namespace sluice::work
