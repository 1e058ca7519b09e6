// SPDX-License-Identifier: Apache-2.0
// http.get.
#include "kernel/wire/json_text.h"
#include "modules/work/core/utf8.h"
#include "modules/work/http_types.h"
#include "modules/work/shell/http_fetch.h"
#include "modules/work/shell/sha256.h"
#include "modules/work/task.h"

#include <algorithm>
#include <optional>

namespace sluice::work {

namespace {

struct GetRequest {
    std::string url;
    std::optional<std::string> output;
    Duration timeout;
};

Result<GetRequest> read_get(Arguments& arguments, const Services&) {
    GetRequest request;
    request.url = arguments.text("url");
    request.output = arguments.text_if_given("output");
    request.timeout = arguments.seconds("timeout");
    return request;
}

std::string get_result(const GetRequest& request, const HttpResponse& response,
                       std::string_view digest) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("url").string(to_valid_utf8(response.url));
    json.key("status").integer(response.status);
    json.key("content_type").string(to_valid_utf8(response.content_type));
    json.key("bytes").unsigned_integer(response.bytes);
    json.key("sha256").string(digest);
    json.key("redirects").integer(response.redirects);
    if (request.output) json.key("output").string(*request.output);
    json.end_object();
    return out;
}

sdk::Outcome run_get(const GetRequest& request, Task& task) {
    const auto& settings = task.services.settings;
    const auto& files = task.services.files;
    std::optional<OutputFile> output;
    if (request.output) {
        auto opened = files.open_output(*request.output, settings.http.body_max);
        if (!opened) return to_failure(opened.error());
        output.emplace(*std::move(opened));
    }
    Sha256 digest;
    const HttpRequest http{
        .url = request.url, .timeout = request.timeout, .body_max = settings.http.body_max};
    const auto response = http_fetch(
        http, task.services.rules,
        [&](std::string_view bytes) -> Status {
            digest.feed(bytes);
            return output ? output->write(bytes) : Status();
        },
        task.cancel());
    if (!response) return to_failure(response.error());
    if (asks_for_patience(response->status)) {
        return sdk::Failure{"HttpStatus",
                            "the server answered with status " + std::to_string(response->status),
                            false, response->retry_after};
    }
    if (output) {
        if (const Status status = output->commit(); !status) return to_failure(status.error());
    }
    return get_result(request, *response, digest.finish());
}

}  // namespace

sdk::JobType http_get(const SharedServices& services) {
    return with_handler(
        {
            .name = "http.get",
            .summary = "Fetches a web address; off unless the worker allows hosts or networks.",
            .schema =
                {.arguments = {{.name = "url",
                                .required = true,
                                .help = "http or https, without user and password"},
                               {.name = "output",
                                .help = "a file below the folder for writing that takes the "
                                        "body"},
                               timeout_argument(30s, services->settings.http.timeout_max,
                                                "for everything, redirects included")},
                 .positions = 1,
                 .notes =
                     R"(Only hosts that the worker allows are asked for, and only public addresses or those in networks that it allows are connected to: loopback, private, link-local (cloud metadata), shared, multicast and the like are refused, whatever name or redirect leads there. At most 3 redirects; each is checked again. The body may have 64 MiB. Proxies of the environment are not used.)"},
            .result_help =
                R"(`url` (after redirects), `status`, `content_type`, `bytes`, `sha256` of the body, `redirects`, `output` if asked for. Status 408, 429, 500, 502, 503 and 504 fail the job (`HttpStatus`), so that it is tried again, after `Retry-After` if the server gave one; every other status is a result.)",
            .example = R"(sluice push http.get https://example.org/ '{"output": "page.html"}')",
        },
        services, &read_get, &run_get);
}

}  // namespace sluice::work
