// SPDX-License-Identifier: Apache-2.0
#include "app/helper_programs.h"

#include "app/exit_code.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

namespace sluice::app {

namespace {

std::string path_of(Helper helper) {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const char* const name = helper == Helper::worker ? "sluice-worker" : "sluice-crawler";
    return (self.parent_path() / name).string();
}

/// For exec; points into `words`.
std::vector<char*> argv_of(std::vector<std::string>& words) {
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    return argv;
}

using Actions = posix_spawn_file_actions_t;

/// Starts sluice-worker. Errors: not_found (it is not installed beside this program), io.
Result<pid_t> start_worker(std::string name, std::vector<std::string> words,
                           const Actions* actions) {
    const std::string worker = path_of(Helper::worker);
    words.insert(words.begin(), std::move(name));
    pid_t pid = 0;
    const int error =
        posix_spawn(&pid, worker.c_str(), actions, nullptr, argv_of(words).data(), environ);
    if (error == ENOENT) return fail(Code::not_found, worker + " is not there");
    if (error != 0) return fail(Code::io, worker + ": " + std::strerror(error));
    return pid;
}

Result<int> exit_code_of(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return fail(Code::io, std::string("sluice-worker: ") + std::strerror(errno));
    }
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    return fail(Code::io, "sluice-worker was ended by signal " + std::to_string(WTERMSIG(status)));
}

/// All that comes, up to one byte more than helper_output_bytes_max.
std::string read_all(int descriptor) {
    std::string text;
    std::array<char, 16384> buffer{};
    while (text.size() <= helper_output_bytes_max) {
        const ssize_t count = read(descriptor, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
}

}  // namespace

int become(Helper helper, std::string name, std::vector<std::string> words) {
    const std::string program = path_of(helper);
    const std::string said = name;
    words.insert(words.begin(), std::move(name));
    execv(program.c_str(), argv_of(words).data());
    std::fprintf(stderr,
                 "%s: cannot start %s: %s\n  it is installed beside sluice; build it "
                 "with: ./dev build\n",
                 said.c_str(), program.c_str(), std::strerror(errno));
    return exit_failed;
}

Result<int> run_worker(std::string name, std::vector<std::string> words) {
    SLUICE_TRY(const pid_t pid, start_worker(std::move(name), std::move(words), nullptr));
    return exit_code_of(pid);
}

Result<HelperOutput> read_worker(std::string name, std::vector<std::string> words) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
        return fail(Code::io, std::string("a pipe: ") + std::strerror(errno));
    Actions actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    const auto pid = start_worker(std::move(name), std::move(words), &actions);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    std::string text = pid ? read_all(ends[0]) : std::string();
    close(ends[0]);  // before the wait: who still writes must not wait for us
    if (!pid) return pid.error();
    SLUICE_TRY(const int exit_code, exit_code_of(*pid));
    if (text.size() > helper_output_bytes_max)
        return fail(Code::exhausted, "sluice-worker printed too much");
    return HelperOutput{.exit_code = exit_code, .text = std::move(text)};
}

}  // namespace sluice::app
