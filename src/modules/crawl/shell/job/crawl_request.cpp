// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/job/crawl_request.h"

#include "kernel/base/text.h"
#include "kernel/wire/json_text.h"
#include "modules/crawl/shell/job/job_arguments.h"
#include "modules/crawl/shell/job/job_folder.h"
#include "sdk/arguments.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace sluice::crawl {
namespace {

using sdk::Argument;
using sdk::ArgumentKind;
using sdk::ArgumentRange;

constexpr ArgumentRange some_texts{1, 1'000};
constexpr ArgumentRange any_texts{0, 1'000};

Argument texts(std::string name, std::string help) {
    return {.name = std::move(name),
            .kind = ArgumentKind::text_list,
            .range = any_texts,
            .help = std::move(help)};
}

Argument flag(std::string name, std::string help) {
    return {.name = std::move(name),
            .kind = ArgumentKind::boolean,
            .fallback = "false",
            .help = std::move(help)};
}

/// A whole number from `min` to `max`; without `usual` it may be absent.
Argument count(std::string name, ArgumentRange range, std::optional<std::uint64_t> usual,
               std::string help) {
    Argument out{.name = std::move(name), .kind = ArgumentKind::integer, .range = range};
    if (usual) out.fallback = std::to_string(*usual);
    out.help = std::move(help);
    return out;
}

}  // namespace

sdk::JobSchema crawl_schema(const CrawlJobLimits& limits) {
    const auto pages_max = static_cast<double>(limits.pages_max);
    return {
        .arguments =
            {{.name = "urls",
              .kind = ArgumentKind::text_list,
              .required = true,
              .range = some_texts,
              .help = "where to begin"},
             {.name = "output",
              .required = true,
              .range = {1, 200},
              .help = "the crawl's own folder below the folder for writing. A job that is tried "
                      "again goes on with what is there"},
             texts("hosts", "what belongs to the crawl beside the hosts of `urls`"),
             texts("domains", "the same, with everything below them"),
             texts("include", "patterns of RE2 of which a URL must contain one"),
             texts("exclude", "patterns of RE2 of which a URL must contain none"),
             texts("extract",
                   "`NAME=css:SELECTOR` or `NAME=xpath:EXPRESSION`, put into "
                   "`pages.jsonl`"),
             count("depth", {0, static_cast<double>(limits.depth_max)},
                   std::min<std::uint32_t>(20, limits.depth_max), "links away from `urls`"),
             count("pages", {1, pages_max}, std::min(limits.pages_default, limits.pages_max),
                   "where it ends"),
             count("host_pages", {1, pages_max}, std::nullopt, "the most of one host"),
             count("bytes", {1, static_cast<double>(limits.bytes_max)}, limits.bytes_max,
                   "of bodies, as sent: where it ends"),
             time_argument("time", 1s, limits.time_max, limits.time_max, "where it ends"),
             time_argument(
                 "delay", limits.delay_min, std::max<Duration>(1s, limits.delay_min), 1h,
                 "between two requests to one host; slow hosts and `Crawl-delay` make it longer"),
             flag("warc", "writes a WARC 1.1 archive"),
             flag("edges", "writes the links between pages")},
        .positions = 1,
        .notes =
            "robots.txt is obeyed. Only hosts and networks that the worker allows are "
            "connected to, as for `http.get`."};
}

Result<CrawlRequest> read_crawl_request(const std::string& arguments,
                                        const sdk::JobSchema& schema) {
    SLUICE_TRY(sdk::Arguments given, sdk::Arguments::parse(arguments, schema));
    const auto count_of = [&given](std::string_view name) {
        return static_cast<std::uint64_t>(given.integer(name));
    };
    CrawlRequest request;
    request.urls = given.texts("urls");
    request.output = given.text("output");
    request.hosts = given.texts("hosts");
    request.domains = given.texts("domains");
    request.include = given.texts("include");
    request.exclude = given.texts("exclude");
    request.extract = given.texts("extract");
    request.depth = static_cast<std::uint32_t>(count_of("depth"));
    request.pages = count_of("pages");
    if (given.has("host_pages"))
        request.host_pages = static_cast<std::uint64_t>(*given.integer_if_given("host_pages"));
    request.bytes = count_of("bytes");
    request.time = given.seconds("time");
    request.delay = given.seconds("delay");
    request.warc = given.boolean("warc");
    request.edges = given.boolean("edges");
    if (!is_plain_path(request.output))
        given.refuse("output",
                     "must be a folder below the one for writing, without \"..\" in its path");
    SLUICE_TRY_STATUS(given.status());
    return request;
}

}  // namespace sluice::crawl
