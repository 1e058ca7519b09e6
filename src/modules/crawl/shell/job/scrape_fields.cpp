// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/job/scrape_fields.h"

#include "kernel/base/text.h"
#include "kernel/wire/json_text.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace sluice::crawl {
namespace {

constexpr std::int64_t pattern_memory_max = 1 << 20;

/// What is done to a text that was found.
struct Cleaning {
    std::unique_ptr<RE2> pattern;  ///< its first group, or all of it, is what counts
    bool number = false;
};

/// "1,299.50 EUR" → 1299.5; nothing without digits.
std::optional<double> number_in(std::string_view text) {
    const std::size_t begin = text.find_first_of("0123456789");
    if (begin == std::string_view::npos) return std::nullopt;
    std::string digits = begin > 0 && text[begin - 1] == '-' ? "-" : "";
    bool point = false;
    for (const char c : text.substr(begin)) {
        if (c == ',') continue;
        if (c == '.' && point) break;
        point = point || c == '.';
        if (c != '.' && (c < '0' || c > '9')) break;
        digits += c;
    }
    if (digits.back() == '.') digits.pop_back();
    // "007" is a number for people, but none of JSON.
    const std::size_t sign = digits.front() == '-' ? 1 : 0;
    while (digits.size() > sign + 1 && digits[sign] == '0' && digits[sign + 1] != '.')
        digits.erase(sign, 1);
    const auto json = JsonDocument::parse(digits);
    const auto value = json ? json->root().as_double() : Result<double>(json.error());
    return value ? std::optional(*value) : std::nullopt;
}

void put_clean(JsonWriter& json, std::string_view text, const Cleaning& cleaning) {
    std::string found(text);
    if (cleaning.pattern) {
        re2::StringPiece groups[2];
        const int wanted = cleaning.pattern->NumberOfCapturingGroups() > 0 ? 2 : 1;
        if (!cleaning.pattern->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                                     RE2::UNANCHORED, groups, wanted)) {
            json.null();
            return;
        }
        const re2::StringPiece& group = groups[wanted - 1];
        found.assign(group.data() == nullptr ? "" : group.data(), group.size());
    }
    if (!cleaning.number) {
        json.string(found);
    } else if (const auto number = number_in(found)) {
        json.number(*number);
    } else {
        json.null();
    }
}

Result<std::string> text_in(JsonView object, std::string_view name) {
    const auto value = object.find(name);
    if (!value) return std::string();
    const auto text = value->as_string();
    if (!text) return fail(Code::invalid, "\"" + std::string(name) + "\" must be a text");
    return std::string(*text);
}

}  // namespace

struct ScrapeFields::Parts {
    std::vector<std::string> texts;
    std::optional<ExtractRules> rules;
    std::map<std::string, Cleaning, std::less<>> cleanings;

    Status add(JsonMember field, const std::string& urls);
};

Status ScrapeFields::Parts::add(JsonMember field, const std::string& urls) {
    std::string selector;
    bool all = false;
    Cleaning cleaning;
    if (const auto text = field.value.as_string()) {
        selector = *text;
        if (!selector.starts_with("css:") && !selector.starts_with("xpath:"))
            selector.insert(0, "css:");
    } else if (field.value.is_object()) {
        for (const JsonMember member : field.value.members()) {
            constexpr std::string_view known[] = {"css", "xpath", "attr", "all", "pattern", "as"};
            if (std::find(std::begin(known), std::end(known), member.name) == std::end(known))
                return fail(Code::invalid, "\"" + std::string(truncate_utf8(member.name, 60)) +
                                               "\" is none of css, xpath, attr, all, pattern, as");
        }
        SLUICE_TRY(const std::string css, text_in(field.value, "css"));
        SLUICE_TRY(const std::string xpath, text_in(field.value, "xpath"));
        SLUICE_TRY(const std::string attribute, text_in(field.value, "attr"));
        SLUICE_TRY(const std::string pattern, text_in(field.value, "pattern"));
        SLUICE_TRY(const std::string as, text_in(field.value, "as"));
        if (css.empty() == xpath.empty()) return fail(Code::invalid, "give either css or xpath");
        if (!attribute.empty() && css.empty())
            return fail(Code::invalid, "attr goes with css; in an XPath write /@NAME");
        selector = css.empty() ? "xpath:" + xpath : "css:" + css;
        if (!attribute.empty()) selector += "::attr(" + attribute + ")";
        if (const auto value = field.value.find("all")) {
            const auto flag = value->as_bool();
            if (!flag) return fail(Code::invalid, "\"all\" must be true or false");
            all = *flag;
        }
        if (!pattern.empty()) {
            RE2::Options options;
            options.set_log_errors(false);
            options.set_max_mem(pattern_memory_max);
            cleaning.pattern = std::make_unique<RE2>(pattern, options);
            if (!cleaning.pattern->ok())
                return fail(Code::invalid, "no pattern of RE2: " + cleaning.pattern->error());
        }
        if (!as.empty() && as != "number" && as != "text")
            return fail(Code::invalid, "\"as\" must be \"number\" or \"text\"");
        cleaning.number = as == "number";
    } else {
        return fail(Code::invalid, "it must be a selector or an object");
    }
    const std::string name(field.name);
    texts.push_back((urls.empty() ? "" : "url~" + urls + " ") + name + (all ? "[]=" : "=") +
                    selector);
    if (cleaning.pattern || cleaning.number) cleanings[name] = std::move(cleaning);
    return {};
}

ScrapeFields::ScrapeFields(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
ScrapeFields::ScrapeFields(ScrapeFields&&) noexcept = default;
ScrapeFields& ScrapeFields::operator=(ScrapeFields&&) noexcept = default;
ScrapeFields::~ScrapeFields() = default;

Result<ScrapeFields> ScrapeFields::parse(JsonView object, std::string_view urls) {
    if (urls.find_first_of(" \t\r\n") != std::string_view::npos)
        return fail(Code::invalid, "the pattern of URLs holds a blank; write \\s");
    auto parts = std::make_unique<Parts>();
    for (const JsonMember field : object.members()) {
        if (const Status status = parts->add(field, std::string(urls)); !status)
            return fail(Code::invalid, "the field \"" + std::string(truncate_utf8(field.name, 60)) +
                                           "\": " + status.error().message);
    }
    if (parts->texts.empty()) return fail(Code::invalid, "no field is named");
    SLUICE_TRY(parts->rules, ExtractRules::parse(parts->texts));
    return ScrapeFields(std::move(parts));
}

const ExtractRules& ScrapeFields::rules() const { return *parts_->rules; }

std::string ScrapeFields::clean(const std::string& found) const {
    if (found.empty() || parts_->cleanings.empty()) return found;
    const auto json = JsonDocument::parse(found);
    if (!json) return found;
    std::string out;
    JsonWriter writer(out);
    const auto put = [&writer](JsonView value, const Cleaning& cleaning) {
        if (const auto text = value.as_string())
            put_clean(writer, *text, cleaning);
        else
            writer.raw(value.raw());
    };
    writer.begin_object();
    for (const JsonMember member : json->root().members()) {
        writer.key(member.name);
        const auto cleaning = parts_->cleanings.find(member.name);
        if (cleaning == parts_->cleanings.end()) {
            writer.raw(member.value.raw());
        } else if (member.value.is_array()) {
            writer.begin_array();
            for (const JsonView each : member.value.elements()) put(each, cleaning->second);
            writer.end_array();
        } else {
            put(member.value, cleaning->second);
        }
    }
    writer.end_object();
    return out;
}

}  // namespace sluice::crawl
