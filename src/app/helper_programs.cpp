// SPDX-License-Identifier: Apache-2.0
#include "app/helper_programs.h"

#include "app/exit_code.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

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
    const std::string worker = path_of(Helper::worker);
    words.insert(words.begin(), std::move(name));
    pid_t pid = 0;
    const int error =
        posix_spawn(&pid, worker.c_str(), nullptr, nullptr, argv_of(words).data(), environ);
    if (error == ENOENT) return fail(Code::not_found, worker + " is not there");
    if (error != 0) return fail(Code::io, worker + ": " + std::strerror(error));
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) return fail(Code::io, worker + ": " + std::strerror(errno));
    }
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    return fail(Code::io, worker + " was ended by signal " + std::to_string(WTERMSIG(status)));
}

}  // namespace sluice::app
