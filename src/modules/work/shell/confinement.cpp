// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/confinement.h"

#include "kernel/base/text.h"
#include "kernel/net/owned_fd.h"
#include "kernel/sync/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <system_error>

namespace sluice::work {

namespace {

std::string said(int error) { return std::generic_category().message(error); }

/// Async-signal-safe.
bool write_whole(const char* path, const char* text) noexcept {
    const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const std::size_t size = std::strlen(text);
    const ssize_t count = ::write(fd, text, size);
    const int error = errno;
    ::close(fd);
    errno = error;
    return count == static_cast<ssize_t>(size);
}

/// Empty if the plan can be carried out.
std::string try_plan(const Namespaces& wanted) {
    const NamespaceTexts texts = namespace_texts_of_caller();
    const NamespacePlan plan = namespace_plan(wanted, texts);
    const pid_t child = ::fork();
    if (child == 0) ::_exit(enter_namespaces(plan) ? 0 : std::min(errno, 255));
    if (child < 0) return said(errno);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status)) return "a trial of it was killed";
    return WEXITSTATUS(status) == 0 ? std::string() : said(WEXITSTATUS(status));
}

Status put(const std::string& path, const std::string& text) {
    if (write_whole(path.c_str(), text.c_str())) return {};
    const int error = errno;
    const Code code = error == ENOENT                     ? Code::not_found
                      : error == EACCES || error == EPERM ? Code::denied
                                                          : Code::io;
    return fail(code, path + ": " + said(error));
}

std::string file_text(const std::string& path) {
    const OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 4096> text;
    const ssize_t count = fd ? ::read(fd.get(), text.data(), text.size()) : 0;
    return count > 0 ? std::string(text.data(), static_cast<std::size_t>(count)) : std::string();
}

/// Killed processes leave their group a moment after the kill, and until then it cannot be removed.
/// One that the kernel does not let go of is not waited for: its group stays behind, empty one day.
void kill_and_remove(const std::string& folder) {
    constexpr Duration patience = 2s;
    constexpr int look_milliseconds = 50;
    const OwnedFd events(::open((folder + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
    write_whole((folder + "/cgroup.kill").c_str(), "1");
    const Instant give_up_at = deadline_after(patience);
    while (::rmdir(folder.c_str()) != 0 && errno == EBUSY && monotonic_now() < give_up_at) {
        pollfd changed{events.get(), POLLPRI, 0};
        ::poll(&changed, 1, look_milliseconds);
    }
}

}  // namespace

NamespaceTexts namespace_texts_of_caller() {
    const std::string uid = std::to_string(::geteuid());
    const std::string gid = std::to_string(::getegid());
    return {.uid_map = uid + ' ' + uid + " 1\n", .gid_map = gid + ' ' + gid + " 1\n"};
}

NamespacePlan namespace_plan(const Namespaces& wanted, const NamespaceTexts& texts) {
    NamespacePlan plan;
    if (wanted.no_network) plan.flags |= CLONE_NEWNET;
    if (wanted.private_tmp) plan.flags |= CLONE_NEWNS;
    plan.private_tmp = wanted.private_tmp;
    plan.uid_map = texts.uid_map.c_str();
    plan.gid_map = texts.gid_map.c_str();
    return plan;
}

bool enter_namespaces(const NamespacePlan& plan) noexcept {
    if (plan.flags == 0) return true;
    if (::unshare(plan.flags) != 0) {
        // Only the superuser may do that directly; others first become one in a world of their own.
        if (errno != EPERM || ::unshare(plan.flags | CLONE_NEWUSER) != 0) return false;
        if (!write_whole("/proc/self/setgroups", "deny") && errno != ENOENT) return false;
        if (!write_whole("/proc/self/uid_map", plan.uid_map)) return false;
        if (!write_whole("/proc/self/gid_map", plan.gid_map)) return false;
    }
    if (!plan.private_tmp) return true;
    // Not back into the world outside, then over what is there.
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
    return ::mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=64m,mode=1777") == 0;
}

ConfinementSupport probe_confinement() {
    return {.no_network = try_plan({.no_network = true, .private_tmp = false}),
            .private_tmp = try_plan({.no_network = false, .private_tmp = true})};
}

Result<Cgroup> Cgroup::make(const std::string& parent, const std::string& name,
                            const CgroupLimits& limits) {
    std::string folder = parent + '/' + name;
    if (::mkdir(folder.c_str(), 0755) != 0) {
        const int error = errno;
        const Code code = error == ENOENT                                       ? Code::not_found
                          : error == EACCES || error == EPERM || error == EROFS ? Code::denied
                                                                                : Code::io;
        return fail(code, "the control group " + folder + " cannot be made: " + said(error));
    }
    Cgroup made(std::move(folder));
    if (limits.memory) {
        SLUICE_TRY_STATUS(put(made.folder_ + "/memory.max", std::to_string(limits.memory->count)));
        // All of it dies together, rather than one process that the others then wait for.
        SLUICE_TRY_STATUS(put(made.folder_ + "/memory.oom.group", "1"));
    }
    if (limits.cpu) {
        constexpr double period = 100'000;  // microseconds
        const auto quota = std::max<std::int64_t>(std::llround(*limits.cpu * period), 1000);
        SLUICE_TRY_STATUS(put(made.folder_ + "/cpu.max", std::to_string(quota) + " 100000"));
    }
    if (limits.processes) {
        SLUICE_TRY_STATUS(put(made.folder_ + "/pids.max", std::to_string(*limits.processes)));
    }
    return made;
}

Cgroup::~Cgroup() {
    if (!folder_.empty()) kill_and_remove(folder_);
}

std::uint64_t Cgroup::out_of_memory_kills() const {
    const std::string text = file_text(folder_ + "/memory.events");
    for (const std::string_view line : split(text, '\n')) {
        if (!line.starts_with("oom_kill ")) continue;
        return static_cast<std::uint64_t>(parse_int(line.substr(9)).value_or(0));
    }
    return 0;
}

}  // namespace sluice::work
