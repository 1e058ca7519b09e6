// SPDX-License-Identifier: Apache-2.0
#include "modules/work/types.h"

#include "modules/work/http_types.h"
#include "modules/work/task.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice::work {

namespace {

Status check_program(const AllowedProgram& program) {
    if (program.name.empty()) return fail(Code::invalid, "an allowed program has no name");
    if (!program.path.starts_with('/')) {
        return fail(Code::invalid,
                    "the path of the allowed program \"" + program.name + "\" is not absolute");
    }
    for (const auto& variable : program.environment) {
        if (variable.find('=') == std::string::npos || variable.starts_with('=')) {
            return fail(Code::invalid, "the environment of the allowed program \"" + program.name +
                                           "\" has a part that is not NAME=value");
        }
    }
    return {};
}

}  // namespace

Result<std::vector<sdk::JobType>> built_in_types(const WorkSettings& settings) {
    for (const auto& program : settings.programs) SLUICE_TRY_STATUS(check_program(program));
    SLUICE_TRY(RootedFiles files, RootedFiles::open(settings.read_roots, settings.write_root));
    SLUICE_TRY(AddressRules rules, AddressRules::make(settings.http.hosts, settings.http.networks));
    SLUICE_TRY(Secrets secrets, Secrets::make(settings.secrets));
    SLUICE_TRY_STATUS(check_mail_policy(settings));
    const auto services = std::make_shared<const Services>(
        Services{settings, std::move(files), std::move(rules), std::move(secrets)});
    std::vector<sdk::JobType> types = csv_types(services);
    for (auto* make :
         {&exec, &file_compress, &file_decompress, &health_check, &http_download, &http_get,
          &http_request, &log_analyze, &mail_send, &math_factorial, &math_primes, &monitor_sample,
          &report_render, &text_convert, &text_wordcount}) {
        types.push_back(make(services));
    }
    for (auto* make :
         {&archive_types, &backup_types, &file_check_types, &file_part_types, &flow_types,
          &folder_types, &image_types, &markdown_types, &number_types, &table_types}) {
        auto group = make(services);
        std::move(group.begin(), group.end(), std::back_inserter(types));
    }
    SLUICE_TRY(auto handlers,
               exec_handler_types(settings.handlers, settings.write_root, settings.cgroup));
    std::move(handlers.begin(), handlers.end(), std::back_inserter(types));
    std::sort(types.begin(), types.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    const auto twice = std::adjacent_find(
        types.begin(), types.end(), [](const auto& a, const auto& b) { return a.name == b.name; });
    if (twice != types.end()) {
        return fail(Code::exists, "work.exec." + twice->name + ": there is a built-in type \"" +
                                      twice->name + "\"; choose another name");
    }
    return types;
}

}  // namespace sluice::work
