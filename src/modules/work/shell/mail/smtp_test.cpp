// SPDX-License-Identifier: Apache-2.0
// Against a server that says what the test wants; a real one, with TLS, is in the end-to-end tests.
#include "modules/work/shell/mail/smtp.h"

#include "kernel/net/loopback_server_testing.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/mutex.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace sluice::work {
namespace {

/// Answers each command with what `replies` say, and keeps the mail.
class MailServer {
public:
    explicit MailServer(std::function<std::string(const std::string&)> reply = {}) {
        server_.at_connect([this, reply = std::move(reply)](LoopbackServer::Peer& peer) {
            peer.send("220 loopback\r\n");
            std::string rest;
            for (std::string line; !(line = next(peer, rest)).empty();) {
                note(commands_, line);
                std::string answer = reply ? reply(line) : "";
                if (answer.empty()) answer = line == "DATA" ? "354 go on" : "250 fine";
                if (!peer.send(answer + "\r\n")) return;
                if (line == "DATA" && answer.starts_with("354")) {
                    take(peer, rest);
                    std::string after = reply ? reply(".") : "";
                    if (!peer.send((after.empty() ? "250 2.0.0 queued as 1" : after) + "\r\n")) {
                        return;
                    }
                }
                if (line == "QUIT") return peer.close();
            }
        });
        server_.start();
    }
    [[nodiscard]] std::string url() const {
        return "smtp://127.0.0.1:" + std::to_string(server_.port());
    }

    /// So far: the client does not wait for the answer to its QUIT.
    [[nodiscard]] std::string commands() const {
        const MutexLock lock(mutex_);
        return commands_;
    }
    [[nodiscard]] std::string mail() const {
        const MutexLock lock(mutex_);
        return mail_;
    }

private:
    void note(std::string& text, const std::string& line) {
        const MutexLock lock(mutex_);
        text += line + "\n";
    }
    static std::string next(LoopbackServer::Peer& peer, std::string& rest) {
        for (;;) {
            if (const auto end = rest.find("\r\n"); end != std::string::npos) {
                const std::string line = rest.substr(0, end);
                rest.erase(0, end + 2);
                return line;
            }
            const std::string more = peer.receive();
            if (more.empty()) return {};
            rest += more;
        }
    }
    void take(LoopbackServer::Peer& peer, std::string& rest) {
        for (std::string line; (line = next(peer, rest)) != ".";) note(mail_, line);
    }
    mutable Mutex mutex_{"mail-server"};
    std::string commands_;
    std::string mail_;
    LoopbackServer server_;
};

Result<SmtpAnswer> send(const MailServer& server, SmtpMail mail, Duration timeout = 30s,
                        const CancelToken& cancel = CancelToken()) {
    return smtp_send({.url = server.url(), .tls = SmtpTls::none}, mail, timeout, cancel);
}
SmtpMail mail_to(std::vector<std::string> recipients) {
    return {.from = "jobs@example.org",
            .recipients = std::move(recipients),
            .message = "Subject: x\r\n\r\nfirst line\r\n.dot\r\n"};
}

TEST(Smtp, AMailIsGivenToItsRecipients) {
    MailServer server;
    const auto answer = send(server, mail_to({"a@b.example", "c@d.example"}));
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_TRUE(answer->accepted);
    EXPECT_EQ(answer->status, 250);
    EXPECT_EQ(answer->reply, "2.0.0 queued as 1");
    ASSERT_EQ(answer->recipients.size(), 2u);
    EXPECT_EQ(answer->recipients[1].address, "c@d.example");
    EXPECT_EQ(answer->recipients[1].status, 250);
    EXPECT_NE(server.commands().find("MAIL FROM:<jobs@example.org>"), std::string::npos);
    EXPECT_NE(server.commands().find("RCPT TO:<c@d.example>"), std::string::npos);
    EXPECT_NE(server.mail().find("\n..dot\n"), std::string::npos) << server.mail();
}

TEST(Smtp, EachRecipientHasItsOwnAnswer) {
    const auto reply = [](const std::string& line) -> std::string {
        if (line.find("nobody@") != std::string::npos) return "550 5.1.1 no such user";
        if (line.find("full@") != std::string::npos) return "452-4.2.2 full\r\n452 4.2.2 later";
        return "";
    };
    MailServer server(reply);
    const auto answer =
        send(server, mail_to({"nobody@b.example", "ada@b.example", "full@b.example"}));
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_TRUE(answer->accepted);
    EXPECT_EQ(answer->recipients[0].status, 550);
    EXPECT_EQ(answer->recipients[0].reply, "5.1.1 no such user");
    EXPECT_EQ(answer->recipients[1].status, 250);
    EXPECT_EQ(answer->recipients[2].status, 452);
    EXPECT_EQ(answer->recipients[2].reply, "4.2.2 later");

    MailServer strict(reply);
    SmtpMail mail = mail_to({"ada@b.example", "full@b.example", "x@b.example"});
    mail.all_or_none = true;
    const auto none = send(strict, mail);
    ASSERT_TRUE(none) << none.error().text();
    EXPECT_FALSE(none->accepted);
    EXPECT_EQ(none->status, 452);
    EXPECT_EQ(none->recipients[2].status, 0);
    EXPECT_EQ(strict.mail(), "");

    MailServer nobody(reply);
    const auto refused = send(nobody, mail_to({"nobody@b.example"}));
    ASSERT_TRUE(refused) << refused.error().text();
    EXPECT_FALSE(refused->accepted);
    EXPECT_EQ(refused->status, 550);
}

TEST(Smtp, ServersThatSayNoAreAnswers) {
    const struct {
        std::string at, reply;
        int status;
    } rows[] = {
        {"MAIL", "451 4.3.0 try again", 451}, {"MAIL", "552 5.3.4 too big", 552},
        {"DATA", "451 later", 451},           {"DATA", "554 no", 554},
        {".", "452 disk full", 452},          {".", "554 5.7.1 spam", 554},
    };
    for (const auto& row : rows) {
        MailServer server([&row](const std::string& line) {
            return line.starts_with(row.at) ? row.reply : std::string();
        });
        const auto answer = send(server, mail_to({"a@b.example"}));
        ASSERT_TRUE(answer) << row.reply << ": " << answer.error().text();
        EXPECT_FALSE(answer->accepted) << row.reply;
        EXPECT_EQ(answer->status, row.status);
    }
}

TEST(Smtp, WithoutTlsNothingIsSentUnlessAllowed) {
    MailServer server;
    const auto answer =
        smtp_send({.url = server.url()}, mail_to({"a@b.example"}), 30s, CancelToken());
    ASSERT_FALSE(answer);
    EXPECT_NE(answer.error().message.find("no TLS"), std::string::npos) << answer.error().text();
    EXPECT_EQ(server.commands().find("MAIL"), std::string::npos);
    for (const SmtpServer& wrong :
         {SmtpServer{.url = ""}, SmtpServer{.url = "http://a"}, SmtpServer{.url = "file:///etc/x"},
          SmtpServer{.url = "smtp://u:p@a"}, SmtpServer{.url = "smtp://a/path"},
          SmtpServer{.url = "smtp://a", .tls = SmtpTls::none, .user = "u"},
          SmtpServer{.url = "smtp://a", .tls = SmtpTls::preferred, .user = "u"}}) {
        EXPECT_EQ(check_smtp_server(wrong).error().code, Code::invalid) << wrong.url;
    }
    EXPECT_TRUE(check_smtp_server({.url = "smtps://a:465", .tls = SmtpTls::none, .user = "u"}));
}

TEST(Smtp, ServersThatDoNotAnswerAreLeft) {
    LoopbackServer silent;
    silent.at_connect([](LoopbackServer::Peer& peer) { peer.wait_gone(); });
    silent.start();
    const SmtpServer server{.url = "smtp://127.0.0.1:" + std::to_string(silent.port()),
                            .tls = SmtpTls::none};
    EXPECT_EQ(smtp_send(server, mail_to({"a@b.example"}), 100ms, CancelToken()).error().code,
              Code::timeout);
    const CancelSource source;
    source.cancel();
    EXPECT_EQ(smtp_send(server, mail_to({"a@b.example"}), 30s, source.token()).error().code,
              Code::cancelled);

    LoopbackServer rude;
    rude.at_connect([](LoopbackServer::Peer& peer) { peer.close(); });
    rude.start();
    EXPECT_FALSE(
        smtp_send({.url = "smtp://127.0.0.1:" + std::to_string(rude.port()), .tls = SmtpTls::none},
                  mail_to({"a@b.example"}), 30s, CancelToken()));
    LoopbackServer endless;
    endless.at_connect([](LoopbackServer::Peer& peer) {
        while (peer.send(std::string(65'536, 'x'))) {
        }
    });
    endless.start();
    EXPECT_FALSE(smtp_send(
        {.url = "smtp://127.0.0.1:" + std::to_string(endless.port()), .tls = SmtpTls::none},
        mail_to({"a@b.example"}), 2s, CancelToken()));
}

}  // namespace
}  // namespace sluice::work
