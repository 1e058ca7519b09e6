// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/job/crawl_request.h"

#include "kernel/base/text.h"
#include "kernel/wire/json_reader.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace sluice::crawl {
namespace {

constexpr std::size_t texts_max = 1'000;
constexpr std::size_t output_bytes_max = 200;

/// A whole number's range, both ends included.
struct Range {
    std::uint64_t min = 0;
    std::uint64_t max = UINT64_MAX;
};

// Reads members and keeps the first fault, so that everything can be asked for in a row.
class Members {
public:
    explicit Members(JsonView object) {
        for (const JsonMember& member : object.members()) all_.push_back(member);
    }

    void texts(std::string_view name, std::vector<std::string>& into) {
        const auto value = take(name);
        if (!value) return;
        if (value->is_string()) return into.push_back(std::string(*value->as_string()));
        if (!value->is_array()) return refuse(name, "must be a text or an array of texts");
        for (const JsonView& each : value->elements()) {
            if (!each.is_string() || into.size() >= texts_max)
                return refuse(name, "must be at most " + std::to_string(texts_max) + " texts");
            into.push_back(std::string(*each.as_string()));
        }
    }
    void text(std::string_view name, std::string& into) {
        const auto value = take(name);
        if (!value) return;
        if (!value->is_string()) return refuse(name, "must be a text");
        into = *value->as_string();
    }
    template <class Number>
    void number(std::string_view name, Range range, Number& into) {
        const auto value = take(name);
        if (!value) return;
        const auto number = value->as_uint();
        if (!number || *number < range.min || *number > range.max)
            return refuse(name, "must be a whole number from " + std::to_string(range.min) +
                                    " to " + std::to_string(range.max));
        into = static_cast<Number>(*number);
    }
    void seconds(std::string_view name, Duration least, Duration most, Duration& into) {
        const auto value = take(name);
        if (!value) return;
        const auto number = value->as_double();
        using Seconds = std::chrono::duration<double>;
        const double min = Seconds(least).count();
        const double max = Seconds(most).count();
        if (!number || !(*number >= min) || *number > max)
            return refuse(name, "must be seconds from " + text_of(min) + " to " + text_of(max));
        into = std::chrono::duration_cast<Duration>(Seconds(*number));
    }
    void boolean(std::string_view name, bool& into) {
        const auto value = take(name);
        if (!value) return;
        const auto is = value->as_bool();
        if (!is) return refuse(name, "must be true or false");
        into = *is;
    }
    void refuse(std::string_view name, const std::string& why) {
        if (status_) status_ = fail(Code::invalid, "\"" + std::string(name) + "\" " + why);
    }
    /// After everything was asked for.
    Status finish() {
        for (const JsonMember& member : all_) {
            if (std::find(asked_.begin(), asked_.end(), member.name) != asked_.end()) continue;
            const auto near = nearest(member.name, asked_);
            refuse(member.name,
                   near ? "is unknown; is \"" + std::string(*near) + "\" meant?" : "is unknown");
        }
        return status_;
    }

private:
    static std::string text_of(double number) {
        std::string out;
        JsonWriter(out).number(number);
        return out;
    }
    /// Null counts as absent; of repeated members the last one counts.
    std::optional<JsonView> take(std::string_view name) {
        asked_.push_back(name);
        std::optional<JsonView> found;
        for (const JsonMember& member : all_)
            if (member.name == name) found = member.value;
        if (found && found->is_null()) return std::nullopt;
        return found;
    }

    std::vector<JsonMember> all_;
    std::vector<std::string_view> asked_;
    Status status_;
};

bool is_plain_folder(std::string_view path) {
    if (path.empty() || path.size() > output_bytes_max || path.front() == '/') return false;
    for (const std::string_view part : split(path, '/')) {
        if (part.empty() || part == "." || part == "..") return false;
        const bool control = std::any_of(part.begin(), part.end(), [](char c) {
            return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
        });
        if (control) return false;
    }
    return true;
}

Status read_front(JsonView value, CrawlRequest& request) {
    if (value.is_string()) {
        request.urls.emplace_back(*value.as_string());
        return {};
    }
    for (const JsonView& each : value.elements()) {
        if (!each.is_string() || request.urls.size() >= texts_max)
            return fail(Code::invalid,
                        "the URLs must be at most " + std::to_string(texts_max) + " texts");
        request.urls.emplace_back(*each.as_string());
    }
    return {};
}

}  // namespace

Result<CrawlRequest> read_crawl_request(const std::string& arguments,
                                        const CrawlJobLimits& limits) {
    SLUICE_TRY(const JsonDocument document, JsonDocument::parse(arguments));
    if (!document.root().is_array()) return fail(Code::invalid, "the arguments must be an array");
    CrawlRequest request;
    std::optional<JsonView> object;
    for (const JsonView& value : document.root().elements()) {
        const bool front = request.urls.empty() && !object;
        if (value.is_object() && !object) {
            object = value;
        } else if (front && (value.is_string() || value.is_array())) {
            SLUICE_TRY_STATUS(read_front(value, request));
        } else {
            return fail(Code::invalid, "write [URL, {\"output\": FOLDER, …}]");
        }
    }
    if (!object) return fail(Code::invalid, "\"output\" is missing: the folder to write to");
    request.pages = std::min<std::uint64_t>(limits.pages_default, limits.pages_max);
    request.bytes = limits.bytes_max;
    request.time = limits.time_max;
    request.delay = std::max<Duration>(1s, limits.delay_min);
    Members members(*object);
    members.texts("urls", request.urls);
    members.text("output", request.output);
    members.texts("hosts", request.hosts);
    members.texts("domains", request.domains);
    members.texts("include", request.include);
    members.texts("exclude", request.exclude);
    members.texts("extract", request.extract);
    members.number("depth", {0, limits.depth_max}, request.depth);
    members.number("pages", {1, limits.pages_max}, request.pages);
    members.number("host_pages", {1, limits.pages_max}, request.host_pages);
    members.number("bytes", {1, limits.bytes_max}, request.bytes);
    members.seconds("time", 1s, limits.time_max, request.time);
    members.seconds("delay", limits.delay_min, 1h, request.delay);
    members.boolean("warc", request.warc);
    members.boolean("edges", request.edges);
    if (request.urls.empty()) members.refuse("urls", "are missing: the URLs to begin with");
    if (!is_plain_folder(request.output))
        members.refuse("output",
                       "must be a folder below the one for writing, without \"..\" in its path");
    SLUICE_TRY_STATUS(members.finish());
    return request;
}

}  // namespace sluice::crawl
