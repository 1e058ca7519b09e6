// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/http/response_checks.h"

#include "kernel/base/text.h"
#include "kernel/wire/json_text.h"
#include "modules/work/core/http/json_match.h"

#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace sluice::work {

namespace {

constexpr std::int64_t pattern_memory_max = 1 << 20;
constexpr std::size_t shown_bytes_max = 200;

std::string shown(std::string_view text) {
    return "\"" + std::string(truncate_utf8(text, shown_bytes_max)) + "\"";
}

struct StatusRange {
    int first = 0;
    int last = 0;
    [[nodiscard]] std::string text() const {
        return first == last ? std::to_string(first) : std::to_string(first / 100) + "xx";
    }
};

Result<StatusRange> read_status(JsonView value) {
    if (const auto number = value.as_int(); number && *number >= 100 && *number <= 599) {
        return StatusRange{static_cast<int>(*number), static_cast<int>(*number)};
    }
    const auto text = value.as_string();
    if (text && text->size() == 3 && text->substr(1) == "xx" && (*text)[0] >= '1' &&
        (*text)[0] <= '5') {
        const int first = ((*text)[0] - '0') * 100;
        return StatusRange{first, first + 99};
    }
    return fail(Code::invalid, "`status` must be numbers from 100 to 599 or texts such as \"2xx\"");
}

}  // namespace

struct ResponseChecks::Parts {
    struct Header {
        std::string name;
        std::string value;             ///< the whole of it, if there is no pattern
        std::unique_ptr<RE2> pattern;  ///< found somewhere in it
    };
    struct Json {
        std::string pointer;
        JsonDocument value;
    };
    std::vector<StatusRange> status;
    std::vector<Header> headers;
    std::vector<std::string> contains;
    std::vector<Json> json;
    std::optional<Duration> latency;

    Status read(JsonMember member);
    Status read_header(JsonMember member);
    void check_body(const CheckedAnswer& answer, std::vector<std::string>& faults) const;
};

Status ResponseChecks::Parts::read_header(JsonMember member) {
    Header header{std::string(member.name), "", nullptr};
    if (const auto text = member.value.as_string()) {
        header.value = *text;
    } else {
        const auto pattern = member.value.find("matches");
        if (!pattern || !pattern->is_string()) {
            return fail(Code::invalid, "`headers`: " + shown(member.name) +
                                           " must be a text or {\"matches\": PATTERN}");
        }
        RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(pattern_memory_max);
        header.pattern = std::make_unique<RE2>(std::string(*pattern->as_string()), options);
        if (!header.pattern->ok()) {
            return fail(Code::invalid, "`headers`: " + shown(member.name) +
                                           ": no pattern of RE2: " + header.pattern->error());
        }
    }
    headers.push_back(std::move(header));
    return {};
}

Status ResponseChecks::Parts::read(JsonMember member) {
    const auto each = [&member](const auto& take) -> Status {
        if (!member.value.is_array()) return take(member.value);
        for (const JsonView element : member.value.elements()) SLUICE_TRY_STATUS(take(element));
        return {};
    };
    if (member.name == "status") {
        return each([this](JsonView value) -> Status {
            SLUICE_TRY(const StatusRange range, read_status(value));
            status.push_back(range);
            return {};
        });
    }
    if (member.name == "contains") {
        return each([this](JsonView value) -> Status {
            if (!value.is_string()) return fail(Code::invalid, "`contains` must be texts");
            contains.emplace_back(*value.as_string());
            return {};
        });
    }
    if (member.name == "headers" && member.value.is_object()) {
        for (const JsonMember header : member.value.members()) {
            SLUICE_TRY_STATUS(read_header(header));
        }
        return {};
    }
    if (member.name == "json" && member.value.is_object()) {
        for (const JsonMember place : member.value.members()) {
            if (!is_json_pointer(place.name)) {
                return fail(Code::invalid, "`json`: " + shown(place.name) +
                                               " is no JSON pointer; write \"/a/0/b\"");
            }
            SLUICE_TRY(JsonDocument value, JsonDocument::parse(std::string(place.value.raw())));
            json.push_back({std::string(place.name), std::move(value)});
        }
        return {};
    }
    if (member.name == "latency") {
        const auto seconds = member.value.as_double();
        if (!seconds || *seconds <= 0 || *seconds > 86'400) {
            return fail(Code::invalid, "`latency` must be a number of seconds above 0");
        }
        latency = from_double_seconds(*seconds);
        return {};
    }
    return fail(Code::invalid, shown(member.name) +
                                   " is none of status, headers, contains, json and latency, or "
                                   "of the wrong kind");
}

void ResponseChecks::Parts::check_body(const CheckedAnswer& answer,
                                       std::vector<std::string>& faults) const {
    const std::string cut = answer.body_is_cut ? " in what is looked at of it" : "";
    for (const std::string& text : contains) {
        if (answer.body.find(text) == std::string_view::npos) {
            faults.push_back("the body does not contain " + shown(text) + cut);
        }
    }
    if (json.empty()) return;
    const auto document = JsonDocument::parse(std::string(answer.body), {.nodes_max = 1'000'000});
    if (!document) {
        faults.push_back(answer.body_is_cut ? "the body is too long to be read as JSON"
                                            : "the body is no JSON");
        return;
    }
    for (const Json& each : json) {
        const auto found = find_json(document->root(), each.pointer);
        if (!found) {
            faults.push_back("nothing is at " + shown(each.pointer));
        } else if (!is_same_json(*found, each.value.root())) {
            faults.push_back("at " + shown(each.pointer) + " is " + answer.shown(found->raw()) +
                             ", not " +
                             std::string(truncate_utf8(each.value.text(), shown_bytes_max)));
        }
    }
}

std::string CheckedAnswer::shown(std::string_view text) const {
    const std::string told = hide ? hide(std::string(text)) : std::string(text);
    return std::string(truncate_utf8(told, shown_bytes_max));
}

ResponseChecks::ResponseChecks() : parts_(std::make_unique<Parts>()) {}
ResponseChecks::ResponseChecks(ResponseChecks&&) noexcept = default;
ResponseChecks& ResponseChecks::operator=(ResponseChecks&&) noexcept = default;
ResponseChecks::~ResponseChecks() = default;

Result<ResponseChecks> ResponseChecks::parse(JsonView object) {
    ResponseChecks out;
    for (const JsonMember member : object.members()) {
        SLUICE_TRY_STATUS(out.parts_->read(member));
    }
    if (out.size() > response_checks_max) {
        return fail(Code::exhausted,
                    "more than " + std::to_string(response_checks_max) + " are expected");
    }
    return out;
}

bool ResponseChecks::has_status() const { return !parts_->status.empty(); }
bool ResponseChecks::needs_body() const {
    return !parts_->contains.empty() || !parts_->json.empty();
}
bool ResponseChecks::allows(int status) const {
    return std::any_of(parts_->status.begin(), parts_->status.end(), [status](StatusRange range) {
        return status >= range.first && status <= range.last;
    });
}
std::size_t ResponseChecks::size() const {
    return (has_status() ? 1 : 0) + parts_->headers.size() + parts_->contains.size() +
           parts_->json.size() + (parts_->latency ? 1 : 0);
}

std::vector<std::string> ResponseChecks::faults(const CheckedAnswer& answer) const {
    std::vector<std::string> out;
    if (has_status() && !allows(answer.status)) {
        std::string wanted;
        for (const StatusRange& range : parts_->status) {
            wanted += (wanted.empty() ? "" : " or ") + range.text();
        }
        out.push_back("the status is " + std::to_string(answer.status) + ", not " + wanted);
    }
    for (const Parts::Header& header : parts_->headers) {
        const std::string* value = answer.header ? answer.header(header.name) : nullptr;
        if (value == nullptr) {
            out.push_back("there is no header " + shown(header.name));
        } else if (header.pattern ? !RE2::PartialMatch(*value, *header.pattern)
                                  : *value != header.value) {
            out.push_back("the header " + shown(header.name) + " is \"" + answer.shown(*value) +
                          "\", not " +
                          shown(header.pattern ? header.pattern->pattern() : header.value));
        }
    }
    parts_->check_body(answer, out);
    if (parts_->latency && answer.latency > *parts_->latency) {
        out.push_back("it took " + format_duration(answer.latency / 1ms * 1ms) + ", more than " +
                      format_duration(*parts_->latency));
    }
    return out;
}

}  // namespace sluice::work
