// SPDX-License-Identifier: Apache-2.0
#include "modules/work/types.h"

#include "modules/work/task.h"

#include <algorithm>

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
    const auto services =
        std::make_shared<const Services>(Services{settings, std::move(files), std::move(rules)});
    std::vector<sdk::JobType> types;
    for (auto* make : {&csv_stats, &exec, &file_compress, &file_decompress, &http_get,
                       &math_factorial, &math_primes, &text_convert, &text_wordcount}) {
        types.push_back(make(services));
    }
    return types;
}

}  // namespace sluice::work
