// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/mail/mail_message.h"

#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "modules/work/core/mail/mail_text.h"

#include <algorithm>
#include <array>

namespace sluice::work {

namespace {

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c > 0x20 && c < 0x7F &&
               std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
    });
}

bool is_type(std::string_view text) {
    const std::size_t slash = text.find('/');
    return text.size() <= 100 && slash != std::string_view::npos &&
           is_token(text.substr(0, slash)) && is_token(text.substr(slash + 1));
}

/// One entity: its headers, an empty line, its body.
struct Part {
    std::string headers;
    std::string body;
};

Part text_part(std::string_view subtype, std::string_view text) {
    const auto high = static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; }));
    // Most of it in another alphabet: base64 is shorter.
    const bool dense = high * 3 > text.size();
    std::string lines;
    if (dense) {
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) lines += '\r';
            lines += text[i];
        }
    }
    return {"Content-Type: text/" + std::string(subtype) +
                "; charset=utf-8\r\nContent-Transfer-Encoding: " +
                (dense ? "base64" : "quoted-printable") + "\r\n",
            dense ? base64(lines) : quoted_printable(text)};
}

Part file_part(const MailFile& file) {
    Part part;
    const bool is_inline = !file.content_id.empty();
    part.headers = "Content-Type: " + file.type + mail_parameter("name", file.name) +
                   "\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: " +
                   (is_inline ? "inline" : "attachment") + mail_parameter("filename", file.name) +
                   "\r\n";
    if (is_inline) part.headers += "Content-ID: <" + file.content_id + ">\r\n";
    part.body = base64(file.content);
    return part;
}

/// "=_" is in no encoded body: quoted-printable writes "=" as =3D, base64 has no "_".
std::string boundary(std::string_view kind) { return "=_sluice_" + std::string(kind) + "_="; }

Part multipart(std::string_view kind, std::vector<Part> parts) {
    if (parts.size() == 1) return std::move(parts.front());
    Part whole;
    const std::string line = boundary(kind);
    whole.headers =
        "Content-Type: multipart/" + std::string(kind) + ";\r\n boundary=\"" + line + "\"\r\n";
    std::size_t bytes = 0;
    for (const Part& part : parts) bytes += part.headers.size() + part.body.size() + 64;
    whole.body.reserve(bytes);
    for (Part& part : parts) {
        whole.body += "--" + line + "\r\n" + part.headers + "\r\n" + part.body + "\r\n";
        part = {};
    }
    whole.body += "--" + line + "--\r\n";
    return whole;
}

Part body_of(const MailMessage& message) {
    std::vector<Part> forms;
    if (!message.text.empty() || message.html.empty()) {
        forms.push_back(text_part("plain", message.text));
    }
    if (!message.html.empty()) {
        std::vector<Part> related = {};
        related.push_back(text_part("html", message.html));
        for (const MailFile& file : message.inline_files) related.push_back(file_part(file));
        forms.push_back(multipart("related", std::move(related)));
    }
    std::vector<Part> all = {};
    all.push_back(multipart("alternative", std::move(forms)));
    for (const MailFile& file : message.attachments) all.push_back(file_part(file));
    return multipart("mixed", std::move(all));
}

Status check_header(const std::pair<std::string, std::string>& header) {
    static constexpr std::array<std::string_view, 19> ours = {"from",
                                                              "to",
                                                              "cc",
                                                              "bcc",
                                                              "reply-to",
                                                              "sender",
                                                              "subject",
                                                              "date",
                                                              "message-id",
                                                              "mime-version",
                                                              "content-type",
                                                              "content-transfer-encoding",
                                                              "content-disposition",
                                                              "content-id",
                                                              "received",
                                                              "return-path",
                                                              "resent-to",
                                                              "resent-cc",
                                                              "resent-bcc"};
    const auto& [name, value] = header;
    const std::string shown = "the header \"" + std::string(truncate_utf8(name, 60)) + "\"";
    if (!is_token(name) || name.size() > 70) {
        return fail(Code::invalid, "a header's name is not one: letters, digits and \"-\"");
    }
    if (std::find(ours.begin(), ours.end(), ascii_lowered(name)) != ours.end()) {
        return fail(Code::invalid, shown + " is not set this way");
    }
    if (!is_header_text(value)) {
        return fail(Code::invalid, shown + " holds a control character or is not UTF-8");
    }
    return {};
}

Status check_file(const MailFile& file) {
    if (file.name.empty() || file.name.size() > 200 || !is_header_text(file.name)) {
        return fail(Code::invalid,
                    "the name of a file in the mail is empty, longer than 200 bytes, or holds a "
                    "control character");
    }
    if (!is_type(file.type)) {
        return fail(Code::invalid, "\"" + std::string(truncate_utf8(file.name, 100)) +
                                       "\": its type is not one such as image/png");
    }
    const bool known = std::all_of(file.content_id.begin(), file.content_id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == '_' || c == '@';
    });
    if (known && file.content_id.size() <= 100) return {};
    return fail(Code::invalid, "a content id has letters, digits, \".\", \"-\", \"_\" and \"@\"");
}

}  // namespace

Status check_mail(const MailMessage& message) {
    if (!is_header_text(message.subject)) {
        return fail(Code::invalid, "the subject holds a line end or another control character");
    }
    if (message.subject.size() > 900) {
        return fail(Code::invalid, "the subject has more than 900 bytes");
    }
    for (const auto& header : message.headers) SLUICE_TRY_STATUS(check_header(header));
    for (const auto* files : {&message.inline_files, &message.attachments}) {
        for (const MailFile& file : *files) SLUICE_TRY_STATUS(check_file(file));
    }
    if (message.html.empty() && !message.inline_files.empty()) {
        return fail(Code::invalid, "pictures inside the mail need `html`");
    }
    return {};
}

std::string write_mail(const MailMessage& message) {
    std::string out = "Date: " + mail_date(message.date) + "\r\n";
    const auto put = [&out](std::string_view name, const std::vector<MailAddress>& addresses) {
        if (!addresses.empty()) {
            out += std::string(name) + ": " + mail_addresses(addresses) + "\r\n";
        }
    };
    put("From", {message.from});
    put("To", message.to);
    put("Cc", message.cc);
    put("Reply-To", message.reply_to);
    // RFC 5322 wants no particular one; a mail to blind copies only says so.
    if (message.to.empty() && message.cc.empty()) out += "To: undisclosed-recipients:;\r\n";
    out += mail_header("Subject", message.subject);
    out += "Message-ID: <" + message.message_id + ">\r\n";
    for (const auto& [name, value] : message.headers) out += mail_header(name, value);
    out += "MIME-Version: 1.0\r\n";
    const Part body = body_of(message);
    return out + body.headers + "\r\n" + body.body;
}

std::string mail_message_id(std::string_view jid, const MailAddress& from) {
    std::string out = "job.";
    for (const char c : jid.substr(0, 200)) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '_';
        out += plain ? std::string(1, c) : "=" + to_hex(std::string_view(&c, 1));
    }
    return out + "@" + std::string(from.domain());
}

std::string_view mail_type_of(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 22> types = {{
        {"csv", "text/csv"},          {"gif", "image/gif"},       {"gz", "application/gzip"},
        {"htm", "text/html"},         {"html", "text/html"},      {"ics", "text/calendar"},
        {"jpeg", "image/jpeg"},       {"jpg", "image/jpeg"},      {"json", "application/json"},
        {"md", "text/markdown"},      {"mp3", "audio/mpeg"},      {"mp4", "video/mp4"},
        {"pdf", "application/pdf"},   {"png", "image/png"},       {"svg", "image/svg+xml"},
        {"tar", "application/x-tar"}, {"txt", "text/plain"},      {"wav", "audio/wav"},
        {"webp", "image/webp"},       {"xml", "application/xml"}, {"zip", "application/zip"},
        {"zst", "application/zstd"},
    }};
    const std::size_t dot = name.rfind('.');
    const std::string ending =
        dot == std::string_view::npos ? "" : ascii_lowered(name.substr(dot + 1));
    for (const auto& [each, type] : types) {
        if (each == ending) return type;
    }
    return "application/octet-stream";
}

}  // namespace sluice::work
