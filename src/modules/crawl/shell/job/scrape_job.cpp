// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/job/scrape_job.h"

#include "kernel/base/text.h"
#include "kernel/net/temporary_folder.h"
#include "kernel/store/file_io.h"
#include "kernel/sync/mutex.h"
#include "kernel/wire/json_text.h"
#include "modules/crawl/shell/extract/page_extract.h"
#include "modules/crawl/shell/job/job_arguments.h"
#include "modules/crawl/shell/job/job_folder.h"
#include "modules/crawl/shell/job/job_run.h"
#include "modules/crawl/shell/job/scrape_fields.h"
#include "sdk/arguments.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

namespace sluice::crawl {
namespace {

using sdk::ArgumentKind;

constexpr Bytes line_max = mib(4);
constexpr std::uint64_t body_max = std::uint64_t{4} << 20;  ///< nothing is extracted of longer ones

using SharedJobServices = std::shared_ptr<const JobServices>;

sdk::Argument fields_argument() {
    return {.name = "fields",
            .kind = ArgumentKind::object,
            .required = true,
            .help =
                "names, each with a CSS selector (`h1`, `a::attr(href)`, `article::html`), a "
                "text such as `xpath:EXPRESSION`, or an object: `css` or `xpath`, `attr`, `all` "
                "(true: an array of all that match), `pattern` (of RE2: its first group, or "
                "all of it), `as` (`number` or `text`)"};
}

constexpr const char* shared_notes =
    "robots.txt is obeyed. Only hosts and networks that the worker allows are connected to, as for "
    "`http.get`. Of a page of more than 4 MiB nothing is taken, and of one field at most 1,000 "
    "values of 64 KiB.";

/// No file is wanted of the crawl.
void without_files(CrawlConfig& config) {
    config.outputs.pages = false;
    config.outputs.broken = false;
    config.outputs.report = false;
}

// --- web.scrape --------------------------------------------------------------------------------

/// The one page, told on the threads that read pages.
class OnePage {
public:
    void note(const FetchAnswer& answer, const PageReading& reading) {
        if (reading.end.kind == PageEnd::Kind::redirected) return;
        const MutexLock lock(mutex_);
        url_ = answer.order.url;
        status_ = answer.status;
        title_ = reading.title;
        type_ = reading.type.essence;
        problem_ = reading.problem.empty() ? answer.detail : reading.problem;
        bytes_ = reading.end.bytes;
        took_ = answer.took;
        fetched_ = reading.end.kind == PageEnd::Kind::fetched;
    }
    void take(std::string fields) {
        const MutexLock lock(mutex_);
        fields_ = std::move(fields);
    }
    sdk::Outcome outcome(const CrawlSummary& summary) const {
        const MutexLock lock(mutex_);
        if (summary.totals.excluded[static_cast<std::size_t>(Exclusion::robots)] > 0)
            return to_failure(fail(Code::denied, "robots.txt does not allow this page"));
        if (!fetched_) return failure(summary.totals);
        if (fields_.empty())
            return to_failure(fail(Code::invalid, "nothing can be taken of this page: it is " +
                                                      (type_.empty() ? "no HTML" : type_) +
                                                      ", or too long"));
        std::string out;
        JsonWriter json(out);
        json.begin_object().key("url").string(url_).key("status").integer(status_);
        json.key("title").string(title_).key("fields").raw(fields_);
        json.key("bytes").unsigned_integer(bytes_);
        json.key("seconds").number(to_seconds(took_)).end_object();
        return out;
    }

private:
    [[nodiscard]] sdk::Failure failure(const CrawlTotals& totals) const SLUICE_REQUIRES(mutex_) {
        if (totals.failed[static_cast<std::size_t>(Failure::blocked)] > 0)
            return to_failure(
                fail(Code::denied, "the host leads to an address that this worker may not reach"));
        if (status_ == 0) {
            std::string why = problem_.empty() ? "no answer" : problem_;
            for (std::size_t i = 0; i < failure_count; ++i) {
                if (totals.failed[i] > 0)
                    why += " (" + std::string(to_string(static_cast<Failure>(i))) + ")";
            }
            return {"FetchFailed", "the page was not had: " + why, false, {}};
        }
        const bool later = status_ == 408 || status_ == 429 || status_ >= 500;
        return {
            "HttpStatus", "the server answered with status " + std::to_string(status_), !later, {}};
    }

    mutable Mutex mutex_{"scrape.page"};
    std::string url_ SLUICE_GUARDED_BY(mutex_);
    int status_ SLUICE_GUARDED_BY(mutex_) = 0;
    std::string title_ SLUICE_GUARDED_BY(mutex_);
    std::string type_ SLUICE_GUARDED_BY(mutex_);
    std::string problem_ SLUICE_GUARDED_BY(mutex_);
    std::string fields_ SLUICE_GUARDED_BY(mutex_);
    std::uint64_t bytes_ SLUICE_GUARDED_BY(mutex_) = 0;
    Duration took_ SLUICE_GUARDED_BY(mutex_){0};
    bool fetched_ SLUICE_GUARDED_BY(mutex_) = false;
};

struct PageRequest {
    std::string url;
    ScrapeFields fields;
    Duration timeout;
};

Result<PageRequest> read_page_request(const std::string& args, const sdk::JobSchema& schema) {
    SLUICE_TRY(sdk::Arguments given, sdk::Arguments::parse(args, schema));
    SLUICE_TRY(ScrapeFields fields, ScrapeFields::parse(*given.value("fields"), ""));
    return PageRequest{given.text("url"), std::move(fields), given.seconds("timeout")};
}

sdk::Outcome run_page(const PageRequest& request, const JobServices& services,
                      sdk::JobContext& context) {
    std::error_code none;
    // Outside the worker's folders.
    const auto folder = TemporaryFolder::make(
        (std::filesystem::temp_directory_path(none) / "sluice-scrape-").string());
    if (!folder) return to_failure(folder.error());
    OnePage page;
    JobCrawl crawl{job_config(services, folder->path()), {}, 1, request.timeout};
    without_files(crawl.config);
    crawl.config.seeds = {request.url};
    crawl.config.scope.any_host = true;  // a redirect may lead to another one
    crawl.config.page.sitemaps = false;
    crawl.config.time_max = request.timeout;
    crawl.config.drain_timeout = 1s;
    FrontierConfig& frontier = crawl.config.frontier;
    frontier.depth_max = 0;
    frontier.pages_max = 1;
    frontier.hosts_max = 20;
    frontier.body_max = body_max;
    frontier.attempts_max = frontier.dns_attempts_max = frontier.robots_attempts_max = 1;
    frontier.pace.delay = services.settings.limits.delay_min;
    crawl.callbacks.on_page =
        crawl.callbacks.on_error = [&page](const FetchAnswer& answer, const PageReading& reading) {
            page.note(answer, reading);
        };
    crawl.callbacks.extract = [&](const FetchAnswer& answer, const PageReading& reading) {
        page.take(
            request.fields.clean(extract_from_markup(request.fields.rules(), answer, reading)));
        return std::string();
    };
    const auto summary = run_crawl_job(std::move(crawl), services, context);
    if (!summary) return to_failure(summary.error());
    if (const Status status = context.cancel().check(); !status) return to_failure(status.error());
    return page.outcome(*summary);
}

sdk::JobType page_type(const SharedJobServices& services) {
    const sdk::JobSchema schema{
        .arguments = {{.name = "url", .required = true, .help = "of the page"},
                      fields_argument(),
                      time_argument("timeout", 1s, 60s, 10min, "for robots.txt and the page")},
        .positions = 1,
        .notes = shared_notes};
    return {
        .name = "web.scrape",
        .summary =
            "Takes fields out of a web page; off unless the worker allows hosts or "
            "networks.",
        .schema = schema,
        .result_help =
            R"(`url` (after redirects), `status`, `title`, `fields` (a text, a number, null where nothing matches, or an array), `bytes`, `seconds`. A status that is an error fails the job (`HttpStatus`), for good with 4xx but 408 and 429.)",
        .example =
            R"(sluice push web.scrape https://example.org/ '{"fields": {"title": "h1", "links": {"css": "a", "attr": "href", "all": true}}}')",
        .run = [services, schema](sdk::JobContext& context) -> sdk::Outcome {
            const auto request = read_page_request(context.job().args, schema);
            if (!request)
                return sdk::Failure{"InvalidArguments", request.error().message, true, {}};
            return run_page(*request, *services, context);
        }};
}

// --- web.scrape_pages --------------------------------------------------------------------------

struct PagesRequest {
    std::vector<std::string> urls;
    std::string output;
    ScrapeFields fields;
    std::vector<std::string> follow;
    std::vector<std::string> exclude;
    std::uint32_t depth = 0;
    std::uint64_t pages = 0;
    Duration time{0};
    Duration delay{0};
};

Result<PagesRequest> read_pages_request(const std::string& args, const sdk::JobSchema& schema) {
    SLUICE_TRY(sdk::Arguments given, sdk::Arguments::parse(args, schema));
    SLUICE_TRY(ScrapeFields fields, ScrapeFields::parse(*given.value("fields"),
                                                        given.text_if_given("only").value_or("")));
    PagesRequest request{given.texts("urls"),
                         given.text("output"),
                         std::move(fields),
                         given.texts("follow"),
                         given.texts("exclude"),
                         static_cast<std::uint32_t>(given.integer("depth")),
                         static_cast<std::uint64_t>(given.integer("pages")),
                         given.seconds("time"),
                         given.seconds("delay")};
    if (!is_plain_path(request.output))
        given.refuse("output", "must be a file below the folder for writing, without \"..\"");
    SLUICE_TRY_STATUS(given.status());
    return request;
}

/// The output's folder and names in it.
struct Place {
    JobFolder folder;
    std::string name;
    std::string below;  ///< the folder, as the job names it
    [[nodiscard]] std::string work() const { return "." + name + ".scrape"; }
    [[nodiscard]] std::string aside() const { return "." + name + ".scrape.part"; }
};

Result<Place> place_of(const std::string& root, const std::string& output) {
    const std::size_t slash = output.rfind('/');
    const std::string below = slash == std::string::npos ? "" : output.substr(0, slash);
    auto folder = JobFolder::open(root, below);
    if (!folder) return std::move(folder).error();
    return Place{*std::move(folder), output.substr(slash + 1), below};
}

/// One line of the output for one of the crawl's; empty where nothing was taken.
std::string row_of(std::string_view line) {
    const auto page = JsonDocument::parse(std::string(line));
    if (!page) return {};
    const auto url = page->root().find("url");
    const auto fields = page->root().find("extracted");
    if (!url || !fields) return {};
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("url").raw(url->raw());
    if (const auto depth = page->root().find("depth")) json.key("depth").raw(depth->raw());
    json.key("fields").raw(fields->raw()).end_object();
    return out + "\n";
}

/// Makes the output of what the crawl has kept, and puts it in its place at once.
Result<std::uint64_t> write_rows(const Place& place, const CancelToken& cancel) {
    const FileIo files;
    const std::string base = place.folder.path() + "/";
    SLUICE_TRY_STATUS(files.remove_file(base + place.aside()));
    SLUICE_TRY(auto out, files.open_append(base + place.aside()));
    std::uint64_t rows = 0;
    const std::string pages = base + place.work() + "/pages.jsonl";
    if (files.exists(pages)) {
        SLUICE_TRY(auto lines, files.open_lines(pages, line_max));
        for (;;) {
            SLUICE_TRY_STATUS(cancel.check());
            SLUICE_TRY(const auto line, lines->next());
            if (!line) break;
            const std::string row = row_of(*line);
            if (row.empty()) continue;
            SLUICE_TRY_STATUS(out->append(row));
            ++rows;
        }
    }
    SLUICE_TRY_STATUS(out->sync());
    out.reset();
    SLUICE_TRY_STATUS(files.rename_durably(base + place.aside(), base + place.name));
    return rows;
}

CrawlConfig pages_config(const PagesRequest& request, const JobServices& services,
                         std::string folder) {
    CrawlConfig config = job_config(services, std::move(folder));
    without_files(config);
    config.outputs.pages = true;
    config.seeds = request.urls;
    config.scope.patterns = request.follow;
    config.scope.patterns_excluded = request.exclude;
    config.page.sitemaps = false;
    config.frontier.depth_max = request.depth;
    config.frontier.pages_max = request.pages;
    config.frontier.body_max = body_max;
    config.frontier.pace.delay = request.delay;
    config.time_max = request.time;
    return config;
}

sdk::Outcome run_pages(const PagesRequest& request, const JobServices& services,
                       sdk::JobContext& context) {
    const std::string& root = services.settings.write_root;
    auto place = place_of(root, request.output);
    if (!place) return to_failure(place.error());
    const std::string work = (place->below.empty() ? "" : place->below + "/") + place->work();
    auto folder = JobFolder::open_own(root, work);
    if (!folder) return to_failure(folder.error());
    JobCrawl crawl{
        pages_config(request, services, folder->path()), {}, request.pages, request.time};
    crawl.callbacks.extract = [&](const FetchAnswer& answer, const PageReading& reading) {
        return request.fields.clean(extract_from_markup(request.fields.rules(), answer, reading));
    };
    const auto summary = run_crawl_job(std::move(crawl), services, context);
    if (!summary) return to_failure(folder->shown(summary.error(), work));
    if (const Status status = context.cancel().check(); !status && summary->resumable())
        return to_failure(status.error());
    const auto rows = write_rows(*place, context.cancel());
    if (!rows) return to_failure(place->folder.shown(rows.error(), "the folder of the output"));
    const Status removed = FileIo().remove_folder(place->folder.path() + "/" + place->work());
    if (!removed) return to_failure(folder->shown(removed.error(), work));
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("output").string(request.output);
    json.key("rows").unsigned_integer(*rows);
    json.key("end").string(to_string(summary->end));
    json.key("pages").unsigned_integer(summary->totals.fetched);
    json.key("failed").unsigned_integer(summary->totals.all_failed());
    json.key("excluded").unsigned_integer(summary->totals.all_excluded());
    json.key("bytes").unsigned_integer(summary->totals.bytes);
    json.key("seconds").number(to_seconds(summary->took)).end_object();
    return out;
}

sdk::JobSchema pages_schema(const CrawlJobLimits& limits) {
    const auto patterns = [](std::string name, std::string help) {
        return sdk::Argument{.name = std::move(name),
                             .kind = ArgumentKind::text_list,
                             .range = {0, 1'000},
                             .help = std::move(help)};
    };
    return {.arguments =
                {{.name = "urls",
                  .kind = ArgumentKind::text_list,
                  .required = true,
                  .range = {1, 1'000},
                  .help = "where to begin; links are followed on the same hosts"},
                 {.name = "output",
                  .required = true,
                  .range = {1, 200},
                  .help = "the file of JSON lines, below the folder for writing; replaced at once "
                          "when the job is done"},
                 fields_argument(),
                 {.name = "only",
                  .help = "a pattern of RE2 (no blanks) of the URLs whose pages give a "
                          "line; by default all"},
                 patterns("follow",
                          "patterns of RE2 of which a URL must contain one to be followed; "
                          "those of `urls`, too"),
                 patterns("exclude", "patterns of RE2 of which a URL must contain none"),
                 {.name = "depth",
                  .kind = ArgumentKind::integer,
                  .range = {0, static_cast<double>(limits.depth_max)},
                  .fallback = "2",
                  .help = "links away from `urls`"},
                 {.name = "pages",
                  .kind = ArgumentKind::integer,
                  .range = {1, static_cast<double>(limits.scrape_pages_max)},
                  .fallback = "100",
                  .help = "where it ends"},
                 time_argument("time", 1s, std::min<Duration>(1h, limits.time_max), limits.time_max,
                               "where it ends"),
                 time_argument("delay", limits.delay_min, std::max<Duration>(1s, limits.delay_min),
                               1h, "between two requests to one host")},
            .positions = 2,
            .notes = shared_notes};
}

sdk::JobType pages_type(const SharedJobServices& services) {
    const sdk::JobSchema schema = pages_schema(services->settings.limits);
    return {
        .name = "web.scrape_pages",
        .summary =
            "Follows links within bounds and takes fields out of each page; off unless the "
            "worker allows hosts or networks.",
        .schema = schema,
        .result_help =
            R"(`output`, `rows` (its lines: each has `url`, `depth` and `fields`), `end` ("complete", or the limit that was reached), `pages` fetched, `failed`, `excluded`, `bytes`, `seconds`. A job that is tried again goes on where the last attempt stopped; what it has is kept beside the output (`.NAME.scrape`) until it is done.)",
        .example =
            R"(sluice push web.scrape_pages https://example.org/shop/ items.jsonl '{"fields": {"name": "h1", "price": {"css": ".price", "as": "number"}}, "only": "/item/"}')",
        .run = [services, schema](sdk::JobContext& context) -> sdk::Outcome {
            const auto request = read_pages_request(context.job().args, schema);
            if (!request)
                return sdk::Failure{"InvalidArguments", request.error().message, true, {}};
            if (const Status status = context.cancel().check(); !status)
                return to_failure(status.error());
            return run_pages(*request, *services, context);
        }};
}

}  // namespace

Result<std::vector<sdk::JobType>> scrape_types(CrawlJobSettings settings) {
    SLUICE_TRY(auto rules, AddressRules::make(settings.hosts, settings.networks));
    const auto services =
        std::make_shared<const JobServices>(JobServices{std::move(settings), std::move(rules)});
    std::vector<sdk::JobType> types;
    types.push_back(page_type(services));
    types.push_back(pages_type(services));
    return types;
}

}  // namespace sluice::crawl
