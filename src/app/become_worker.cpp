// SPDX-License-Identifier: Apache-2.0
#include "app/become_worker.h"

#include "app/exit_code.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace sluice::app {

int become_worker(std::string name, std::vector<std::string> words) {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::string worker = (self.parent_path() / "sluice-worker").string();
    const std::string said = name;
    words.insert(words.begin(), std::move(name));
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(worker.c_str(), argv.data());
    std::fprintf(stderr,
                 "%s: cannot start %s: %s\n  it is installed beside sluice; build it "
                 "with: ./dev build\n",
                 said.c_str(), worker.c_str(), std::strerror(errno));
    return exit_failed;
}

}  // namespace sluice::app
