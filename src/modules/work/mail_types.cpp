// SPDX-License-Identifier: Apache-2.0
// mail.send.
#include "kernel/base/text.h"
#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"
#include "modules/work/core/mail/mail_message.h"
#include "modules/work/core/mail/mail_template.h"
#include "modules/work/core/utf8.h"
#include "modules/work/shell/mail/smtp.h"
#include "modules/work/task.h"

#include <algorithm>
#include <optional>

namespace sluice::work {

namespace {

constexpr double address_bytes_max = 400;

/// A file that goes with the mail, not read yet.
struct FileWanted {
    std::string path;
    std::string name;
    std::string type;
    std::string content_id;
};

struct MailRequest {
    MailMessage message;
    std::vector<MailAddress> bcc;
    std::optional<std::string> text_file;
    std::optional<std::string> html_file;
    /// Filled into subject and texts if it was given.
    std::optional<TemplateValues> values;
    std::vector<FileWanted> attachments;
    std::vector<FileWanted> inline_files;
    bool all_or_none = false;
    Duration timeout{};
};

SmtpTls tls_of(const MailPolicy& policy) {
    if (policy.tls == "none") return SmtpTls::none;
    return policy.tls == "preferred" ? SmtpTls::preferred : SmtpTls::required;
}

std::string base_name(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));  // npos + 1 is 0
}

std::vector<MailAddress> read_addresses(Arguments& arguments, std::string_view name) {
    std::vector<MailAddress> out;
    for (const std::string& text : arguments.texts(name)) {
        auto address = parse_mail_address(text);
        if (!address) {
            arguments.refuse(name, "holds no mail address: " + address.error().message);
            return out;
        }
        out.push_back(*std::move(address));
    }
    return out;
}

/// `["a.pdf", {"path": "b.bin", "name": "c.csv", "type": "text/csv"}]`; with `ids` also "cid".
std::vector<FileWanted> read_files(Arguments& arguments, std::string_view name, bool ids) {
    std::vector<FileWanted> out;
    const auto list = arguments.value(name);
    if (!list) return out;
    for (const JsonView each : list->elements()) {
        FileWanted file;
        if (each.is_string()) file.path = *each.as_string();
        for (const JsonMember member : each.members()) {
            const auto text = member.value.as_string();
            std::string* place = member.name == "path"         ? &file.path
                                 : member.name == "name"       ? &file.name
                                 : member.name == "type"       ? &file.type
                                 : member.name == "cid" && ids ? &file.content_id
                                                               : nullptr;
            if (place == nullptr || !text) {
                arguments.refuse(name, "has elements with the texts path, name and type" +
                                           std::string(ids ? " and cid" : "") + " only");
                return out;
            }
            *place = *text;
        }
        if (file.path.empty()) arguments.refuse(name, "has an element without a path");
        if (file.name.empty()) file.name = base_name(file.path);
        if (file.type.empty()) file.type = mail_type_of(file.name);
        if (ids && file.content_id.empty()) file.content_id = file.name;
        out.push_back(std::move(file));
    }
    return out;
}

Status check_people(const MailRequest& request, const Services& services) {
    const MailPolicy& policy = services.settings.mail;
    std::size_t count = 0;
    for (const auto* list : {&request.message.to, &request.message.cc, &request.bcc}) {
        count += list->size();
        for (const MailAddress& each : *list) {
            if (!matches_any_address(each.address, policy.recipients)) {
                return fail(Code::denied, "this worker may not write to " + each.address);
            }
        }
    }
    if (count == 0) return fail(Code::invalid, "nobody is named in `to`, `cc` or `bcc`");
    const std::uint32_t most = services.settings.limits.mail_recipients_max;
    if (count > most) {
        return fail(Code::exhausted, "there are more than " + std::to_string(most) + " recipients");
    }
    return {};
}

Result<MailAddress> read_sender(const Arguments& arguments, const MailPolicy& policy) {
    const auto given = arguments.text_if_given("from");
    if (!given && policy.from.empty()) {
        return fail(Code::invalid, "`from` is missing, and this worker has none (work.mail.from)");
    }
    SLUICE_TRY(MailAddress from, parse_mail_address(given ? *given : policy.from));
    if (!given) return from;
    const auto own = parse_mail_address(policy.from);
    if ((own && own->address == from.address) || matches_any_address(from.address, policy.senders))
        return from;
    return fail(Code::invalid, "this worker may not write as " + from.address +
                                   " (work.mail.from, work.mail.senders)");
}

Result<MailRequest> read_mail(Arguments& arguments, const Services& services) {
    MailRequest request;
    MailMessage& message = request.message;
    SLUICE_TRY(message.from, read_sender(arguments, services.settings.mail));
    message.to = read_addresses(arguments, "to");
    message.cc = read_addresses(arguments, "cc");
    request.bcc = read_addresses(arguments, "bcc");
    message.reply_to = read_addresses(arguments, "reply_to");
    message.subject = arguments.text("subject");
    message.headers = arguments.pairs("headers");
    message.text = arguments.text_if_given("text").value_or("");
    message.html = arguments.text_if_given("html").value_or("");
    request.text_file = arguments.text_if_given("text_file");
    request.html_file = arguments.text_if_given("html_file");
    if (request.text_file && arguments.has("text")) {
        arguments.refuse("text_file", "is given beside `text`");
    }
    if (request.html_file && arguments.has("html")) {
        arguments.refuse("html_file", "is given beside `html`");
    }
    if (const auto values = arguments.value("values")) {
        auto read = read_template_values(*values);
        if (!read) arguments.refuse("values", "cannot be used: " + read.error().message);
        if (read) request.values = *std::move(read);
    }
    request.attachments = read_files(arguments, "attachments", false);
    request.inline_files = read_files(arguments, "inline", true);
    request.all_or_none = arguments.boolean("all_or_none");
    request.timeout = arguments.seconds("timeout");
    SLUICE_TRY_STATUS(check_mail(message));
    return request;
}

Result<std::string> read_whole(const std::string& path, Bytes most, Task& task) {
    SLUICE_TRY(InputFile file, task.services.files.open_input(path, most));
    std::string out;
    out.reserve(file.size());
    std::vector<char> piece(64 * 1024);
    for (;;) {
        SLUICE_TRY_STATUS(task.cancel().check());
        SLUICE_TRY(const std::size_t count, file.read(piece));
        if (count == 0) return out;
        out.append(piece.data(), count);
        if (out.size() > most.count) {
            return fail(Code::exhausted, "\"" + path + "\" grew while it was read");
        }
    }
}

/// Reads and fills in everything; what comes out is ready to be sent.
Result<MailMessage> compose(const MailRequest& request, Task& task) {
    const WorkLimits& limits = task.services.settings.limits;
    MailMessage message = request.message;
    if (request.text_file) {
        SLUICE_TRY(message.text, read_whole(*request.text_file, limits.mail_text_max, task));
    }
    if (request.html_file) {
        SLUICE_TRY(message.html, read_whole(*request.html_file, limits.mail_text_max, task));
    }
    if (request.values) {
        const auto fill = [&](std::string_view name, std::string& text,
                              Escaping escaping) -> Status {
            auto filled =
                fill_template(text, *request.values, escaping, limits.mail_text_max.count);
            if (!filled) return std::move(filled).error().in(name);
            text = *std::move(filled);
            return {};
        };
        SLUICE_TRY_STATUS(fill("subject", message.subject, Escaping::none));
        SLUICE_TRY_STATUS(fill("text", message.text, Escaping::none));
        SLUICE_TRY_STATUS(fill("html", message.html, Escaping::html));
    }
    message.text = to_valid_utf8(message.text);
    message.html = to_valid_utf8(message.html);
    std::uint64_t bytes = message.text.size() + message.html.size();
    const auto add = [&](const std::vector<FileWanted>& wanted,
                         std::vector<MailFile>& files) -> Status {
        for (const FileWanted& each : wanted) {
            SLUICE_TRY(std::string content, read_whole(each.path, limits.mail_max, task));
            bytes += content.size();
            if (bytes > limits.mail_max.count) {
                return fail(Code::exhausted, "the mail has more than the limit of " +
                                                 std::to_string(limits.mail_max.count) + " bytes");
            }
            files.push_back({each.name, each.type, std::move(content), each.content_id});
        }
        return {};
    };
    SLUICE_TRY_STATUS(add(request.inline_files, message.inline_files));
    SLUICE_TRY_STATUS(add(request.attachments, message.attachments));
    message.date = wall_now();
    message.message_id = mail_message_id(task.job().jid, message.from);
    SLUICE_TRY_STATUS(check_mail(message));
    return message;
}

std::vector<std::string> recipients_of(const MailRequest& request) {
    std::vector<std::string> out;
    for (const auto* list : {&request.message.to, &request.message.cc, &request.bcc}) {
        for (const MailAddress& each : *list) {
            if (std::find(out.begin(), out.end(), each.address) == out.end())
                out.push_back(each.address);
        }
    }
    return out;
}

std::string mail_result(const MailMessage& message, const SmtpAnswer& answer, std::size_t bytes) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("message_id").string(message.message_id);
    json.key("bytes").unsigned_integer(bytes);
    json.key("attachments").unsigned_integer(message.attachments.size());
    json.key("accepted").begin_array();
    for (const SmtpRecipient& each : answer.recipients) {
        if (each.status / 100 == 2) json.string(each.address);
    }
    json.end_array().key("refused").begin_array();
    for (const SmtpRecipient& each : answer.recipients) {
        if (each.status / 100 == 2) continue;
        json.begin_object().key("address").string(each.address);
        json.key("status").integer(each.status).key("reply").string(each.reply);
        json.key("temporary").boolean(each.status / 100 == 4).end_object();
    }
    json.end_array().key("reply").string(answer.reply).end_object();
    return out;
}

/// The server's no. One to the login is the worker's affair and may be mended.
sdk::Failure refusal(const SmtpAnswer& answer, const Redactor& secrets) {
    const std::string said = std::to_string(answer.status) + " " + answer.reply;
    if (answer.login_refused) {
        return {"MailLogin", "the mail server refused the worker's login: " + said, false, {}};
    }
    std::string message = "the mail server refused: " + said;
    bool later = answer.status / 100 == 4;
    for (const SmtpRecipient& each : answer.recipients) {
        if (each.status < 400) continue;
        message += "; " + each.address + ": " + std::to_string(each.status) + " " + each.reply;
        // One that may be taken later is worth another try if nobody got the mail.
        later = later || each.status / 100 == 4;
    }
    // First without secrets, then cut: no beginning of one is left at the end.
    message = std::string(truncate_utf8(secrets.text(message), 2'000));
    if (later) return {"MailDeferred", message, false, {}};
    return {"MailRefused", message, true, {}};
}

sdk::Outcome run_mail(const MailRequest& request, Task& task) {
    const WorkSettings& settings = task.services.settings;
    if (settings.mail.server.empty()) {
        return to_failure(fail(Code::denied,
                               "this worker sends no mail: no server is configured "
                               "(work.mail.server)"));
    }
    if (const Status people = check_people(request, task.services); !people) {
        return to_failure(people.error());
    }
    const auto message = compose(request, task);
    if (!message) return to_failure(message.error());
    const std::string mail = write_mail(*message);
    // Base64 is a third longer than what it holds.
    if (mail.size() > settings.limits.mail_max.count / 2 * 3) {
        return to_failure(fail(Code::exhausted, "the mail is too large"));
    }
    SmtpServer server{.url = settings.mail.server,
                      .tls = tls_of(settings.mail),
                      .ca_file = settings.mail.tls_ca,
                      .user = settings.mail.user};
    if (!settings.mail.secret.empty()) {
        auto password = task.secret(settings.mail.secret);
        if (!password) return to_failure(password.error());
        server.password = *std::move(password);
    }
    task.progress(10, "sending");
    const auto answer = smtp_send(server,
                                  {.from = message->from.address,
                                   .recipients = recipients_of(request),
                                   .message = mail,
                                   .all_or_none = request.all_or_none},
                                  request.timeout, task.cancel());
    if (!answer) return to_failure(answer.error());
    if (!answer->accepted) return refusal(*answer, task.secrets());
    return mail_result(*message, *answer, mail.size());
}

sdk::JobSchema mail_schema(const WorkLimits& limits) {
    const auto people = [&limits](std::string name, std::string help) {
        return sdk::Argument{.name = std::move(name),
                             .kind = ArgumentKind::text_list,
                             .range = {.max = static_cast<double>(limits.mail_recipients_max)},
                             .help = std::move(help)};
    };
    const auto body = [&limits](std::string name, std::string help) {
        return sdk::Argument{.name = std::move(name),
                             .range = {.max = static_cast<double>(limits.mail_text_max.count)},
                             .help = std::move(help)};
    };
    const auto files = [&limits](std::string name, std::string help) {
        return sdk::Argument{.name = std::move(name),
                             .kind = ArgumentKind::list,
                             .range = {.max = static_cast<double>(limits.mail_files_max)},
                             .help = std::move(help)};
    };
    return {
        .arguments =
            {people("to", "such as `ada@example.org` or `Ada Lovelace <ada@example.org>`"),
             {.name = "subject", .required = true, .range = {.max = 900}, .help = "one line"},
             body("text", "the mail as plain text"),
             body("html", "the mail as HTML; with `text` beside it, readers choose"),
             {.name = "text_file", .help = "the text from a file below a folder for reading"},
             {.name = "html_file", .help = "the HTML from a file below a folder for reading"},
             {.name = "values",
              .kind = ArgumentKind::object,
              .help = "fills `{{name}}` in subject, text and HTML; without it they are sent as "
                      "they are"},
             people("cc", "further recipients, shown to all"),
             people("bcc", "recipients that nobody else sees"),
             people("reply_to", "where answers go"),
             {.name = "from",
              .range = {.max = address_bytes_max},
              .help = "the sender, if the worker allows it (`work.mail.senders`); by default "
                      "`work.mail.from`"},
             files("attachments",
                   "paths below a folder for reading, or objects with `path`, "
                   "`name` and `type`"),
             files("inline",
                   "pictures for the HTML, as `attachments`, with `cid`: `<img "
                   "src=\"cid:logo\">`; by default the name of the file"),
             {.name = "headers",
              .kind = ArgumentKind::pairs,
              .help = "further headers, such as `X-Campaign`"},
             {.name = "all_or_none",
              .kind = ArgumentKind::boolean,
              .fallback = "false",
              .help = "send nothing unless the server takes every recipient"},
             timeout_argument(60s, limits.mail_timeout_max, "for the talk with the server")},
        .positions = 2,
        .notes =
            R"(The server, its password and who may be written to are the worker's settings (`work.mail.…`); jobs choose none of them. TLS is required unless the settings say otherwise. Addresses are ASCII; names and subjects may be any text. Nothing that a job says can begin a header of its own. In HTML the values are text and never markup; a name without a value is an error, and nothing else is done in a template.

The `Message-ID` is made of the job's id: a job that is tried again after its connection broke may send the mail a second time, and both have the same one.)"};
}

}  // namespace

Status check_mail_policy(const WorkSettings& settings) {
    const MailPolicy& mail = settings.mail;
    if (mail.server.empty()) return {};
    if (mail.tls != "required" && mail.tls != "preferred" && mail.tls != "none") {
        return fail(Code::invalid, "work.mail.tls: write required, preferred or none");
    }
    const Status server = check_smtp_server(
        {.url = mail.server, .tls = tls_of(mail), .ca_file = mail.tls_ca, .user = mail.user});
    if (!server) return Error(server.error()).in("work.mail.server");
    if (!mail.from.empty()) {
        auto from = parse_mail_address(mail.from);
        if (!from) return std::move(from).error().in("work.mail.from");
    }
    if (mail.user.empty() != mail.secret.empty()) {
        return fail(Code::invalid, "work.mail.user and work.mail.secret belong together");
    }
    const auto& secrets = settings.secrets;
    const bool known = std::any_of(secrets.begin(), secrets.end(),
                                   [&mail](const auto& each) { return each.name == mail.secret; });
    if (mail.secret.empty() || known) return {};
    return fail(Code::invalid, "work.mail.secret: there is no [work.secrets." + mail.secret + "]");
}

sdk::JobType mail_send(const SharedServices& services) {
    return with_handler(
        {
            .name = "mail.send",
            .summary = "Sends a mail; off unless the worker has a mail server.",
            .schema = mail_schema(services->settings.limits),
            .result_help =
                R"(`message_id`, `bytes` as sent, `attachments` (their number), `accepted` (addresses), `refused` (each with `address`, `status`, `reply` and whether it is `temporary`), `reply` of the server. If the server takes nobody, or refuses the mail, the job fails: for good with 5xx (`MailRefused`), to be tried again with 4xx (`MailDeferred`). If it takes some, the job succeeds, and who was refused is in the result.)",
            .example =
                R"(sluice push mail.send ada@example.org 'Report of {{day}}' '{"text": "Dear {{name}}, it is attached.", "values": {"day": "Friday", "name": "Ada"}, "attachments": ["reports/friday.pdf"]}')",
        },
        services, &read_mail, &run_mail);
}

}  // namespace sluice::work
