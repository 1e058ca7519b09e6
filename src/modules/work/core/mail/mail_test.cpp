// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/mail/mail_address.h"
#include "modules/work/core/mail/mail_message.h"
#include "modules/work/core/mail/mail_template.h"
#include "modules/work/core/mail/mail_text.h"

#include "kernel/base/text.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::work {
namespace {

TEST(MailText, Base64IsThatOfTheRfc) {
    // RFC 4648, 10.
    EXPECT_EQ(base64("", 0), "");
    EXPECT_EQ(base64("f", 0), "Zg==");
    EXPECT_EQ(base64("fo", 0), "Zm8=");
    EXPECT_EQ(base64("foo", 0), "Zm9v");
    EXPECT_EQ(base64("foob", 0), "Zm9vYg==");
    EXPECT_EQ(base64("foobar", 0), "Zm9vYmFy");
    EXPECT_EQ(base64(std::string("\xFF\xFE\x00", 3), 0), "//4A");
    const std::string lines = base64(std::string(58, 'x'));
    EXPECT_EQ(lines.find("\r\n"), 76u);
    EXPECT_TRUE(lines.ends_with("eA==\r\n")) << lines;
}

TEST(MailText, QuotedPrintableKeepsTextAndLines) {
    const std::pair<std::string_view, std::string_view> rows[] = {
        {"", ""},
        {"hello", "hello\r\n"},
        {"a\nb\r\nc\rd", "a\r\nb\r\nc\r\nd\r\n"},
        {"a=b", "a=3Db\r\n"},
        {"end \nx", "end=20\r\nx\r\n"},
        {"tab\t", "tab=09\r\n"},
        {".dot\n.", "=2Edot\r\n=2E\r\n"},
        {"From here", "=46rom here\r\n"},
        {"\xC3\xA4", "=C3=A4\r\n"},
    };
    for (const auto& [text, expected] : rows) EXPECT_EQ(quoted_printable(text), expected) << text;
    const std::string longer = quoted_printable(std::string(500, '='));
    for (const auto line : split(longer, '\n')) EXPECT_LE(line.size(), 77u);
}

TEST(MailText, HeadersAreFoldedAndEncoded) {
    EXPECT_EQ(mail_header("Subject", "Hello"), "Subject: Hello\r\n");
    EXPECT_EQ(mail_header("Subject", "Gr\xC3\xBC\xC3\x9F"), "Subject: =?UTF-8?B?R3LDvMOf?=\r\n");
    // What looks like an encoded word is none.
    EXPECT_EQ(mail_header("S", "=?x?="), "S: =?UTF-8?B?PT94Pz0=?=\r\n");
    std::string words;
    for (int i = 0; i < 40; ++i) words += "word" + std::to_string(i) + " ";
    for (const std::string& text : {words, std::string(3000, 'x'), [] {
                                        std::string out;
                                        for (int i = 0; i < 300; ++i) out += "\xE2\x82\xAC";
                                        return out;
                                    }()}) {
        const std::string header = mail_header("Subject", text);
        for (const auto line : split(header, '\n')) EXPECT_LE(line.size(), 79u) << line;
        EXPECT_EQ(header.find("\n\r"), std::string::npos);
    }
}

TEST(MailText, DatesAreThoseOfRfc5322) {
    EXPECT_EQ(mail_date(wall_from_ns(0)), "Thu, 01 Jan 1970 00:00:00 +0000");
    EXPECT_EQ(mail_date(parse_rfc3339("2026-11-21T18:07:09.5Z").value()),
              "Sat, 21 Nov 2026 18:07:09 +0000");
    EXPECT_EQ(mail_date(parse_rfc3339("2024-02-29T23:59:59Z").value()),
              "Thu, 29 Feb 2024 23:59:59 +0000");
}

TEST(MailText, NoHeaderTextHoldsALineEnd) {
    for (const auto* text : {"a\r\nBcc: x@y", "a\nb", "a\rb", "\x7F", "\x01", "\xFF", "\xC3"}) {
        EXPECT_FALSE(is_header_text(text));
    }
    EXPECT_FALSE(is_header_text(std::string_view("a\0b", 3)));
    EXPECT_TRUE(
        is_header_text("Gr\xC3\xBC\xC3\x9F"
                       "e, \xE2\x82\xAC, \xF0\x9F\x98\x80"));
}

TEST(MailAddress, AreReadAsPeopleWriteThem) {
    const std::pair<std::string_view, MailAddress> rows[] = {
        {"ada@example.org", {"", "ada@example.org"}},
        {" <ada@example.org> ", {"", "ada@example.org"}},
        {"Ada Lovelace <ada+x@example.org>", {"Ada Lovelace", "ada+x@example.org"}},
        {"\"Lovelace, Ada\" <a.b@c>", {"Lovelace, Ada", "a.b@c"}},
        {"J\xC3\xBCrgen <j@xn--bcher-kva.example>", {"J\xC3\xBCrgen", "j@xn--bcher-kva.example"}},
    };
    for (const auto& [text, expected] : rows) {
        const auto got = parse_mail_address(text);
        ASSERT_TRUE(got) << got.error().message;
        EXPECT_EQ(*got, expected);
    }
    for (const auto* text :
         {"", "ada", "@example.org", "ada@", "a b@example.org", "a@b@c d", "a@-b", "a@b..c", ".a@b",
          "a..b@c", "a@[127.0.0.1]", "a@b>", "x <a@b", "a@b, c@d", "j\xC3\xBC@b",
          "a@b\xC3\xBC.example", "a@b\r\nBcc: c@d", "<a@b>\nX: y <c@d>", "\"a b\"@c"}) {
        EXPECT_FALSE(parse_mail_address(text)) << text;
    }
    EXPECT_FALSE(parse_mail_address(std::string(70, 'a') + "@b"));
}

TEST(MailAddress, PatternsSayWhoMayBeWrittenTo) {
    EXPECT_TRUE(matches_any_address("Ada@Example.org", {"x@y", "*@example.org"}));
    EXPECT_FALSE(matches_any_address("ada@example.org.evil.example", {"*@example.org"}));
    EXPECT_FALSE(matches_any_address("ada@example.org", {}));
}

Result<std::string> fill(std::string_view text, const std::string& values, Escaping escaping) {
    const auto document = JsonDocument::parse(values).value();
    auto read = read_template_values(document.root());
    if (!read) return read.error();
    return fill_template(text, *read, escaping, 100);
}

TEST(MailTemplate, ValuesStandForNames) {
    const std::string values = R"({"name": "A & <b>", "n": 3, "order": {"id": 7.5}, "ok": true})";
    EXPECT_EQ(fill("{{name}}, {{ n }}!{{order.id}}{{ok}}", values, Escaping::none).value(),
              "A & <b>, 3!7.5true");
    EXPECT_EQ(fill("<p>{{name}}</p>", values, Escaping::html).value(), "<p>A &amp; &lt;b&gt;</p>");
    // A value is never a template again.
    EXPECT_EQ(fill("{{a}}", R"({"a": "{{b}}", "b": "x"})", Escaping::none).value(), "{{b}}");
    EXPECT_EQ(fill("a } b }} {c}", "{}", Escaping::none).value(), "a } b }} {c}");
    const auto missing = fill("one\ntwo {{nmae}}", R"({"name": "x"})", Escaping::none);
    EXPECT_EQ(missing.error().message,
              "line 2: there is no value for {{nmae}}; is \"name\" meant?");
    for (const auto* text : {"{{", "{{name", "{{}}", "{{a b}}", "{{#each x}}", "{{a{{b}}}}"}) {
        EXPECT_EQ(fill(text, R"({"a": "", "b": ""})", Escaping::none).error().code, Code::invalid)
            << text;
    }
    EXPECT_EQ(fill(std::string(101, 'x'), "{}", Escaping::none).error().code, Code::exhausted);
    EXPECT_FALSE(fill("x", R"({"a": [1]})", Escaping::none));
    EXPECT_FALSE(fill("x", R"({"a": null})", Escaping::none));
}

MailMessage letter() {
    MailMessage message;
    message.from = {"Sluice", "jobs@example.org"};
    message.to = {{"", "ada@example.org"}};
    message.subject = "Report";
    message.text = "Hello";
    message.date = parse_rfc3339("2026-11-21T18:07:09Z").value();
    message.message_id = mail_message_id("j 1", message.from);
    return message;
}

TEST(MailMessage, APlainOneIsPlain) {
    EXPECT_EQ(write_mail(letter()),
              "Date: Sat, 21 Nov 2026 18:07:09 +0000\r\n"
              "From: \"Sluice\"\r\n <jobs@example.org>\r\n"
              "To: ada@example.org\r\n"
              "Subject: Report\r\n"
              "Message-ID: <job.j=201@example.org>\r\n"
              "MIME-Version: 1.0\r\n"
              "Content-Type: text/plain; charset=utf-8\r\n"
              "Content-Transfer-Encoding: quoted-printable\r\n"
              "\r\nHello\r\n");
}

TEST(MailMessage, FormsAndFilesAreNested) {
    MailMessage message = letter();
    message.html = "<img src='cid:logo'>";
    message.inline_files = {{"logo.png", "image/png", "PNG", "logo"}};
    message.attachments = {
        {"Gr\xC3\xBC\xC3\x9F"
         "e.csv",
         "text/csv", "a,b\n", ""}};
    ASSERT_TRUE(check_mail(message));
    const std::string mail = write_mail(message);
    const auto at = [&mail](std::string_view text) { return mail.find(text); };
    EXPECT_LT(at("multipart/mixed"), at("multipart/alternative"));
    EXPECT_LT(at("multipart/alternative"), at("text/plain"));
    EXPECT_LT(at("text/plain"), at("multipart/related"));
    EXPECT_LT(at("multipart/related"), at("text/html"));
    EXPECT_LT(at("text/html"), at("Content-ID: <logo>"));
    EXPECT_LT(at("Content-ID: <logo>"), at("filename*=UTF-8''Gr%C3%BC%C3%9Fe.csv"));
    EXPECT_NE(at("filename*"), std::string::npos);
    for (const auto line : split(mail, '\n')) EXPECT_LE(line.size(), 79u) << line;
    EXPECT_TRUE(std::all_of(mail.begin(), mail.end(), [](char c) { return (c & 0x80) == 0; }));
}

TEST(MailMessage, NothingIsInjected) {
    const auto refused = [](auto change) {
        MailMessage message = letter();
        change(message);
        return !check_mail(message);
    };
    EXPECT_FALSE(refused([](MailMessage& m) { m.headers = {{"X-Job", "1"}}; }));
    EXPECT_TRUE(refused([](MailMessage& m) { m.subject = "a\r\nBcc: x@y"; }));
    EXPECT_TRUE(refused([](MailMessage& m) { m.headers = {{"X-Job", "1\nBcc: x@y"}}; }));
    EXPECT_TRUE(refused([](MailMessage& m) { m.headers = {{"X-Job\r\nBcc", "x@y"}}; }));
    EXPECT_TRUE(refused([](MailMessage& m) { m.headers = {{"bCC", "x@y"}}; }));
    EXPECT_TRUE(refused([](MailMessage& m) { m.headers = {{"X Y", "z"}}; }));
    EXPECT_TRUE(refused([](MailMessage& m) { m.attachments = {{"a\r\nb", "a/b", "", ""}}; }));
    EXPECT_TRUE(refused([](MailMessage& m) { m.attachments = {{"a", "text", "", ""}}; }));
    EXPECT_TRUE(refused([](MailMessage& m) { m.attachments = {{"a", "a/b; x", "", ""}}; }));
    EXPECT_TRUE(refused([](MailMessage& m) {
        m.html = "x";
        m.inline_files = {{"a", "a/b", "", "x> <y"}};
    }));
    EXPECT_TRUE(refused([](MailMessage& m) { m.inline_files = {{"a", "a/b", "", "x"}}; }));
    // A body that looks like a boundary is encoded.
    MailMessage message = letter();
    message.text = "--=_sluice_alternative_=--";
    message.html = "x";
    const std::string mail = write_mail(message);
    std::size_t ends = 0;
    for (std::size_t i = 0; (i = mail.find("--=_sluice_alternative_=--", i)) != std::string::npos;
         ++i) {
        ++ends;
    }
    EXPECT_EQ(ends, 1u);
}

TEST(MailMessage, TypesComeFromNames) {
    EXPECT_EQ(mail_type_of("a.PDF"), "application/pdf");
    EXPECT_EQ(mail_type_of("a.b.csv"), "text/csv");
    EXPECT_EQ(mail_type_of("csv"), "application/octet-stream");
}

}  // namespace
}  // namespace sluice::work
