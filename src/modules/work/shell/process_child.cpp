// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/process_child.h"

#include "kernel/sync/clock.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace sluice::work {

namespace {

[[noreturn]] void give_up(const ChildPlan& plan) {
    const int error = errno;
    [[maybe_unused]] const ssize_t written = ::write(plan.report, &error, sizeof error);
    ::_exit(127);
}

void close_above_standard(int keep) {
    // The report's end closes itself at exec, like everything of ours; this is for descriptors
    // that libraries opened without that mark.
    constexpr unsigned mark = 1U << 2;  // CLOSE_RANGE_CLOEXEC
    if (::syscall(SYS_close_range, 3U, ~0U, mark) == 0) return;
    for (int fd = 3; fd < 4096; ++fd) {
        if (fd != keep) ::close(fd);
    }
}

[[noreturn]] void be_program(const ChildPlan& plan, pid_t keeper) {
    ::setpgid(0, 0);
    // Before the parent's death is watched for: a change of rights forgets that wish.
    if (plan.cgroup >= 0 && ::write(plan.cgroup, "0", 1) != 1) give_up(plan);
    if (!enter_namespaces(plan.namespaces)) give_up(plan);
    // Die with the keeper. If it died before this line, the parent is another one.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != keeper) ::_exit(127);
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) give_up(plan);
    for (std::size_t i = 0; i < plan.limit_count; ++i) {
        const rlimit limit{plan.limits[i].value, plan.limits[i].value};
        if (::setrlimit(static_cast<__rlimit_resource>(plan.limits[i].resource), &limit) != 0) {
            give_up(plan);
        }
    }
    if (::dup2(plan.input, 0) < 0 || ::dup2(plan.output, 1) < 0 || ::dup2(plan.errors, 2) < 0) {
        give_up(plan);
    }
    close_above_standard(plan.report);
    if (plan.progress >= 0 && ::dup2(plan.progress, 3) < 0) give_up(plan);
    if (::chdir(plan.folder) != 0) give_up(plan);
    ::execve(plan.path, plan.arguments, plan.environment);
    give_up(plan);
}

constexpr int end_signal = keeper_end_signal;
constexpr int kill_signal = keeper_kill_signal;
static_assert(end_signal == SIGTERM && kill_signal == SIGUSR1);

sigset_t keeper_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : {SIGCHLD, end_signal, kill_signal}) ::sigaddset(&set, number);
    return set;
}

/// SIGKILL for every child of the calling process, adopted ones included.
void kill_children() {
    const int list = ::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    if (list < 0) return;
    std::array<char, 4096> text;
    pid_t pid = 0;
    for (;;) {
        const ssize_t count = ::read(list, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        for (ssize_t i = 0; i < count; ++i) {
            const char c = text[static_cast<std::size_t>(i)];
            if (c >= '0' && c <= '9') {
                pid = pid * 10 + (c - '0');
            } else if (pid > 0) {
                ::kill(pid, SIGKILL);
                pid = 0;
            }
        }
    }
    if (pid > 0) ::kill(pid, SIGKILL);
    ::close(list);
}

/// Until no descendant is left. The children of a killed child become the keeper's, so every round
/// reaches one generation further. One that the kernel does not let go of is not waited for.
void kill_descendants() {
    constexpr Duration patience = 5s;
    constexpr timespec round{.tv_sec = 0, .tv_nsec = 20'000'000};
    const sigset_t signals = keeper_signals();
    const Instant give_up_at = deadline_after(patience);
    while (monotonic_now() < give_up_at) {
        kill_children();
        pid_t ended = 0;
        do {
            ended = ::waitpid(-1, nullptr, WNOHANG);
        } while (ended > 0 || (ended < 0 && errno == EINTR));
        if (ended < 0) return;
        ::sigtimedwait(&signals, nullptr, &round);
    }
}

/// The keeper runs as long as the program does: whatever else it held open, the program's pipes and
/// the worker's connections among it, would not close when it should. Gives the new descriptor.
int keep_only(int descriptor) {
    ::dup2(descriptor, 0);
    if (::syscall(SYS_close_range, 1U, ~0U, 0U) != 0) {
        for (int fd = 1; fd < 4096; ++fd) ::close(fd);
    }
    return 0;
}

}  // namespace

[[noreturn]] void be_keeper(const ChildPlan& plan) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    ::prctl(PR_SET_PDEATHSIG, kill_signal);
    if (::getppid() != plan.parent) ::_exit(127);
    const pid_t keeper = ::getpid();
    const pid_t program = ::_Fork();
    if (program < 0) give_up(plan);
    if (program == 0) be_program(plan, keeper);
    ::setpgid(program, program);  // both sides do it, so that neither has to wait for the other
    const int status_end = keep_only(plan.status);
    const sigset_t signals = keeper_signals();
    for (;;) {
        const int number = ::sigwaitinfo(&signals, nullptr);
        if (number == end_signal) {
            ::kill(-program, SIGTERM);
            ::kill(-program, SIGCONT);  // a stopped process does not hear SIGTERM
        }
        if (number == kill_signal) ::kill(-program, SIGKILL);
        siginfo_t ended{};
        // Not reaped yet: until then its number, and so its group's, belongs to nobody else.
        if (::waitid(P_PID, static_cast<id_t>(program), &ended, WEXITED | WNOWAIT | WNOHANG) != 0)
            break;
        if (ended.si_pid == program) break;
        while (::waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT | WNOHANG) == 0 && ended.si_pid > 0 &&
               ended.si_pid != program) {
            ::waitpid(ended.si_pid, nullptr, WNOHANG);  // an adopted one
            ended = {};
        }
    }
    ::kill(-program, SIGKILL);
    int status = 0;
    if (::waitpid(program, &status, 0) == program) {
        [[maybe_unused]] const ssize_t written = ::write(status_end, &status, sizeof status);
    }
    kill_descendants();
    ::_exit(0);
}

void add_limits(ChildPlan& plan, const ProcessLimits& limits) {
    const auto add = [&plan](int resource, std::uint64_t wanted) {
        // A limit may be lowered, never raised above the hard one.
        rlimit now{};
        ::getrlimit(static_cast<__rlimit_resource>(resource), &now);
        plan.limits[plan.limit_count++] = {resource, std::min<rlim_t>(wanted, now.rlim_max)};
    };
    add(RLIMIT_CORE, 0);
    if (limits.cpu_time) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(*limits.cpu_time).count();
        add(RLIMIT_CPU, static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 1)));
    }
    if (limits.memory) add(RLIMIT_AS, limits.memory->count);
    if (limits.file_size) add(RLIMIT_FSIZE, limits.file_size->count);
    if (limits.open_files) add(RLIMIT_NOFILE, *limits.open_files);
}

}  // namespace sluice::work
