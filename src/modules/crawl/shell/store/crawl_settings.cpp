// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/store/crawl_settings.h"

#include "kernel/base/bytes.h"

#include <algorithm>

namespace sluice::crawl {
namespace {

constexpr std::uint64_t settings_version = 1;

/// What it is set to; empty: it has no value, or is not known.
std::string_view value_of(const CrawlSettings& settings, std::string_view name) {
    const auto at = std::find_if(settings.fixed.begin(), settings.fixed.end(),
                                 [&](const auto& one) { return one.first == name; });
    return at == settings.fixed.end() ? std::string_view{} : at->second;
}

std::string shown(std::string_view value) {
    return value.empty() ? "nothing" : "\"" + std::string(value) + "\"";
}

}  // namespace

Status check_settings(const CrawlSettings& before, const CrawlSettings& now) {
    const auto compare = [&](std::string_view name) -> Status {
        const std::string_view old = value_of(before, name), given = value_of(now, name);
        if (old == given) return {};
        return fail(Code::invalid, "the crawl in this folder was begun with " + std::string(name) +
                                       " = " + shown(old) + " and cannot go on with " +
                                       shown(given) +
                                       ". Give the same, or begin a new crawl in another folder");
    };
    for (const auto& [name, value] : before.fixed) SLUICE_TRY_STATUS(compare(name));
    for (const auto& [name, value] : now.fixed) SLUICE_TRY_STATUS(compare(name));
    return {};
}

std::string settings_record(const CrawlSettings& settings) {
    std::string out;
    put_varint(out, settings_version);
    put_varint(out, settings.fixed.size());
    for (const auto& [name, value] : settings.fixed) {
        put_string(out, name);
        put_string(out, value);
    }
    put_string(out, settings.remembered);
    return out;
}

Result<CrawlSettings> read_settings(std::string_view record) {
    ByteReader in(record);
    const std::uint64_t found = in.varint();
    if (in.ok() && found > settings_version)
        return fail(Code::corrupt,
                    "the crawl was begun by a newer Sluice; use that one to go on with it");
    CrawlSettings settings;
    for (std::uint64_t left = in.varint(); in.ok() && left > 0; --left) {
        std::string name(in.string());
        settings.fixed.emplace_back(std::move(name), std::string(in.string()));
    }
    settings.remembered = in.string();
    if (!in.ok() || !in.at_end() || found == 0)
        return fail(Code::corrupt, "the settings of the crawl cannot be read");
    return settings;
}

}  // namespace sluice::crawl
