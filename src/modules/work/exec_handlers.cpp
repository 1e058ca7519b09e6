// SPDX-License-Identifier: Apache-2.0
#include "modules/work/exec_handlers.h"

#include "kernel/base/text.h"
#include "kernel/net/temporary_folder.h"
#include "modules/work/core/exec_protocol.h"
#include "modules/work/core/utf8.h"
#include "modules/work/shell/confinement.h"
#include "modules/work/shell/process.h"
#include "modules/work/task.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <memory>

namespace sluice::work {

namespace {

constexpr Bytes complaints_max = mib(64);
constexpr const char* search_path = "/usr/local/bin:/usr/bin:/bin";

/// A handler as it is carried out.
struct Program {
    ExecHandler settings;
    std::string path;
    std::string folder;
    ExitMap exits;
    Namespaces namespaces;
    /// Without a /tmp of its own it gets a folder in the common one.
    bool scratch_folder = false;
    std::string cgroup;
};

Result<std::string> find_program(const std::string& word) {
    if (word.starts_with('/')) {
        if (::access(word.c_str(), X_OK) == 0) return word;
        return fail(Code::not_found, word + " is no program that can be run");
    }
    if (word.empty() || word.find('/') != std::string::npos) {
        return fail(Code::invalid, "\"" + word + "\" must be an absolute path or a plain name");
    }
    for (const std::string_view folder : split(search_path, ':')) {
        std::string path = std::string(folder) + '/' + word;
        if (::access(path.c_str(), X_OK) == 0) return path;
    }
    return fail(Code::not_found, "there is no program \"" + word + "\" in " + search_path);
}

bool is_below_tmp(const std::string& path) { return path == "/tmp" || path.starts_with("/tmp/"); }

/// A new /tmp would hide what the program needs.
bool uses_tmp(const Program& program) {
    return is_below_tmp(program.path) || is_below_tmp(program.folder) ||
           std::any_of(program.settings.command.begin(), program.settings.command.end(),
                       is_below_tmp);
}

Status confine(Program& program, const ConfinementSupport& support) {
    const ExecHandler& settings = program.settings;
    const auto want = [&](bool wanted, const std::string& missing, bool& out) -> Status {
        out = wanted && missing.empty();
        if (!wanted || missing.empty() || settings.confine != Confine::required) return {};
        return fail(Code::denied, "confinement is required and not to be had: " + missing);
    };
    const std::string tmp_missing =
        uses_tmp(program) ? "its program, folder or arguments are below /tmp" : support.private_tmp;
    SLUICE_TRY_STATUS(want(!settings.network, support.no_network, program.namespaces.no_network));
    SLUICE_TRY_STATUS(want(settings.private_tmp, tmp_missing, program.namespaces.private_tmp));
    program.scratch_folder = settings.private_tmp && !program.namespaces.private_tmp;
    return {};
}

Result<Program> make_program(const ExecHandler& handler, const std::string& write_root) {
    Program program{.settings = handler};
    if (handler.command.empty()) return fail(Code::invalid, "command is missing");
    SLUICE_TRY(program.path, find_program(handler.command.front()));
    program.folder = !handler.folder.empty() ? handler.folder
                     : write_root.empty()    ? "/"
                                             : write_root;
    for (const std::string& variable : handler.environment) {
        if (variable.find('=') == std::string::npos || variable.starts_with('=')) {
            return fail(Code::invalid, "environment: \"" + variable + "\" is not NAME=value");
        }
    }
    SLUICE_TRY(program.exits, ExitMap::parse({.success = handler.success,
                                              .never_retry = handler.never_retry,
                                              .give_back = handler.give_back}));
    return program;
}

/// One run: what the program says on the way, and what becomes of its end.
class Run {
public:
    Run(const Program& program, sdk::JobContext& context)
        : program_(program), context_(context), complaints_(exec_complaint_bytes_max) {}

    sdk::Outcome run() {
        auto result = perform();
        if (!result) return to_failure(result.error());
        return judge(*result);
    }

private:
    Result<ProcessResult> perform() {
        std::optional<TemporaryFolder> scratch;
        if (program_.scratch_folder) {
            SLUICE_TRY(TemporaryFolder made, TemporaryFolder::make("/tmp/sluice-job-"));
            scratch.emplace(std::move(made));
        }
        SLUICE_TRY_STATUS(enter_group());
        ProcessSpec spec = make_spec(scratch ? scratch->path() : "/tmp");
        auto result = run_process(spec, context_.cancel());
        errors_.finish([this](std::string_view line) { take_error(line); });
        progress_.finish([this](std::string_view line) { take_progress(line); });
        if (group_) out_of_memory_ = group_->out_of_memory_kills() > 0;
        return result;
    }

    Status enter_group() {
        const ExecHandler& settings = program_.settings;
        if (program_.cgroup.empty()) return {};
        static std::atomic<std::uint64_t> number{0};
        CgroupLimits limits;
        if (settings.group_memory.count > 0) limits.memory = settings.group_memory;
        if (settings.group_cpu > 0) limits.cpu = settings.group_cpu;
        if (settings.group_processes > 0) limits.processes = settings.group_processes;
        SLUICE_TRY(Cgroup made,
                   Cgroup::make(program_.cgroup,
                                "sluice-" + std::to_string(::getpid()) + "-" +
                                    std::to_string(number.fetch_add(1, std::memory_order_relaxed)),
                                limits));
        group_.emplace(std::move(made));
        return {};
    }

    ProcessSpec make_spec(const std::string& temporary) {
        const ExecHandler& settings = program_.settings;
        const sdk::Delivery& job = context_.job();
        ProcessSpec spec;
        spec.path = program_.path;
        spec.arguments.assign(settings.command.begin() + 1, settings.command.end());
        spec.environment = {std::string("PATH=") + search_path,
                            "LANG=C.UTF-8",
                            "TMPDIR=" + temporary,
                            "SLUICE_JID=" + job.jid,
                            "SLUICE_TYPE=" + job.type,
                            "SLUICE_ATTEMPT=" + std::to_string(job.attempt)};
        spec.environment.insert(spec.environment.end(), settings.environment.begin(),
                                settings.environment.end());
        spec.folder = program_.folder;
        spec.input = exec_envelope({.jid = job.jid,
                                    .queue = job.queue,
                                    .type = job.type,
                                    .attempt = job.attempt,
                                    .args = job.args,
                                    .custom = job.custom});
        spec.timeout = settings.timeout;
        spec.grace = settings.grace;
        spec.output_kept_max = settings.output_max;
        spec.output_total_max = Bytes{settings.output_max.count + complaints_max.count};
        spec.limits = {.cpu_time = settings.cpu_time,
                       .memory = settings.memory,
                       .file_size = settings.file_size,
                       .open_files = settings.open_files};
        spec.namespaces = program_.namespaces;
        if (group_) spec.cgroup = group_->folder();
        spec.on_errors = [this](std::string_view piece) {
            errors_.feed(piece, [this](std::string_view line) { take_error(line); });
        };
        if (settings.progress_on_descriptor) {
            spec.environment.emplace_back("SLUICE_PROGRESS_FD=3");
            spec.on_progress = [this](std::string_view piece) {
                progress_.feed(piece, [this](std::string_view line) { take_progress(line); });
            };
        }
        return spec;
    }

    void take_error(std::string_view line) {
        if (!program_.settings.progress_on_descriptor && report(line, false)) return;
        complaints_.add_line(line);
    }
    void take_progress(std::string_view line) { report(line, true); }
    bool report(std::string_view line, bool bare) {
        const auto progress = parse_exec_progress(line, bare);
        if (progress) context_.progress(progress->percent, to_valid_utf8(progress->note));
        return progress.has_value();
    }

    sdk::Outcome judge(const ProcessResult& result) {
        const ExitVerdict verdict =
            result.signal != 0 ? ExitVerdict::retry : program_.exits.judge(result.exit_code);
        if (verdict == ExitVerdict::success) {
            if (result.out.is_cut()) {
                return sdk::Failure{"LimitExceeded",
                                    "the program wrote " + std::to_string(result.out.bytes) +
                                        " bytes; a result may have " +
                                        std::to_string(program_.settings.output_max.count),
                                    true,
                                    {}};
            }
            return exec_result(result.out.text);
        }
        std::string message = result.signal != 0
                                  ? "ended by signal " + std::to_string(result.signal)
                                  : "exit code " + std::to_string(result.exit_code);
        if (out_of_memory_) message += " (out of the memory of its control group)";
        const std::string_view said = trim(complaints_.text());
        if (!said.empty()) message += ": " + to_valid_utf8(said);
        sdk::Failure failure{
            "ExitStatus", std::move(message), verdict == ExitVerdict::never_retry, {}};
        failure.give_back = verdict == ExitVerdict::give_back;
        return failure;
    }

    const Program& program_;
    sdk::JobContext& context_;
    LineCutter errors_;
    LineCutter progress_;
    TailText complaints_;
    std::optional<Cgroup> group_;
    bool out_of_memory_ = false;
};

sdk::JobType make_type(std::shared_ptr<const Program> program) {
    const ExecHandler& settings = program->settings;
    sdk::JobType type;
    type.name = settings.name;
    type.summary =
        settings.summary.empty() ? "Runs `" + join(settings.command, " ") + "`." : settings.summary;
    type.schema.notes =
        "Whatever the program takes: it reads the job as one line of JSON (`jid`, `queue`, `type`, "
        "`attempt`, `args`, `custom`) from its standard input.";
    type.result_help =
        "What the program writes to its standard output: JSON as it is, other text as a text.";
    type.example = "sluice push " + settings.name + " '{\"path\": \"a.bin\"}'";
    type.run = [program = std::move(program)](sdk::JobContext& context) {
        return Run(*program, context).run();
    };
    return type;
}

std::string check_group(const std::string& cgroup) {
    if (cgroup.empty()) return "work.exec_cgroup is not set";
    const auto made = Cgroup::make(cgroup, "sluice-probe-" + std::to_string(::getpid()),
                                   {.memory = mib(64), .cpu = 1, .processes = 16});
    return made ? std::string() : made.error().message;
}

Error in_handler(const ExecHandler& handler, Error error) {
    return std::move(error).in("work.exec." + handler.name);
}

bool wants_group(const ExecHandler& handler) {
    return handler.group_memory.count > 0 || handler.group_processes > 0 || handler.group_cpu > 0;
}

}  // namespace

Result<std::vector<sdk::JobType>> exec_handler_types(const std::vector<ExecHandler>& handlers,
                                                     const std::string& write_root,
                                                     const std::string& cgroup) {
    std::vector<sdk::JobType> types;
    if (handlers.empty()) return types;
    const ConfinementSupport support = probe_confinement();
    const bool any_group = std::any_of(handlers.begin(), handlers.end(), wants_group);
    const std::string no_group = any_group ? check_group(cgroup) : "";
    for (const ExecHandler& handler : handlers) {
        auto program = make_program(handler, write_root);
        if (!program) return in_handler(handler, program.error());
        if (const Status confined = confine(*program, support); !confined) {
            return in_handler(handler, confined.error());
        }
        if (wants_group(handler) && no_group.empty()) program->cgroup = cgroup;
        if (wants_group(handler) && !no_group.empty() && handler.confine == Confine::required) {
            return fail(Code::denied, "work.exec." + handler.name +
                                          ": its control group is not to be had: " + no_group);
        }
        types.push_back(make_type(std::make_shared<const Program>(*std::move(program))));
    }
    return types;
}

std::vector<std::string> describe_confinement(const std::vector<ExecHandler>& handlers,
                                              const std::string& cgroup) {
    std::vector<std::string> lines;
    if (handlers.empty()) return lines;
    const ConfinementSupport support = probe_confinement();
    const bool any_group = std::any_of(handlers.begin(), handlers.end(), wants_group);
    const std::string no_group = any_group ? check_group(cgroup) : "";
    for (const ExecHandler& handler : handlers) {
        const auto say = [&](const std::string& what, const std::string& missing) {
            lines.push_back(handler.name + ": " +
                            (missing.empty() ? what : "without " + what + ": " + missing));
        };
        if (handler.network) {
            lines.push_back(handler.name + ": the network is allowed");
        } else {
            say("the network cut off", support.no_network);
        }
        Program program{.settings = handler};
        program.folder = handler.folder;
        if (handler.private_tmp) {
            say("a /tmp of its own", uses_tmp(program)
                                         ? "its program, folder or arguments are below /tmp"
                                         : support.private_tmp);
        }
        if (wants_group(handler)) say("a control group of its own", no_group);
    }
    return lines;
}

}  // namespace sluice::work
