// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/process.h"

#include "kernel/net/owned_fd.h"
#include "kernel/sync/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace sluice::work {

namespace {

std::string said(int error) { return std::generic_category().message(error); }
Error io_error(const char* what) { return fail(Code::io, std::string(what) + ": " + said(errno)); }

/// A descriptor above the three standard ones, so that dup2 onto those never meets itself.
OwnedFd above_standard(int fd) {
    if (fd < 0 || fd > 2) return OwnedFd(fd);
    const OwnedFd low(fd);
    return OwnedFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
}

struct Pipe {
    OwnedFd read;
    OwnedFd write;
};

Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return io_error("a pipe cannot be made");
    Pipe pipe{above_standard(ends[0]), above_standard(ends[1])};
    if (!pipe.read || !pipe.write) return io_error("a pipe cannot be made");
    return pipe;
}

/// The input in memory, so that nobody has to feed it while the program runs.
Result<OwnedFd> make_input(const std::string& input) {
    if (input.empty()) {
        OwnedFd null = above_standard(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        if (!null) return io_error("/dev/null cannot be opened");
        return null;
    }
    OwnedFd memory = above_standard(::memfd_create("sluice-input", MFD_CLOEXEC));
    if (!memory) return io_error("memory for the input cannot be had");
    std::size_t at = 0;
    while (at < input.size()) {
        const ssize_t count = ::write(memory.get(), input.data() + at, input.size() - at);
        if (count < 0 && errno != EINTR) return io_error("the input cannot be stored");
        if (count > 0) at += static_cast<std::size_t>(count);
    }
    if (::lseek(memory.get(), 0, SEEK_SET) != 0) return io_error("the input cannot be rewound");
    return memory;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
    out.push_back(nullptr);
    return out;
}

struct Limit {
    int resource;
    rlim_t value;
};

/// Everything the children need, made ready before fork: between fork and exec only
/// async-signal-safe functions may be called (signal-safety(7)), so there is no memory to be had.
struct ChildPlan {
    const char* path;
    const char* folder;
    char* const* arguments;
    char* const* environment;
    int input, output, errors;
    int report;  ///< errno, if the program cannot be started
    int status;  ///< how the program ended, as waitpid() says it
    pid_t parent;
    std::array<Limit, 5> limits;
    std::size_t limit_count;
};

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
    if (::chdir(plan.folder) != 0) give_up(plan);
    ::execve(plan.path, plan.arguments, plan.environment);
    give_up(plan);
}

// What the keeper is told by signals. They are blocked and waited for, so it has no handlers.
constexpr int end_signal = SIGTERM;   ///< asks the program to end
constexpr int kill_signal = SIGUSR1;  ///< kills everything; also sent when the worker dies

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

/// Looks after one program: whatever it starts, and however that leaves its process group, becomes
/// the keeper's child once its own parent has gone, and so nothing outlives the job.
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

/// A started program and the way to its end. Lives on one thread; only the cancel callback, which
/// writes to the eventfd, runs elsewhere.
class Running {
public:
    Running(const ProcessSpec& spec, const CancelToken& cancel) : spec_(spec), cancel_(cancel) {}
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    Status start();
    Result<ProcessResult> finish();

private:
    struct Stream {
        OwnedFd fd;
        ProcessOutput output;
    };

    Status wait_for_start(OwnedFd report);
    void tell_keeper(int number) const { ::kill(pid_, number); }
    void begin_end(Code reason, std::string why);
    void look_at_clock(Instant now);
    void drain(Stream& stream);
    [[nodiscard]] int poll_milliseconds(Instant now) const;
    void run_loop();
    void read_rest();
    void reap();

    const ProcessSpec& spec_;
    const CancelToken& cancel_;
    pid_t pid_ = -1;  ///< The keeper's.
    bool reaped_ = false;
    int wait_status_ = 0;
    OwnedFd process_;  ///< A pidfd: readable when the keeper, and all below it, has ended.
    OwnedFd status_;   ///< How the program ended; empty when the keeper was killed.
    OwnedFd wake_;     ///< An eventfd: readable when cancelled.
    Stream out_;
    Stream err_;
    Instant deadline_ = no_deadline;
    Instant kill_at_ = no_deadline;
    bool killed_ = false;
    std::optional<Error> reason_;  ///< Why it is being ended.
};

Running::~Running() {
    if (pid_ > 0 && !reaped_) {
        tell_keeper(kill_signal);
        reap();
    }
}

Status Running::start() {
    SLUICE_TRY(OwnedFd input, make_input(spec_.input));
    SLUICE_TRY(Pipe out, make_pipe());
    SLUICE_TRY(Pipe err, make_pipe());
    SLUICE_TRY(Pipe report, make_pipe());
    SLUICE_TRY(Pipe status, make_pipe());
    wake_ = OwnedFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake_) return io_error("an eventfd cannot be made");
    std::vector<std::string> words{spec_.path};
    words.insert(words.end(), spec_.arguments.begin(), spec_.arguments.end());
    const auto arguments = pointers(words);
    const auto environment = pointers(spec_.environment);
    ChildPlan plan{.path = spec_.path.c_str(),
                   .folder = spec_.folder.c_str(),
                   .arguments = arguments.data(),
                   .environment = environment.data(),
                   .input = input.get(),
                   .output = out.write.get(),
                   .errors = err.write.get(),
                   .report = report.write.get(),
                   .status = status.write.get(),
                   .parent = ::getpid(),
                   .limits = {},
                   .limit_count = 0};
    add_limits(plan, spec_.limits);
    deadline_ = std::min(deadline_after(spec_.timeout), cancel_.deadline());
    // The keeper begins with every signal blocked, and waits for those that mean something to it.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_ = ::fork();
    if (pid_ == 0) be_keeper(plan);
    const int fork_error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = fork_error;
    if (pid_ < 0) return io_error("a process cannot be made");
    ::setpgid(pid_, pid_);  // both sides do it, so that neither has to wait for the other
    process_ = OwnedFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    if (!process_) return io_error("pidfd_open");
    out_.fd = std::move(out.read);
    err_.fd = std::move(err.read);
    status_ = std::move(status.read);
    ::fcntl(out_.fd.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(err_.fd.get(), F_SETFL, O_NONBLOCK);
    report.write.reset();
    return wait_for_start(std::move(report.read));
}

/// The child writes errno if it cannot become the program; at exec the pipe closes by itself.
Status Running::wait_for_start(OwnedFd report) {
    int error = 0;
    ssize_t count = 0;
    do {
        count = ::read(report.get(), &error, sizeof error);
    } while (count < 0 && errno == EINTR);
    if (count != sizeof error) return {};
    const Code code = error == ENOENT                       ? Code::not_found
                      : error == EACCES || error == ENOEXEC ? Code::denied
                                                            : Code::io;
    return fail(code, spec_.path + " cannot be started: " + said(error));
}

void Running::begin_end(Code reason, std::string why) {
    if (reason_) return;
    reason_ = fail(reason, std::move(why));
    tell_keeper(end_signal);
    kill_at_ = deadline_after(spec_.grace);
}

void Running::look_at_clock(Instant now) {
    if (!reason_ && now >= deadline_) {
        begin_end(Code::timeout, "the program did not end in time and was stopped");
    }
    if (reason_ && !killed_ && now >= kill_at_) {
        killed_ = true;
        tell_keeper(kill_signal);
    }
}

int Running::poll_milliseconds(Instant now) const {
    const Instant next = killed_ ? no_deadline : reason_ ? kill_at_ : deadline_;
    if (next == no_deadline) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

void Running::drain(Stream& stream) {
    std::array<char, 64 * 1024> piece;
    // Bounded, so that a flood in one stream cannot keep the clock from being looked at.
    for (int round = 0; round < 16 && stream.fd; ++round) {
        const ssize_t count = ::read(stream.fd.get(), piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) {
            stream.fd.reset();
            return;
        }
        auto& output = stream.output;
        const auto size = static_cast<std::size_t>(count);
        output.bytes += size;
        const std::size_t room = spec_.output_kept_max.count - output.text.size();
        output.text.append(piece.data(), std::min(size, room));
    }
}

void Running::run_loop() {
    for (;;) {
        const Instant now = monotonic_now();
        look_at_clock(now);
        // poll() leaves out negative descriptors, so closed streams need no case of their own.
        std::array<pollfd, 4> wanted = {
            pollfd{process_.get(), POLLIN, 0}, pollfd{reason_ ? -1 : wake_.get(), POLLIN, 0},
            pollfd{out_.fd.get(), POLLIN, 0}, pollfd{err_.fd.get(), POLLIN, 0}};
        if (::poll(wanted.data(), wanted.size(), poll_milliseconds(now)) < 0) continue;  // EINTR
        if (wanted[2].revents != 0) drain(out_);
        if (wanted[3].revents != 0) drain(err_);
        if (wanted[1].revents != 0) {
            const Status why = cancel_.check();
            begin_end(why ? Code::cancelled : why.error().code, "the job was cancelled");
        }
        if (out_.output.bytes + err_.output.bytes > spec_.output_total_max.count) {
            begin_end(Code::exhausted, "the program wrote more than " +
                                           std::to_string(spec_.output_total_max.count) +
                                           " bytes and was stopped");
        }
        if (wanted[0].revents != 0) return;
    }
}

/// The program has ended; what is still in the pipes belongs to its output. Everything it started
/// is dead by now, so the pipes close at once, unless the kernel does not let go of one: it is
/// given no time.
void Running::read_rest() {
    const Instant until = deadline_after(200ms);
    while ((out_.fd || err_.fd) &&
           out_.output.bytes + err_.output.bytes <= spec_.output_total_max.count) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - monotonic_now()).count();
        if (left <= 0) return;
        std::array<pollfd, 2> wanted = {pollfd{out_.fd.get(), POLLIN, 0},
                                        pollfd{err_.fd.get(), POLLIN, 0}};
        if (::poll(wanted.data(), wanted.size(), static_cast<int>(left)) < 0) continue;
        if (wanted[0].revents != 0) drain(out_);
        if (wanted[1].revents != 0) drain(err_);
    }
}

void Running::reap() {
    while (::waitpid(pid_, &wait_status_, 0) < 0 && errno == EINTR) {
    }
    reaped_ = true;
    int status = 0;
    if (status_ && ::read(status_.get(), &status, sizeof status) == sizeof status)
        wait_status_ = status;
}

Result<ProcessResult> Running::finish() {
    {
        const CancelCallback callback = cancel_.on_cancel([this] {
            const std::uint64_t one = 1;
            [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
        });
        run_loop();
    }
    read_rest();
    reap();
    if (reason_) return *reason_;
    ProcessResult result;
    result.signal = WIFSIGNALED(wait_status_) ? WTERMSIG(wait_status_) : 0;
    result.exit_code = WIFEXITED(wait_status_) ? WEXITSTATUS(wait_status_) : 128 + result.signal;
    result.out = std::move(out_.output);
    result.err = std::move(err_.output);
    return result;
}

}  // namespace

Result<ProcessResult> run_process(const ProcessSpec& spec, const CancelToken& cancel) {
    SLUICE_TRY_STATUS(cancel.check());
    Running running(spec, cancel);
    SLUICE_TRY_STATUS(running.start());
    return running.finish();
}

}  // namespace sluice::work
