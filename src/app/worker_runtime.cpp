// SPDX-License-Identifier: Apache-2.0
#include "app/worker_runtime.h"

#include "kernel/base/text.h"
#include "sdk/machine.h"

#include <algorithm>
#include <charconv>

namespace sluice::app {

namespace {

Result<double> read_number(std::string_view text) {
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || !(value >= 0) ||
        value > 1e12) {
        return fail(Code::invalid, '"' + std::string(text) + "\" is no number");
    }
    return value;
}

Error in_setting(std::string_view name, std::string_view entry, const std::string& why) {
    return fail(Code::invalid, std::string(name) + ": \"" + std::string(entry) + "\": " + why);
}

/// "cpu=0.5", one word of a line of work.needs.
Status read_need(std::string_view word, sdk::JobNeeds& needs) {
    const std::size_t equals = word.find('=');
    const std::string_view key = word.substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1);
    if (key == "label" && !value.empty()) {
        needs.labels.emplace_back(value);
        return {};
    }
    static constexpr std::string_view known[] = {"cpu", "mem_mb", "gpu", "label"};
    if (std::find(std::begin(known), std::end(known), key) == std::end(known)) {
        const std::vector<std::string_view> words(std::begin(known), std::end(known));
        const auto near = nearest(key, words);
        return fail(Code::invalid, "unknown need \"" + std::string(key) + '"' +
                                       (near ? "; did you mean \"" + std::string(*near) + "\"?"
                                             : "; there are cpu, mem_mb, gpu and label"));
    }
    SLUICE_TRY(const double number, read_number(value));
    if (key == "cpu") needs.cpu = number;
    if (key == "mem_mb") needs.mem_mb = static_cast<std::uint64_t>(number);
    if (key == "gpu") needs.gpu = static_cast<std::uint32_t>(std::min(number, 1e6));
    return {};
}

/// "auto", "none" or a number.
template <class T>
Status read_capacity(const std::string& name, const std::string& text, std::optional<T> detected,
                     std::optional<T>& out) {
    out.reset();
    if (text == "auto") out = detected;
    if (text == "auto" || text == "none") return {};
    const auto number = read_number(text);
    if (!number)
        return fail(Code::invalid, name + ": write auto, none or a number, not \"" + text + '"');
    out = static_cast<T>(*number);
    return {};
}

}  // namespace

std::vector<Setting> runtime_settings() {
    return {
        Setting::text("work.capacity.cpu", "auto",
                      "Processors for the needs of jobs; auto: what affinity and control groups "
                      "allow; none: not counted."),
        Setting::text("work.capacity.mem_mb", "auto",
                      "Memory for the needs of jobs in MiB; auto: the machine's or the control "
                      "group's; none: not counted."),
        Setting::integer("work.capacity.gpu", 0, {0, 1024}, "Graphics processors."),
        Setting::list("work.needs", {},
                      "What jobs of a type need, instead of what the type says: \"image.*: cpu=1 "
                      "mem_mb=512 gpu=1 label=ssd\" (labels are those of work.labels)."),
        Setting::list("work.type_concurrency", {},
                      "How many jobs of a type run at once: \"image.*=2\", for each type."),
        Setting::list(
            "work.isolate", {},
            "Types whose jobs run in processes of their own (\"image.*\"), so that a crash "
            "costs one job."),
        Setting::integer("work.pressure.available_percent", 5, {0, 90},
                         "Fetch no more below so much available memory; 0: do not look."),
        Setting::integer("work.pressure.stalled_percent", 20, {0, 100},
                         "Fetch no more while everybody waits for memory so much of the time "
                         "(Linux PSI, full avg10); 0: do not look."),
        Setting::text("work.spool", "",
                      "Folder where answers are kept while the server is away; empty: none."),
        Setting::size("work.spool_max", mib(64), {kib(64), Bytes{std::uint64_t{1} << 40}},
                      "Bytes of answers in it."),
        Setting::text("work.http", "",
                      "Address of the status page and /metrics, such as 127.0.0.1:7421; empty: "
                      "none."),
        Setting::boolean("work.http_insecure", false,
                         "Allow an address of it beyond this machine; it has no password."),
    };
}

Result<TypeRules> TypeRules::read(const Config& config) {
    TypeRules rules;
    for (const std::string& entry : config.list("work.needs")) {
        const std::size_t colon = entry.find(':');
        const std::string_view pattern = trim(std::string_view(entry).substr(0, colon));
        if (colon == std::string::npos || pattern.empty()) {
            return in_setting("work.needs", entry, "write \"TYPE: cpu=1 mem_mb=512\"");
        }
        NeedsRule rule{.pattern = std::string(pattern), .needs = {}};
        for (const std::string_view word : split_words(std::string_view(entry).substr(colon + 1))) {
            const Status read = read_need(word, rule.needs);
            if (!read) return in_setting("work.needs", entry, read.error().message);
        }
        rules.needs_.push_back(std::move(rule));
    }
    for (const std::string& entry : config.list("work.type_concurrency")) {
        const std::size_t equals = entry.rfind('=');
        const auto number = equals == std::string::npos
                                ? fail(Code::invalid, "")
                                : parse_int(std::string_view(entry).substr(equals + 1));
        if (!number || *number < 1 || *number > sdk::worker_concurrency_max || equals == 0) {
            return in_setting("work.type_concurrency", entry, "write \"TYPE=2\"");
        }
        rules.limits_.push_back({.pattern = entry.substr(0, equals),
                                 .concurrency_max = static_cast<std::uint32_t>(*number)});
    }
    rules.isolated_ = config.list("work.isolate");
    return rules;
}

sdk::TypeTerms TypeRules::terms(std::string_view type, const sdk::JobNeeds& needs) const {
    sdk::TypeTerms terms{.needs = needs};
    const auto need = std::find_if(needs_.begin(), needs_.end(), [&](const NeedsRule& rule) {
        return glob_match(rule.pattern, type);
    });
    if (need != needs_.end()) terms.needs = need->needs;
    const auto limit = std::find_if(limits_.begin(), limits_.end(), [&](const LimitRule& rule) {
        return glob_match(rule.pattern, type);
    });
    if (limit != limits_.end()) terms.concurrency_max = limit->concurrency_max;
    return terms;
}

bool TypeRules::is_isolated(std::string_view type) const {
    return std::any_of(isolated_.begin(), isolated_.end(),
                       [&](const std::string& pattern) { return glob_match(pattern, type); });
}

std::vector<std::string> TypeRules::unused(const std::vector<std::string>& types) const {
    std::vector<std::string> lines;
    const auto look = [&](const char* setting, const std::string& pattern) {
        if (std::any_of(types.begin(), types.end(),
                        [&](const std::string& type) { return glob_match(pattern, type); })) {
            return;
        }
        const std::vector<std::string_view> names(types.begin(), types.end());
        const auto near = nearest(pattern, names);
        lines.push_back(std::string(setting) + ": no type is called \"" + pattern + '"' +
                        (near ? "; did you mean \"" + std::string(*near) + "\"?" : ""));
    };
    for (const NeedsRule& rule : needs_) look("work.needs", rule.pattern);
    for (const LimitRule& rule : limits_) look("work.type_concurrency", rule.pattern);
    for (const std::string& pattern : isolated_) look("work.isolate", pattern);
    return lines;
}

Status set_runtime(const Config& config, sdk::WorkerOptions& options) {
    const sdk::Capacity detected = sdk::detect_capacity();
    SLUICE_TRY_STATUS(read_capacity("work.capacity.cpu", config.text("work.capacity.cpu"),
                                    detected.cpu, options.capacity.cpu));
    SLUICE_TRY_STATUS(read_capacity("work.capacity.mem_mb", config.text("work.capacity.mem_mb"),
                                    detected.mem_mb, options.capacity.mem_mb));
    options.capacity.gpu = static_cast<std::uint32_t>(config.integer("work.capacity.gpu"));
    options.capacity.labels = config.list("work.labels");
    options.pressure.available_percent_min =
        static_cast<double>(config.integer("work.pressure.available_percent"));
    options.pressure.stalled_percent_max =
        static_cast<double>(config.integer("work.pressure.stalled_percent"));
    options.spool_folder = config.text("work.spool");
    options.spool_max = config.size("work.spool_max");
    return {};
}

}  // namespace sluice::app
