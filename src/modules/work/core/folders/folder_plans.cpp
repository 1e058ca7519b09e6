// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/folders/folder_plans.h"

#include "modules/work/core/path_pattern.h"

#include <algorithm>
#include <string_view>

namespace sluice::work {

namespace {

bool fits(std::string_view path, const std::vector<std::string>& patterns) {
    return patterns.empty() ||
           std::any_of(patterns.begin(), patterns.end(),
                       [path](const std::string& pattern) { return path_fits(pattern, path); });
}

}  // namespace

std::vector<std::size_t> select_for_cleaning(const std::vector<FileFacts>& files,
                                             const CleanRules& rules, WallTime now) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (fits(files[i].path, rules.patterns)) places.push_back(i);
    }
    std::sort(places.begin(), places.end(), [&files](std::size_t a, std::size_t b) {
        if (files[a].changed != files[b].changed) return files[a].changed < files[b].changed;
        return files[a].path < files[b].path;
    });
    places.resize(places.size() - std::min<std::size_t>(places.size(), rules.keep_newest));
    std::erase_if(places, [&](std::size_t place) {
        const FileFacts& file = files[place];
        if (rules.older_than && now - file.changed < *rules.older_than) return true;
        return rules.larger_than && file.size < *rules.larger_than;
    });
    return places;
}

SyncPlan plan_sync(const std::vector<FileFacts>& source, const std::vector<FileFacts>& target,
                   bool by_content) {
    SyncPlan plan;
    std::size_t t = 0;
    for (std::size_t s = 0; s < source.size(); ++s) {
        while (t < target.size() && target[t].path < source[s].path) plan.deletes.push_back(t++);
        if (t == target.size() || target[t].path != source[s].path) {
            plan.copies.push_back(s);
            continue;
        }
        const FileFacts& there = target[t++];
        const bool alike = there.size == source[s].size && there.executable == source[s].executable;
        if (alike && by_content)
            plan.unsure.push_back(s);
        else if (alike && there.changed == source[s].changed)
            ++plan.same;
        else
            plan.copies.push_back(s);
    }
    while (t < target.size()) plan.deletes.push_back(t++);
    return plan;
}

Status check_deletes(std::uint64_t deletes, std::uint64_t of, const DeleteLimits& limits) {
    if (deletes > limits.files) {
        return fail(Code::exhausted, std::to_string(deletes) +
                                         " files would be deleted, more than `delete_max` of " +
                                         std::to_string(limits.files) + "; nothing was touched");
    }
    if (deletes > 0 &&
        100.0 * static_cast<double>(deletes) > limits.percent * static_cast<double>(of)) {
        return fail(Code::exhausted, std::to_string(deletes) + " of " + std::to_string(of) +
                                         " files would be deleted, a larger part than "
                                         "`delete_percent_max` allows; nothing was touched");
    }
    return {};
}

}  // namespace sluice::work
