// SPDX-License-Identifier: Apache-2.0
// exec.
#include "kernel/base/text.h"
#include "kernel/wire/json_text.h"
#include "modules/work/core/utf8.h"
#include "modules/work/exec_handlers.h"
#include "modules/work/shell/process.h"
#include "modules/work/task.h"

#include <algorithm>

namespace sluice::work {

namespace {

constexpr double input_bytes_max = 1024 * 1024;

struct ExecRequest {
    ProcessSpec spec;
    bool check;
};

const AllowedProgram* find_program(const Services& services, std::string_view name) {
    const auto& programs = services.settings.programs;
    const auto found = std::find_if(programs.begin(), programs.end(),
                                    [name](const auto& program) { return program.name == name; });
    return found == programs.end() ? nullptr : &*found;
}

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

void add_environment(Arguments& arguments, const AllowedProgram& program, ProcessSpec& spec) {
    spec.environment = program.environment;
    for (const auto& [name, value] : arguments.pairs("environment")) {
        const auto& allowed = program.variables;
        if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
            arguments.refuse("environment", "sets \"" + std::string(truncate_utf8(name, 64)) +
                                                "\", which this worker does not allow");
        }
        if (has_nul(value)) arguments.refuse("environment", "holds a NUL character");
        std::string variable = name;
        variable.append("=").append(value);
        spec.environment.push_back(std::move(variable));
    }
}

void set_limits(const Services& services, ProcessSpec& spec) {
    const auto& limits = services.settings.limits;
    const auto& write_root = services.settings.write_root;
    spec.folder = write_root.empty() ? "/" : write_root;
    spec.output_kept_max = limits.exec_output_kept_max;
    spec.output_total_max = limits.exec_output_total_max;
    spec.limits = {.cpu_time = limits.exec_cpu_max,
                   .memory = limits.exec_memory_max,
                   .file_size = limits.output_max,
                   .open_files = 1024};
}

Result<ExecRequest> read_exec(Arguments& arguments, const Services& services) {
    ExecRequest request;
    const std::string name = arguments.text("program");
    const AllowedProgram none;
    const AllowedProgram* program = find_program(services, name);
    if (program == nullptr) {
        arguments.refuse("program", "names \"" + std::string(truncate_utf8(name, 64)) +
                                        "\", which this worker does not allow (work.programs)");
        program = &none;
    }
    ProcessSpec& spec = request.spec;
    spec.path = program->path;
    spec.arguments = program->arguments;
    for (auto& argument : arguments.texts("arguments")) {
        if (has_nul(argument)) arguments.refuse("arguments", "holds a NUL character");
        spec.arguments.push_back(std::move(argument));
    }
    add_environment(arguments, *program, spec);
    spec.input = arguments.text("input");
    spec.timeout = arguments.seconds("timeout");
    request.check = arguments.boolean("check");
    set_limits(services, spec);
    return request;
}

sdk::Failure exit_failure(const ProcessResult& result) {
    std::string message = result.signal != 0 ? "ended by signal " + std::to_string(result.signal)
                                             : "exit code " + std::to_string(result.exit_code);
    std::string_view said = trim(result.err.text);
    if (said.size() > exec_complaint_bytes_max)
        said.remove_prefix(said.size() - exec_complaint_bytes_max);
    if (!said.empty()) message += ": " + to_valid_utf8(said);
    return {"ExitStatus", std::move(message), false, {}};
}

sdk::Outcome run_exec(const ExecRequest& request, Task& task) {
    const auto result = run_process(request.spec, task.cancel());
    if (!result) return to_failure(result.error());
    if (request.check && result->exit_code != 0) return exit_failure(*result);
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("exit_code").integer(result->exit_code);
    if (result->signal != 0) json.key("signal").integer(result->signal);
    json.key("stdout").string(result->out.text);
    json.key("stdout_bytes").unsigned_integer(result->out.bytes);
    json.key("stdout_cut").boolean(result->out.is_cut());
    json.key("stderr").string(result->err.text);
    json.key("stderr_bytes").unsigned_integer(result->err.bytes);
    json.key("stderr_cut").boolean(result->err.is_cut());
    json.end_object();
    return out;
}

}  // namespace

sdk::JobType exec(const SharedServices& services) {
    return with_handler(
        {
            .name = "exec",
            .summary = "Runs a program that the worker allows by name.",
            .schema =
                {.arguments = {{.name = "program",
                                .required = true,
                                .help = "a name from the worker's settings, which say the file it "
                                        "stands for"},
                               {.name = "arguments",
                                .kind = ArgumentKind::texts,
                                .help = "given as they are; no shell reads them"},
                               {.name = "environment",
                                .kind = ArgumentKind::pairs,
                                .help = "only variables that the worker allows for this program; "
                                        "nothing else is passed on"},
                               {.name = "input",
                                .range = {.max = input_bytes_max},
                                .fallback = "",
                                .help = "what the program reads"},
                               timeout_argument(
                                   60s, services->settings.limits.exec_timeout_max,
                                   "then SIGTERM to all processes of its group, after 2 "
                                   "seconds SIGKILL"),
                               {.name = "check",
                                .kind = ArgumentKind::boolean,
                                .fallback = "true",
                                .help = "whether an exit code other than 0 fails the job"}},
                 .positions = 1,
                 .notes =
                     R"(The program runs in a process group of its own, in the folder for writing, without new privileges, with limits on processor time, memory, size of files and open files, and whatever it leaves running is killed, also what has left its group with setsid. More than 64 MiB of output kills it.)"},
            .result_help =
                R"(`exit_code` (128 + number if a `signal` ended it), `stdout` and `stderr` (the first 256 KiB of each; bytes that are not UTF-8 are replaced), `stdout_bytes`, `stderr_bytes`, `stdout_cut`, `stderr_cut`. With `check`, an exit code other than 0 is the failure `ExitStatus` with the end of stderr.)",
            .example = R"(sluice push exec date '{"arguments": ["-u", "-d", "@0"]}')",
        },
        services, &read_exec, &run_exec);
}

}  // namespace sluice::work
