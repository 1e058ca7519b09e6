// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/process.h"

#include "kernel/net/owned_fd.h"
#include "kernel/sync/clock.h"
#include "modules/work/shell/process_child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
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

/// A descriptor above those that the program is given, so that dup2 onto them never meets itself.
OwnedFd above_standard(int fd) {
    if (fd < 0 || fd > 3) return OwnedFd(fd);
    const OwnedFd low(fd);
    return OwnedFd(::fcntl(fd, F_DUPFD_CLOEXEC, 4));
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
        const std::function<void(std::string_view)>* tap = nullptr;
    };

    Status fork_keeper(const ChildPlan& plan);
    Status wait_for_start(OwnedFd report);
    void tell_keeper(int number) const { ::kill(pid_, number); }
    void begin_end(Code reason, std::string why);
    void look_at_clock(Instant now);
    void drain(Stream& stream);
    [[nodiscard]] std::uint64_t output_bytes() const {
        return out_.output.bytes + err_.output.bytes + progress_.output.bytes;
    }
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
    Stream progress_;
    Instant deadline_ = no_deadline;
    Instant kill_at_ = no_deadline;
    bool killed_ = false;
    std::optional<Error> reason_;  ///< Why it is being ended.
};

Running::~Running() {
    if (pid_ > 0 && !reaped_) {
        tell_keeper(keeper_kill_signal);
        reap();
    }
}

Status Running::fork_keeper(const ChildPlan& plan) {
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
    return {};
}

Status Running::start() {
    SLUICE_TRY(OwnedFd input, make_input(spec_.input));
    SLUICE_TRY(Pipe out, make_pipe());
    SLUICE_TRY(Pipe err, make_pipe());
    SLUICE_TRY(Pipe report, make_pipe());
    SLUICE_TRY(Pipe status, make_pipe());
    Pipe progress;
    if (spec_.on_progress) {
        SLUICE_TRY(progress, make_pipe());
    }
    const OwnedFd cgroup(spec_.cgroup.empty() ? -1
                                              : ::open((spec_.cgroup + "/cgroup.procs").c_str(),
                                                       O_WRONLY | O_CLOEXEC));
    if (!cgroup && !spec_.cgroup.empty()) return io_error("the control group cannot be entered");
    const NamespaceTexts namespace_texts = namespace_texts_of_caller();
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
                   .progress = progress.write.get(),
                   .report = report.write.get(),
                   .status = status.write.get(),
                   .cgroup = cgroup.get(),
                   .parent = ::getpid(),
                   .namespaces = namespace_plan(spec_.namespaces, namespace_texts),
                   .limits = {},
                   .limit_count = 0};
    add_limits(plan, spec_.limits);
    deadline_ = std::min(deadline_after(spec_.timeout), cancel_.deadline());
    SLUICE_TRY_STATUS(fork_keeper(plan));
    ::setpgid(pid_, pid_);  // both sides do it, so that neither has to wait for the other
    process_ = OwnedFd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    if (!process_) return io_error("pidfd_open");
    out_.fd = std::move(out.read);
    err_.fd = std::move(err.read);
    err_.tap = &spec_.on_errors;
    progress_.fd = std::move(progress.read);
    progress_.tap = &spec_.on_progress;
    status_ = std::move(status.read);
    ::fcntl(out_.fd.get(), F_SETFL, O_NONBLOCK);
    ::fcntl(err_.fd.get(), F_SETFL, O_NONBLOCK);
    if (progress_.fd) ::fcntl(progress_.fd.get(), F_SETFL, O_NONBLOCK);
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
                      : error == E2BIG                      ? Code::invalid
                                                            : Code::io;
    return fail(code, spec_.path + " cannot be started: " + said(error));
}

void Running::begin_end(Code reason, std::string why) {
    if (reason_) return;
    reason_ = fail(reason, std::move(why));
    tell_keeper(keeper_end_signal);
    kill_at_ = deadline_after(spec_.grace);
}

void Running::look_at_clock(Instant now) {
    if (!reason_ && now >= deadline_) {
        begin_end(Code::timeout, "the program did not end in time and was stopped");
    }
    if (reason_ && !killed_ && now >= kill_at_) {
        killed_ = true;
        tell_keeper(keeper_kill_signal);
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
        if (stream.tap != nullptr && *stream.tap) {
            (*stream.tap)(std::string_view(piece.data(), size));
            continue;
        }
        const std::size_t room = spec_.output_kept_max.count - output.text.size();
        output.text.append(piece.data(), std::min(size, room));
    }
}

void Running::run_loop() {
    for (;;) {
        const Instant now = monotonic_now();
        look_at_clock(now);
        // poll() leaves out negative descriptors, so closed streams need no case of their own.
        std::array<pollfd, 5> wanted = {
            pollfd{process_.get(), POLLIN, 0}, pollfd{reason_ ? -1 : wake_.get(), POLLIN, 0},
            pollfd{out_.fd.get(), POLLIN, 0}, pollfd{err_.fd.get(), POLLIN, 0},
            pollfd{progress_.fd.get(), POLLIN, 0}};
        if (::poll(wanted.data(), wanted.size(), poll_milliseconds(now)) < 0) continue;  // EINTR
        if (wanted[2].revents != 0) drain(out_);
        if (wanted[3].revents != 0) drain(err_);
        if (wanted[4].revents != 0) drain(progress_);
        if (wanted[1].revents != 0) {
            const Status why = cancel_.check();
            begin_end(why ? Code::cancelled : why.error().code, "the job was cancelled");
        }
        if (output_bytes() > spec_.output_total_max.count) {
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
    while ((out_.fd || err_.fd || progress_.fd) && output_bytes() <= spec_.output_total_max.count) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - monotonic_now()).count();
        if (left <= 0) return;
        std::array<pollfd, 3> wanted = {pollfd{out_.fd.get(), POLLIN, 0},
                                        pollfd{err_.fd.get(), POLLIN, 0},
                                        pollfd{progress_.fd.get(), POLLIN, 0}};
        if (::poll(wanted.data(), wanted.size(), static_cast<int>(left)) < 0) continue;
        if (wanted[0].revents != 0) drain(out_);
        if (wanted[1].revents != 0) drain(err_);
        if (wanted[2].revents != 0) drain(progress_);
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
