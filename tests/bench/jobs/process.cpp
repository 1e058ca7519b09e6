// SPDX-License-Identifier: Apache-2.0
#include "process.h"

#include "load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace sluice::bench {

namespace {

bool port_answers(std::uint16_t port) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool ok =
        ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(descriptor);
    return ok;
}

}  // namespace

ServerProcess::ServerProcess(const std::vector<std::string>& command, std::string log_file)
    : pid_(::fork()), log_file_(std::move(log_file)) {
    if (pid_ != 0) return;
    const int log = ::open(log_file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(log, 1);
    ::dup2(log, 2);
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    std::_Exit(127);
}

ServerProcess::~ServerProcess() {
    if (pid_ > 0) kill(SIGTERM);
}

double ServerProcess::wait_for_port(std::uint16_t port) const {
    const std::uint64_t begun = now_ns();
    while (!port_answers(port)) {
        const bool gone = ::waitpid(pid_, nullptr, WNOHANG) == pid_;
        if (gone || now_ns() - begun > 60'000'000'000ULL) {
            std::ifstream log(log_file_);
            std::stringstream text;
            text << log.rdbuf();
            std::fprintf(stderr, "bench: the server did not start:\n%s\n", text.str().c_str());
            std::exit(1);
        }
        ::poll(nullptr, 0, 2);  // a foreign server says no other way that it is ready
    }
    return static_cast<double>(now_ns() - begun) / 1e9;
}

void ServerProcess::kill(int signal) {
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

double ServerProcess::cpu_seconds() const {
    std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
    std::string word;
    std::getline(stat, word, ')');
    for (int i = 0; i < 11; ++i) stat >> word;
    double user = 0;
    double system = 0;
    stat >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double ServerProcess::resident_mib() const {
    std::ifstream statm("/proc/" + std::to_string(pid_) + "/statm");
    double total = 0;
    double resident = 0;
    statm >> total >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

std::uint16_t free_port() {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(descriptor);
    return ntohs(address.sin_port);
}

std::string find_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::stringstream folders(std::string(path != nullptr ? path : "") + ":/usr/sbin");
    std::string folder;
    while (std::getline(folders, folder, ':')) {
        const std::string candidate = folder + "/" + name;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return {};
}

}  // namespace sluice::bench
