// SPDX-License-Identifier: Apache-2.0
// mail.send as far as it goes without a server, and against one that writes down what it is told.
// TLS, login and other people's parsers are in the end-to-end tests.
#include "kernel/net/loopback_server_testing.h"
#include "kernel/sync/mutex.h"
#include "modules/work/built_in_types_testing.h"

#include <gtest/gtest.h>

namespace sluice::work {
namespace {

/// Takes every mail and keeps what it was told; `no` may answer a line first.
class Postbox {
public:
    explicit Postbox(std::function<std::string(const std::string&)> no = {}) {
        server_.at_connect([this, no = std::move(no)](LoopbackServer::Peer& peer) {
            peer.send("220 here\r\n");
            bool in_mail = false;
            std::string rest;
            for (std::string more; !(more = peer.receive()).empty();) {
                rest += more;
                for (std::size_t end; (end = rest.find("\r\n")) != std::string::npos;) {
                    const std::string line = rest.substr(0, end);
                    rest.erase(0, end + 2);
                    note(line);
                    if (in_mail && line != ".") continue;
                    std::string answer = no ? no(line) : "";
                    if (answer.empty()) answer = line == "DATA" ? "354 go on" : "250 fine";
                    in_mail = line == "DATA" && answer.starts_with("354");
                    if (!peer.send(answer + "\r\n")) return;
                }
            }
        });
        server_.start();
    }
    [[nodiscard]] std::string url() const {
        return "smtp://127.0.0.1:" + std::to_string(server_.port());
    }
    [[nodiscard]] std::string heard() const {
        const MutexLock lock(mutex_);
        return heard_;
    }

private:
    void note(const std::string& line) {
        const MutexLock lock(mutex_);
        heard_ += line + "\n";
    }

    mutable Mutex mutex_{"postbox"};
    std::string heard_ SLUICE_GUARDED_BY(mutex_);
    LoopbackServer server_;
};

class Mail : public BuiltInTypes {
protected:
    void SetUp() override {
        BuiltInTypes::SetUp();
        settings.mail = {.tls = "none", .from = "Jobs <jobs@example.org>"};
    }
    void use(const Postbox& postbox) { settings.mail.server = postbox.url(); }
};

TEST_F(Mail, IsFilledInAndSent) {
    Postbox postbox;
    use(postbox);
    folder.put("a.txt", "attached");
    folder.put("body.html", "<p>{{name}}</p>");
    const std::string result = run(
        "mail.send",
        R"(["Ada <ada@example.org>", "For {{name}}", {"text": "Dear {{name}}", "html_file": "body.html",
            "values": {"name": "A<b>"}, "bcc": "secret@example.org", "attachments": ["a.txt"]}])");
    EXPECT_NE(result.find(R"("message_id":"job.j1@example.org")"), std::string::npos) << result;
    EXPECT_NE(result.find(R"("accepted":["ada@example.org","secret@example.org"],"refused":[])"),
              std::string::npos)
        << result;
    const std::string heard = postbox.heard();
    for (const auto* text :
         {"RCPT TO:<secret@example.org>", "Subject: For A<b>", "Dear A<b>", "<p>A&lt;b&gt;</p>",
          "Message-ID: <job.j1@example.org>", "YXR0YWNoZWQ=", "To: \"Ada\""}) {
        EXPECT_NE(heard.find(text), std::string::npos) << text << "\n" << heard;
    }
    const std::size_t data = heard.find("DATA");
    EXPECT_EQ(heard.find("secret@example.org", data), std::string::npos);
}

TEST_F(Mail, ServersThatSayNoFailTheJobForGoodOrNot) {
    const auto no = [](const std::string& line) -> std::string {
        if (line.find("full@") != std::string::npos) return "452 4.2.2 full";
        if (line.find("nobody@") != std::string::npos) return "550 5.1.1 unknown";
        return "";
    };
    Postbox postbox(no);
    use(postbox);
    Context context(R"(["nobody@example.org", "x", {"text": "y"}])");
    auto outcome = run("mail.send", context);
    auto* failure = std::get_if<sdk::Failure>(&outcome);
    ASSERT_NE(failure, nullptr);
    EXPECT_EQ(failure->errtype, "MailRefused");
    EXPECT_TRUE(failure->final);
    EXPECT_NE(failure->message.find("5.1.1 unknown"), std::string::npos) << failure->message;
    Context full(R"(["full@example.org", "x", {"text": "y"}])");
    outcome = run("mail.send", full);
    failure = std::get_if<sdk::Failure>(&outcome);
    ASSERT_NE(failure, nullptr);
    EXPECT_EQ(failure->errtype, "MailDeferred");
    EXPECT_FALSE(failure->final);
    const std::string some =
        run("mail.send", R"([["full@example.org", "ada@example.org"], "x", {"text": "y"}])");
    EXPECT_NE(
        some.find(
            R"("accepted":["ada@example.org"],"refused":[{"address":"full@example.org","status":452,"reply":"4.2.2 full","temporary":true}])"),
        std::string::npos)
        << some;
    expect_failure(
        "mail.send",
        R"([["ada@example.org", "nobody@example.org"], "x", {"text": "y", "all_or_none": true}])",
        "MailRefused");
}

TEST_F(Mail, WhatIsNotAllowedIsNotSent) {
    expect_failure("mail.send", R"(["a@b.example", "x", {"text": "y"}])", "Denied: this worker");
    Postbox postbox;
    use(postbox);
    types.clear();
    settings.mail.recipients = {"*@example.org"};
    settings.mail.senders = {"*@team.example.org"};
    settings.limits.mail_max = kib(64);
    folder.put("big.bin", std::string(70'000, 'x'));
    const std::pair<std::string, std::string> rows[] = {
        {R"(["a@b.example", "x", {"text": "y"}])", "Denied: this worker may not write to"},
        {R"(["a@example.org", "x", {"from": "me@example.org"}])", "may not write as"},
        {R"(["a@example.org", "x\r\nBcc: c@d.example", {}])", "line end"},
        {R"(["a@example.org\r\nBcc: c@d", "x"])", "InvalidArguments"},
        {R"(["a@example.org", "x", {"headers": {"Bcc": "c@d.example"}}])", "is not set this way"},
        {R"(["a@example.org", "x", {"headers": {"X": "1\nBcc: y"}}])", "control character"},
        {R"(["a@example.org", "{{a}}", {"values": {"a": "x\ny"}}])", "line end"},
        {R"(["a@example.org", "{{a}}", {"values": {}}])", "no value for {{a}}"},
        {R"(["a@example.org", "x", {"attachments": ["../etc/passwd"]}])", "InvalidInput"},
        {R"(["a@example.org", "x", {"attachments": ["none.txt"]}])", "NotFound"},
        {R"(["a@example.org", "x", {"attachments": ["big.bin"]}])", "LimitExceeded"},
        {R"(["a@example.org", "x", {"attachments": [{"name": "x"}]}])", "without a path"},
        {R"(["a@example.org", "x", {"attachments": [{"path": "big.bin", "cid": "x"}]}])", "only"},
        {R"(["a@example.org", "x", {"text": "a", "text_file": "b"}])", "beside"},
        {R"([[], "x"])", "nobody is named"},
        {R"(["a@example.org"])", "`subject`"},
    };
    for (const auto& [args, said] : rows) expect_failure("mail.send", args, said);
    EXPECT_EQ(postbox.heard(), "");
    EXPECT_EQ(run("mail.send", R"(["A@Example.org", "x", {"from": "X <a@team.example.org>"}])")
                  .find("{\"message_id\""),
              0u);
}

TEST_F(Mail, WrongSettingsAreToldAtTheStart) {
    const auto refused = [](MailPolicy mail) {
        WorkSettings wrong;
        wrong.mail = std::move(mail);
        wrong.secrets = {{.name = "smtp", .env = "X"}};
        return !built_in_types(wrong);
    };
    EXPECT_FALSE(refused({.server = "smtp://a:25", .user = "u", .secret = "smtp"}));
    EXPECT_TRUE(refused({.server = "http://a"}));
    EXPECT_TRUE(refused({.server = "smtp://a", .tls = "never"}));
    EXPECT_TRUE(refused({.server = "smtp://a", .tls = "none", .user = "u", .secret = "smtp"}));
    EXPECT_TRUE(refused({.server = "smtp://a", .user = "u"}));
    EXPECT_TRUE(refused({.server = "smtp://a", .user = "u", .secret = "other"}));
    EXPECT_TRUE(refused({.server = "smtp://a", .from = "nobody"}));
}

}  // namespace
}  // namespace sluice::work
