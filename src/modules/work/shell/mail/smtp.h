// SPDX-License-Identifier: Apache-2.0
// One mail given to one SMTP server by libcurl: TLS, who is asked to take it, what the server said
// to each. Builds no mail (core/mail) and chooses no server: that is the worker's configuration.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/sync/cancel.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

enum class SmtpTls {
    required,   ///< STARTTLS, or nothing is sent
    preferred,  ///< STARTTLS if the server offers it
    none,
};

struct SmtpServer {
    std::string url;  ///< "smtp://mail.example.org:587", or smtps:// for TLS from the start
    SmtpTls tls = SmtpTls::required;
    std::string ca_file{};  ///< PEM; empty: the system's authorities
    std::string user{};     ///< Empty: no AUTH.
    std::string password{};
};

/// A server's name and port must stand in it and nothing else; a password is sent over TLS only.
/// Errors: invalid.
Status check_smtp_server(const SmtpServer& server);

struct SmtpMail {
    std::string from;
    std::vector<std::string> recipients;
    std::string_view message;  ///< With CRLF; dots are doubled here.
    /// Nothing is sent unless the server takes every recipient.
    bool all_or_none = false;
};

struct SmtpRecipient {
    std::string address;
    int status = 0;     ///< 250: taken; 4xx: not now; 5xx: never; 0: was not asked
    std::string reply;  ///< What the server said, for people.
};

struct SmtpAnswer {
    bool accepted = false;  ///< The server has taken the mail for those with 2xx.
    /// Of the reply that decided: the one to the mail, or the one that refused.
    int status = 0;
    std::string reply{};
    bool login_refused = false;
    std::vector<SmtpRecipient> recipients{};
};

/// Gives the mail to the server. A server that says no is an answer. Errors: invalid (the server),
/// io (no connection, no TLS, cut off), timeout (a mail may have been taken although nobody said
/// so), cancelled.
Result<SmtpAnswer> smtp_send(const SmtpServer& server, const SmtpMail& mail, Duration timeout,
                             const CancelToken& cancel);

}  // namespace sluice::work
