// SPDX-License-Identifier: Apache-2.0
// http.download.
#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "kernel/sync/clock.h"
#include "kernel/wire/json_reader.h"
#include "kernel/wire/json_text.h"
#include "modules/work/core/utf8.h"
#include "modules/work/http_types.h"
#include "modules/work/shell/http_fetch.h"
#include "modules/work/shell/kept_file.h"
#include "modules/work/shell/sha256.h"
#include "modules/work/task.h"

#include <algorithm>
#include <memory>
#include <optional>

namespace sluice::work {

namespace {

constexpr std::uint64_t keep_every = std::uint64_t{16} << 20;
constexpr Duration stall = 60s;
/// A server may give less at once than was asked for; so many times it is asked for the rest.
constexpr int requests_max = 1'000;

struct DownloadRequest {
    std::string url;
    std::string output;
    std::string sha256;
    std::vector<HttpField> headers;
    Bytes size_max;
    bool resume = true;
    Duration timeout{};
};

Result<DownloadRequest> read_download(Arguments& arguments, const Services&) {
    DownloadRequest request;
    request.url = arguments.text("url");
    request.output = arguments.text("output");
    request.sha256 = ascii_lowered(arguments.text_if_given("sha256").value_or(""));
    const bool hex = request.sha256.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!request.sha256.empty() && (request.sha256.size() != 64 || !hex)) {
        arguments.refuse("sha256", "must have 64 hexadecimal digits");
    }
    for (auto& [name, value] : arguments.pairs("headers")) {
        HttpField field{std::move(name), std::move(value)};
        if (const Status fine = check_http_field(field); !fine) {
            arguments.refuse("headers", "cannot be sent: " + fine.error().message);
        }
        for (const std::string_view own : {"range", "if-range", "accept-encoding"}) {
            if (equals_ignoring_case(field.name, own))
                arguments.refuse("headers", "must leave out " + field.name);
        }
        request.headers.push_back(std::move(field));
    }
    request.size_max = Bytes{static_cast<std::uint64_t>(arguments.integer("size_max"))};
    request.resume = arguments.boolean("resume");
    request.timeout = arguments.seconds("timeout");
    return request;
}

/// What tells whether the rest of a file belongs to its beginning.
struct Version {
    std::string url;
    std::string etag;      ///< A strong one.
    std::string modified;  ///< Last-Modified; what counts where there is no such tag.
    std::optional<std::uint64_t> bytes;

    [[nodiscard]] const std::string& validator() const { return etag.empty() ? modified : etag; }
    [[nodiscard]] std::string note() const {
        std::string out;
        JsonWriter json(out);
        json.begin_object().key("url").string(url).key("etag").string(etag);
        json.key("modified").string(modified);
        if (bytes) json.key("bytes").unsigned_integer(*bytes);
        json.end_object();
        return out;
    }
    /// Whether nothing speaks against both being one file; what an answer leaves out does not.
    [[nodiscard]] bool fits(const Version& other) const {
        const auto same = [](const std::string& a, const std::string& b) {
            return a.empty() || b.empty() || a == b;
        };
        return same(etag, other.etag) && same(modified, other.modified) &&
               (!bytes || !other.bytes || *bytes == *other.bytes);
    }
    static Version of(const std::string& url, const HttpResponse& head) {
        Version out{url, "", "", std::nullopt};
        const std::string* etag = head.header("ETag");
        if (etag != nullptr && etag->starts_with('"')) out.etag = to_valid_utf8(*etag);
        const std::string* modified = head.header("Last-Modified");
        if (modified != nullptr) out.modified = to_valid_utf8(*modified);
        return out;
    }
    static Version from(const std::string& note) {
        Version out;
        const auto json = JsonDocument::parse(note);
        if (!json) return out;
        const auto text = [&json](std::string_view name) {
            const auto found = json->root().find(name);
            const auto value = found ? found->as_string() : Result<std::string_view>("");
            return value ? std::string(*value) : std::string();
        };
        out = {text("url"), text("etag"), text("modified"), std::nullopt};
        const auto found = json->root().find("bytes");
        const auto bytes = found ? found->as_int() : Result<std::int64_t>(fail(Code::invalid, ""));
        if (bytes && *bytes >= 0) out.bytes = static_cast<std::uint64_t>(*bytes);
        return out;
    }
};

/// "bytes 100-199/1000": where it begins and how much there is, if it says so.
struct ContentRange {
    std::uint64_t first = 0;
    std::optional<std::uint64_t> whole;
};
std::optional<ContentRange> parse_content_range(const std::string* value) {
    if (value == nullptr || !value->starts_with("bytes ")) return std::nullopt;
    const std::string_view text = std::string_view(*value).substr(6);
    const std::size_t dash = text.find('-');
    const std::size_t slash = text.find('/');
    if (dash == std::string_view::npos || slash == std::string_view::npos || dash > slash) {
        return std::nullopt;
    }
    const auto first = parse_int(text.substr(0, dash));
    const auto whole = parse_int(text.substr(slash + 1));
    if (!first || *first < 0) return std::nullopt;
    ContentRange out{static_cast<std::uint64_t>(*first), std::nullopt};
    if (whole && *whole >= 0) out.whole = static_cast<std::uint64_t>(*whole);
    return out;
}

/// One attempt to have the whole file.
class Download {
public:
    Download(const DownloadRequest& request, Task& task, KeptFile& file)
        : request_(request), task_(task), file_(file) {}

    sdk::Outcome run();

private:
    /// One request.
    Result<HttpResponse> fetch();
    /// As many requests as it takes.
    Result<HttpResponse> fetch_all();
    Status begin_anew();
    Status keep();
    Status take_head(const HttpResponse& head);
    Status take(std::string_view bytes);
    Result<std::string> digest_of_file() const;
    [[nodiscard]] bool can_resume() const {
        return request_.resume && file_.bytes() > 0 && known_.url == request_.url &&
               !known_.validator().empty();
    }

    const DownloadRequest& request_;
    Task& task_;
    KeptFile& file_;
    Instant began_ = monotonic_now();
    Version known_;
    std::uint64_t resumed_ = 0;           ///< Bytes that were there and fit.
    std::uint64_t kept_ = 0;              ///< Bytes that a later attempt will find.
    std::optional<std::uint64_t> whole_;  ///< Bytes of the whole file, if the server says so.
    int percent_ = 0;
    bool is_wanted_ = false;     ///< The body is the file, or its rest.
    bool must_restart_ = false;  ///< What is there does not fit.
};

Status Download::take_head(const HttpResponse& head) {
    is_wanted_ = head.status == 200 || head.status == 206;
    if (!is_wanted_) return {};
    Version version = Version::of(request_.url, head);
    if (head.status == 206) {
        const auto range = parse_content_range(head.header("Content-Range"));
        if (range) version.bytes = range->whole;
        whole_ = version.bytes ? version.bytes : known_.bytes;
        // Without the size of the whole nobody could tell whether this is all of the rest.
        if (!can_resume() || !range || range->first != file_.bytes() || !version.fits(known_) ||
            !whole_) {
            must_restart_ = true;
            return fail(Code::conflict, "the rest that the server offers does not fit");
        }
    } else {
        const std::string* length = head.header("Content-Length");
        const auto number =
            length != nullptr ? parse_int(*length) : Result<std::int64_t>(fail(Code::invalid, ""));
        if (number && *number >= 0) version.bytes = static_cast<std::uint64_t>(*number);
        whole_ = version.bytes;
        resumed_ = 0;
        kept_ = 0;
        known_ = version;
        SLUICE_TRY_STATUS(file_.begin(version.note()));
    }
    if (whole_ && *whole_ > request_.size_max.count) {
        return fail(Code::exhausted, "the file has " + std::to_string(*whole_) +
                                         " bytes, more than the limit of " +
                                         std::to_string(request_.size_max.count));
    }
    return {};
}

Status Download::take(std::string_view bytes) {
    if (!is_wanted_) return {};
    SLUICE_TRY_STATUS(file_.append(bytes));
    if (file_.bytes() - kept_ >= keep_every) SLUICE_TRY_STATUS(keep());
    const std::uint64_t whole = whole_.value_or(0);
    const int percent =
        whole > 0 ? static_cast<int>(std::min<std::uint64_t>(99, 100 * file_.bytes() / whole)) : 0;
    percent_ = std::max(percent_, percent);  // a second beginning takes nothing back
    task_.progress(percent_, std::to_string(file_.bytes()) + " of " +
                                 (whole > 0 ? std::to_string(whole) : "?") + " bytes");
    return {};
}

Status Download::begin_anew() {
    resumed_ = 0;
    kept_ = 0;
    whole_.reset();
    return file_.begin("");
}

Status Download::keep() {
    SLUICE_TRY_STATUS(file_.keep());
    kept_ = file_.bytes();
    return {};
}

Result<HttpResponse> Download::fetch() {
    const Duration left = began_ + request_.timeout - monotonic_now();
    if (left <= Duration{0}) return fail(Code::timeout, "the file was not whole in time");
    HttpRequest http{.url = request_.url,
                     .timeout = left,
                     .body_max = request_.size_max,
                     .headers = request_.headers,
                     .stall = stall,
                     .on_head = [this](const HttpResponse& head) { return take_head(head); }};
    for (HttpField& field : http.headers) {
        field.is_secret = task_.secrets().text(field.value) != field.value;
    }
    if (can_resume()) {
        http.headers.push_back({"Range", "bytes=" + std::to_string(file_.bytes()) + "-"});
        http.headers.push_back({"If-Range", known_.validator()});
    }
    return http_fetch(
        http, task_.services.rules, [this](std::string_view bytes) { return take(bytes); },
        task_.cancel());
}

Result<std::string> Download::digest_of_file() const {
    Sha256 digest;
    std::vector<char> piece(256 * 1024);
    for (std::uint64_t at = 0;;) {
        SLUICE_TRY_STATUS(task_.cancel().check());
        SLUICE_TRY(const std::size_t count, file_.read_at(at, piece));
        if (count == 0) return digest.finish();
        digest.feed(std::string_view(piece.data(), count));
        at += count;
    }
}

Result<HttpResponse> Download::fetch_all() {
    bool restarted = false;
    for (int part = 1;; ++part) {
        const std::uint64_t before = file_.bytes();
        auto response = fetch();
        const bool beyond = response && response->status == 416 && before > 0;
        if ((must_restart_ || beyond) && !restarted) {
            restarted = true;
            must_restart_ = false;
            SLUICE_TRY_STATUS(begin_anew());
            continue;
        }
        const bool rest = response && response->status == 206 && whole_ &&
                          file_.bytes() < *whole_ && file_.bytes() > before;
        if (!rest) return response;
        if (part == requests_max) {
            return fail(Code::busy, "the server gives the file in more than " +
                                        std::to_string(requests_max) + " parts");
        }
        SLUICE_TRY_STATUS(keep());
    }
}

sdk::Outcome Download::run() {
    known_ = Version::from(file_.note());
    if (can_resume()) {
        resumed_ = file_.bytes();
        kept_ = resumed_;
    } else if (const Status status = begin_anew(); !status) {
        return to_failure(status.error());
    }
    auto response = fetch_all();
    if (!response) {
        // What has come is there for the next attempt, unless it can never be.
        const Code code = response.error().code;
        const Status kept =
            code == Code::exhausted || code == Code::denied ? file_.forget() : file_.keep();
        return to_failure(kept ? response.error() : kept.error());
    }
    if (!is_wanted_) {
        sdk::Failure failure{"HttpStatus",
                             "the server answered with status " + std::to_string(response->status),
                             !asks_for_patience(response->status), response->retry_after};
        if (failure.final) static_cast<void>(file_.forget());
        return failure;
    }
    if (whole_ && file_.bytes() != *whole_) {
        static_cast<void>(file_.forget());
        return to_failure(fail(Code::io, "the file has " + std::to_string(file_.bytes()) +
                                             " bytes, but the server said " +
                                             std::to_string(*whole_)));
    }
    const auto digest = digest_of_file();
    if (!digest) return to_failure(digest.error());
    if (!request_.sha256.empty() && *digest != request_.sha256) {
        static_cast<void>(file_.forget());
        // A resumed file may have grown together wrongly; a whole one will not change.
        const std::string message = "the file's SHA-256 is " + *digest + ", not " + request_.sha256;
        return sdk::Failure{"ChecksumMismatch", message, resumed_ == 0, {}};
    }
    if (const Status status = file_.commit(); !status) return to_failure(status.error());
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("url").string(to_valid_utf8(response->url));
    json.key("output").string(request_.output);
    json.key("bytes").unsigned_integer(file_.bytes());
    json.key("resumed_bytes").unsigned_integer(resumed_);
    json.key("sha256").string(*digest);
    json.key("content_type").string(to_valid_utf8(response->content_type));
    json.key("etag").string(known_.etag).key("last_modified").string(known_.modified);
    json.key("redirects").integer(response->redirects);
    json.key("seconds").number(to_seconds(monotonic_now() - began_));
    json.end_object();
    return out;
}

sdk::Outcome run_download(const DownloadRequest& request, Task& task) {
    auto file = KeptFile::open(task.services.settings.write_root, request.output, request.size_max);
    if (!file) return to_failure(file.error());
    return Download(request, task, *file).run();
}

sdk::JobSchema download_schema() {
    const std::string most = std::to_string(http_download_max.count);
    return {
        .arguments =
            {{.name = "url", .required = true, .help = "http or https, without user and password"},
             output_argument(),
             {.name = "sha256", .help = "what the file's SHA-256 must be, in hexadecimal"},
             {.name = "headers",
              .kind = ArgumentKind::pairs,
              .secrets = true,
              .help = "sent with it"},
             {.name = "size_max",
              .kind = ArgumentKind::integer,
              .range = {1, static_cast<double>(http_download_max.count)},
              .fallback = most,
              .help = "bytes; a larger file is not taken"},
             {.name = "resume",
              .kind = ArgumentKind::boolean,
              .fallback = "true",
              .help = "go on with what an earlier attempt has left, if it is of the same version"},
             timeout_argument(std::chrono::hours(1), http_download_time_max, "for everything")},
        .positions = 2,
        .notes =
            R"(What may be reached is the same as for `http.get`. What has come when an attempt ends is kept beside the output (`.NAME.kept`), and the next attempt asks for the rest only (`Range`), on condition that the file is the same (`If-Range` with its strong `ETag`, else `Last-Modified`); a server that offers neither, or another version, or no ranges, is asked for the whole. Fewer than 100 bytes a second for a minute end an attempt. The file appears whole or not at all, and one job at a time writes it.)"};
}

}  // namespace

sdk::JobType http_download(const SharedServices& services) {
    return with_handler(
        {
            .name = "http.download",
            .summary = "Downloads a file and goes on where an earlier attempt stopped; off unless "
                       "the worker allows hosts or networks.",
            .schema = download_schema(),
            .result_help =
                R"(`url` (after redirects), `output`, `bytes`, `resumed_bytes` (that were there already), `sha256`, `content_type`, `etag`, `last_modified`, `redirects`, `seconds`. A status other than 200 fails the job (`HttpStatus`): for good, but for those that ask for patience. A wrong checksum fails it for good (`ChecksumMismatch`), once the whole file came in one piece.)",
            .example =
                R"(sluice push http.download https://example.org/data.csv.gz downloads/data.csv.gz)",
        },
        services, &read_download, &run_download);
}

}  // namespace sluice::work
