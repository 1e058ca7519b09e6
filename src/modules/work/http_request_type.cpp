// SPDX-License-Identifier: Apache-2.0
// http.request.
#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "kernel/wire/json_text.h"
#include "modules/work/core/http/response_checks.h"
#include "modules/work/core/utf8.h"
#include "modules/work/http_types.h"
#include "modules/work/shell/http_fetch.h"
#include "modules/work/shell/sha256.h"
#include "modules/work/task.h"

#include <algorithm>
#include <memory>
#include <optional>

namespace sluice::work {

namespace {

constexpr double redirects_max = 10;
constexpr std::size_t headers_shown_max = 100;

struct CallRequest {
    HttpRequest http;
    std::optional<std::string> body_file;
    std::optional<std::string> output;
    ResponseChecks checks;
    std::size_t shown_max = 0;
};

void add_content_type(HttpRequest& http, std::string value) {
    for (const HttpField& field : http.headers) {
        if (equals_ignoring_case(field.name, "content-type")) return;
    }
    http.headers.push_back({"Content-Type", std::move(value)});
}

void read_body(Arguments& arguments, CallRequest& request) {
    request.body_file = arguments.text_if_given("body_file");
    int bodies = request.body_file ? 1 : 0;
    if (const auto text = arguments.text_if_given("body")) {
        request.http.body = *text;
        ++bodies;
    }
    if (const auto json = arguments.value("json")) {
        request.http.body = std::string(json->raw());
        add_content_type(request.http, "application/json");
        ++bodies;
    }
    if (bodies > 1) arguments.refuse("body", "stands beside another of body, json and body_file");
}

Result<CallRequest> read_call(Arguments& arguments, const Services& services) {
    const HttpPolicy& policy = services.settings.http;
    CallRequest request;
    request.http.url = arguments.text("url");
    request.http.method = arguments.text("method");
    for (auto& [name, value] : arguments.pairs("headers")) {
        HttpField field{std::move(name), std::move(value)};
        if (const Status fine = check_http_field(field); !fine) {
            arguments.refuse("headers", "cannot be sent: " + fine.error().message);
        }
        request.http.headers.push_back(std::move(field));
    }
    read_body(arguments, request);
    request.http.timeout = arguments.seconds("timeout");
    request.http.redirects_max = static_cast<int>(arguments.integer("redirects"));
    request.http.body_max = policy.body_max;
    request.http.decode = true;
    request.output = arguments.text_if_given("output");
    request.shown_max = static_cast<std::size_t>(arguments.integer("show"));
    if (const auto expected = arguments.value("expect")) {
        auto checks = ResponseChecks::parse(*expected);
        if (!checks) arguments.refuse("expect", "cannot be used: " + checks.error().message);
        if (checks) request.checks = *std::move(checks);
    }
    return request;
}

double milliseconds(Duration time) { return static_cast<double>(time / 1us) / 1000.0; }

/// What came, for the result.
struct Received {
    std::string kept;  ///< The beginning of the body.
    std::string digest;
};

std::string call_result(const CallRequest& request, const HttpResponse& response,
                        const Received& received, const Redactor& secrets) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("url").string(to_valid_utf8(response.url));
    json.key("status").integer(response.status);
    json.key("headers").begin_array();
    for (std::size_t i = 0; i < std::min(response.headers.size(), headers_shown_max); ++i) {
        const HttpField& field = response.headers[i];
        json.begin_object().key("name").string(to_valid_utf8(field.name));
        // First without secrets, then cut: no beginning of one is left at the end.
        const std::string value = secrets.text(to_valid_utf8(field.value));
        json.key("value").string(truncate_utf8(value, 2'000)).end_object();
    }
    json.end_array();
    const std::string body = secrets.text(to_valid_utf8(received.kept));
    const std::string_view shown = truncate_utf8(body, request.shown_max);
    json.key("body").string(shown);
    json.key("body_cut")
        .boolean(shown.size() < body.size() || received.kept.size() < response.bytes);
    json.key("bytes").unsigned_integer(response.bytes);
    json.key("sha256").string(received.digest);
    json.key("redirects").integer(response.redirects);
    json.key("checks").unsigned_integer(request.checks.size());
    const HttpTimings& timings = response.timings;
    json.key("ms").begin_object();
    json.key("name").number(milliseconds(timings.name));
    json.key("connect").number(milliseconds(timings.connect));
    json.key("tls").number(milliseconds(timings.tls));
    json.key("first_byte").number(milliseconds(timings.first_byte));
    json.key("total").number(milliseconds(timings.total)).end_object();
    if (request.output) json.key("output").string(*request.output);
    json.end_object();
    return out;
}

Result<std::string> read_body_file(const std::string& path, Task& task) {
    const Bytes most = http_sent_max;
    SLUICE_TRY(InputFile file, task.services.files.open_input(path, most));
    std::string out;
    SLUICE_TRY_STATUS(task.read(file, [&out](std::string_view bytes) -> Status {
        out += bytes;
        return {};
    }));
    return out;
}

/// Why the job fails although the server answered.
std::optional<sdk::Failure> judge(const CallRequest& request, const HttpResponse& response,
                                  const Received& received, const Redactor& secrets) {
    const ResponseChecks& checks = request.checks;
    const bool expected = checks.has_status() && checks.allows(response.status);
    if (asks_for_patience(response.status) && !expected) {
        return sdk::Failure{"HttpStatus",
                            "the server answered with status " + std::to_string(response.status),
                            false, response.retry_after};
    }
    const auto faults = checks.faults(
        {.status = response.status,
         .header = [&](std::string_view name) { return response.header(name); },
         .body = received.kept,
         .body_is_cut = received.kept.size() < response.bytes,
         .latency = response.timings.total,
         .hide = [&secrets](std::string text) { return secrets.text(to_valid_utf8(text)); }});
    if (faults.empty()) return std::nullopt;
    std::string message;
    for (const std::string& fault : faults) message += (message.empty() ? "" : "; ") + fault;
    return sdk::Failure{
        "CheckFailed", std::string(truncate_utf8(to_valid_utf8(message), 2'000)), false, {}};
}

sdk::Outcome run_call(const CallRequest& request, Task& task) {
    const HttpPolicy& policy = task.services.settings.http;
    HttpRequest http = request.http;
    for (HttpField& field : http.headers) {
        field.is_secret = task.secrets().text(field.value) != field.value;
    }
    if (request.body_file) {
        auto body = read_body_file(*request.body_file, task);
        if (!body) return to_failure(body.error());
        http.body = *std::move(body);
    }
    std::optional<OutputFile> output;
    if (request.output) {
        auto opened = task.services.files.open_output(*request.output, policy.body_max);
        if (!opened) return to_failure(opened.error());
        output.emplace(*std::move(opened));
    }
    // A secret is no longer than what is kept beyond what is shown.
    const std::size_t kept_max =
        request.checks.needs_body() ? http_checked_max.count : http_shown_max.count * 2;
    Received received;
    Sha256 digest;
    const auto response = http_fetch(
        http, task.services.rules,
        [&](std::string_view bytes) -> Status {
            digest.feed(bytes);
            received.kept += bytes.substr(0, kept_max - received.kept.size());
            return output ? output->write(bytes) : Status();
        },
        task.cancel());
    if (!response) return to_failure(response.error());
    received.digest = digest.finish();
    if (auto failure = judge(request, *response, received, task.secrets()))
        return *std::move(failure);
    if (output) {
        if (const Status status = output->commit(); !status) return to_failure(status.error());
    }
    return call_result(request, *response, received, task.secrets());
}

sdk::JobSchema call_schema(const HttpPolicy& policy) {
    const auto most = [](Bytes bytes) { return static_cast<double>(bytes.count); };
    return {
        .arguments =
            {{.name = "url", .required = true, .help = "http or https, without user and password"},
             {.name = "method",
              .choices = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"},
              .fallback = "GET",
              .help = "what is asked"},
             {.name = "headers",
              .kind = ArgumentKind::pairs,
              .secrets = true,
              .help = "sent with it; `Host`, `Content-Length`, `Connection` and the like are not "
                      "the job's"},
             {.name = "body",
              .range = {.max = most(http_sent_max)},
              .secrets = true,
              .help = "a text to send"},
             {.name = "json",
              .kind = ArgumentKind::any,
              .secrets = true,
              .help = "a value to send as JSON, instead"},
             {.name = "body_file",
              .help = "a file below a folder for reading to send, instead; at most 16 MiB"},
             {.name = "expect",
              .kind = ArgumentKind::object,
              .help = "what the answer must be: `status` (a number, `\"2xx\"`, or an array), "
                      "`headers` (each a text, or `{\"matches\": PATTERN}`), `contains` (texts of "
                      "the body), `json` (JSON pointers and their values), `latency` (seconds)"},
             {.name = "redirects",
              .kind = ArgumentKind::integer,
              .range = {0, redirects_max},
              .fallback = "3",
              .help = "so many are followed; with 0 a redirect is the answer"},
             {.name = "show",
              .kind = ArgumentKind::integer,
              .range = {0, most(http_shown_max)},
              .fallback = "4096",
              .help = "bytes of the body that the result shows"},
             {.name = "output", .help = "a file below the folder for writing that takes the body"},
             timeout_argument(30s, policy.timeout_max, "for everything, redirects included")},
        .positions = 1,
        .notes =
            R"(What may be reached is the same as for `http.get`, and is checked again at each redirect. Secrets, `Authorization` and `Cookie` are not sent to another scheme, host or port. 303, and 301 and 302 after `POST`, are followed by `GET`. Compressed bodies are taken apart; the limit of 64 MiB is of what comes out. Patterns are those of RE2; of a body that is checked the first 4 MiB are looked at.)"};
}

}  // namespace

sdk::JobType http_request(const SharedServices& services) {
    return with_handler(
        {
            .name = "http.request",
            .summary = "Sends an HTTP request and checks the answer; off unless the worker allows "
                       "hosts or networks.",
            .schema = call_schema(services->settings.http),
            .result_help =
                R"(`url` (after redirects), `status`, `headers` (`name` and `value`, in order), `body` and `body_cut`, `bytes`, `sha256` of the body, `redirects`, `checks` (how many held), `ms` (`name`, `connect`, `tls`, `first_byte` of the last request, `total` of all), `output` if asked for. What does not hold fails the job (`CheckFailed`, says what). Status 408, 429, 500, 502, 503 and 504 fail it (`HttpStatus`) unless they are expected, so that it is tried again, after `Retry-After` if the server gave one.)",
            .example =
                R"(sluice push http.request https://example.org/health '{"expect": {"status": 200, "contains": "ok", "latency": 2}}')",
        },
        services, &read_call, &run_call);
}

}  // namespace sluice::work
