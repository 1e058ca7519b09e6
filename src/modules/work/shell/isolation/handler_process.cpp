// SPDX-License-Identifier: Apache-2.0
// The worker's side of handler_process.h.
#include "modules/work/shell/isolation/handler_process.h"

#include "kernel/net/owned_fd.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/clock.h"
#include "modules/work/shell/isolation/frames.h"
#include "sdk/wake.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>
#include <optional>
#include <system_error>
#include <utility>

namespace sluice::work {

namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (std::string& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

Error spawn_error(int error) {
    return fail(Code::io,
                "a handler process cannot be started: " + std::generic_category().message(error));
}

/// "signal 11 (Segmentation fault)" or "exit code 1".
std::string how_it_ended(int status) {
    if (!WIFSIGNALED(status)) return "exit code " + std::to_string(WEXITSTATUS(status));
    const int number = WTERMSIG(status);
    const char* name = ::sigdescr_np(number);
    std::string text = "signal " + std::to_string(number);
    if (name != nullptr) text += " (" + std::string(name) + ')';
    if (number == SIGKILL) text += "; perhaps for want of memory";
    return text;
}

}  // namespace

/// One process, with a job or without.
class HandlerProcesses::Process {
public:
    static Result<std::unique_ptr<Process>> start(const HandlerProcessOptions& options) {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            return spawn_error(errno);
        }
        OwnedFd ours(ends[0]);
        const OwnedFd theirs(ends[1]);
        std::vector<std::string> arguments = options.arguments;
        std::vector<std::string> environment;
        for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
            environment.emplace_back(*entry);
        }
        environment.insert(environment.end(), options.environment.begin(),
                           options.environment.end());
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions, theirs.get(), handler_process_socket);
        posix_spawnattr_t attributes;
        ::posix_spawnattr_init(&attributes);
        // A Ctrl-C is for the worker, which decides what becomes of the job.
        ::posix_spawnattr_setpgroup(&attributes, 0);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        pid_t pid = -1;
        const int error = ::posix_spawn(&pid, options.path.c_str(), &actions, &attributes,
                                        pointers(arguments).data(), pointers(environment).data());
        ::posix_spawnattr_destroy(&attributes);
        ::posix_spawn_file_actions_destroy(&actions);
        if (error != 0) return spawn_error(error);
        return std::make_unique<Process>(pid, std::move(ours));
    }

    Process(pid_t pid, OwnedFd socket)
        : pid_(pid), socket_(std::move(socket)), reader_(socket_.get()) {}
    ~Process() { end(); }
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    /// Nothing: it ended before it answered.
    std::optional<sdk::Outcome> run(sdk::JobContext& context, Duration cancel_grace);
    /// Kills it if need be; how it ended, as waitpid() says it.
    int end() {
        if (pid_ <= 0) return status_;
        ::kill(pid_, SIGKILL);
        while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return status_;
    }
    [[nodiscard]] bool was_told_to_end() const { return killed_; }
    /// Between two jobs it says nothing; what is there to be read is its end.
    [[nodiscard]] bool has_ended() const {
        pollfd entry{socket_.get(), POLLIN, 0};
        return ::poll(&entry, 1, 0) > 0;
    }

private:
    enum class Next : std::uint8_t { go_on, done, ended };

    void look_at_clock(sdk::JobContext& context, Duration cancel_grace, const sdk::Wake& wake);
    Next take(const Frame& frame, sdk::JobContext& context);
    Next read(sdk::JobContext& context);

    pid_t pid_;
    OwnedFd socket_;
    FrameReader reader_;
    int status_ = 0;
    bool killed_ = false;
    bool told_ = false;
    Instant kill_at_ = no_deadline;
    sdk::Outcome outcome_;
};

void HandlerProcesses::Process::look_at_clock(sdk::JobContext& context, Duration cancel_grace,
                                              const sdk::Wake& wake) {
    const CancelToken& token = context.cancel();
    const Instant now = monotonic_now();
    if (!told_ && (wake.wait_until(Instant{}) || now >= token.deadline())) {
        told_ = true;
        const Status why = token.check();
        // If it has gone, its end is read.
        [[maybe_unused]] const Status sent = send_frame(
            socket_.get(),
            {.kind = FrameKind::cancel,
             .body = encode_error(why ? Error{Code::cancelled, "cancelled"} : why.error())});
        kill_at_ = deadline_after(cancel_grace);
    }
    if (!killed_ && now >= kill_at_) {
        killed_ = true;
        ::kill(pid_, SIGKILL);
    }
}

HandlerProcesses::Process::Next HandlerProcesses::Process::take(const Frame& frame,
                                                                sdk::JobContext& context) {
    const auto sent = [](const Status& status) { return status ? Next::go_on : Next::ended; };
    switch (frame.kind) {
        case FrameKind::progress: {
            int percent = 0;
            const auto note = decode_progress(frame.body, percent);
            if (note) context.progress(percent, *note);
            return note ? Next::go_on : Next::ended;
        }
        case FrameKind::push: {
            auto jobs = decode_jobs(frame.body);
            if (!jobs) return Next::ended;
            const auto answer = context.push(*jobs);
            return sent(send_frame(socket_.get(), {.kind = FrameKind::refusals,
                                                   .body = encode_refusals(answer, *jobs)}));
        }
        case FrameKind::ends: {
            const auto jids = decode_texts(frame.body);
            if (!jids) return Next::ended;
            const auto answer = context.ends(*jids);
            return sent(send_frame(socket_.get(),
                                   {.kind = FrameKind::job_ends, .body = encode_job_ends(answer)}));
        }
        case FrameKind::done: {
            auto outcome = decode_outcome(frame.body);
            if (!outcome) return Next::ended;
            outcome_ = *std::move(outcome);
            return Next::done;
        }
        case FrameKind::job:
        case FrameKind::cancel:
        case FrameKind::refusals:
        case FrameKind::job_ends: break;
    }
    return Next::ended;
}

HandlerProcesses::Process::Next HandlerProcesses::Process::read(sdk::JobContext& context) {
    const auto filled = reader_.fill();
    while (const auto frame = reader_.next()) {
        const Next next = take(*frame, context);
        if (next != Next::go_on) return next;
    }
    return filled && *filled ? Next::go_on : Next::ended;
}

std::optional<sdk::Outcome> HandlerProcesses::Process::run(sdk::JobContext& context,
                                                           Duration cancel_grace) {
    sdk::Wake wake;
    const CancelToken& token = context.cancel();
    const CancelCallback callback = token.on_cancel([&wake] { wake.notify(); });
    const Duration left =
        token.deadline() == no_deadline ? Duration{0} : token.deadline() - monotonic_now();
    told_ = false;
    kill_at_ = no_deadline;
    if (!send_frame(socket_.get(),
                    {.kind = FrameKind::job, .body = encode_delivery(context.job(), left)})) {
        return std::nullopt;
    }
    for (;;) {
        look_at_clock(context, cancel_grace, wake);
        const Instant next = killed_ ? no_deadline : told_ ? kill_at_ : token.deadline();
        std::array<pollfd, 2> wanted = {pollfd{socket_.get(), POLLIN, 0},
                                        pollfd{told_ ? -1 : wake.fd(), POLLIN, 0}};
        if (::poll(wanted.data(), wanted.size(), sdk::poll_timeout(next, monotonic_now())) < 0) {
            continue;  // EINTR
        }
        if (wanted[0].revents == 0) continue;
        const Next step = read(context);
        if (step == Next::done) return std::move(outcome_);
        if (step == Next::ended) return std::nullopt;
    }
}

struct HandlerProcesses::Idle {
    explicit Idle(std::size_t max) : processes(max, "work.processes") {}
    Channel<std::unique_ptr<Process>> processes;
};

HandlerProcesses::HandlerProcesses(HandlerProcessOptions options)
    : options_(std::move(options)), idle_(std::make_unique<Idle>(options_.processes_max)) {}

HandlerProcesses::~HandlerProcesses() = default;

Result<std::unique_ptr<HandlerProcesses::Process>> HandlerProcesses::take() {
    std::unique_ptr<Process> process;
    // One that ended while it was idle (the kernel wanted its memory) must not cost a job.
    while (idle_->processes.try_pop(process) == ChannelStatus::ok) {
        if (!process->has_ended()) return process;
    }
    started_.fetch_add(1, std::memory_order_relaxed);
    return Process::start(options_);
}

void HandlerProcesses::give_back(std::unique_ptr<Process> process) {
    // Without room there are more than slots, and this one ends here.
    idle_->processes.try_push(std::move(process));
}

sdk::Outcome HandlerProcesses::run(sdk::JobContext& context) {
    auto process = take();
    if (!process) {
        return sdk::Failure{"InputOutputError", process.error().message, false, {}};
    }
    auto outcome = (*process)->run(context, options_.cancel_grace);
    if (outcome) {
        give_back(*std::move(process));
        return *std::move(outcome);
    }
    const std::string how = how_it_ended((*process)->end());
    if ((*process)->was_told_to_end()) {
        killed_.fetch_add(1, std::memory_order_relaxed);
        const Status why = context.cancel().check();
        return sdk::Failure{"Cancelled",
                            "the handler did not stop, and its process was killed: " +
                                (why ? std::string("cancelled") : why.error().message),
                            false,
                            {}};
    }
    crashed_.fetch_add(1, std::memory_order_relaxed);
    return sdk::Failure{"HandlerCrashed", how, false, {}};
}

HandlerProcessCounters HandlerProcesses::counters() const {
    return {.started = started_, .crashed = crashed_, .killed = killed_};
}

namespace {

/// A context with a deadline of its own.
class TimedContext final : public sdk::JobContext {
public:
    TimedContext(sdk::JobContext& context, Duration time_max)
        : context_(context),
          source_(context.cancel(), deadline_after(time_max)),
          token_(source_.token()) {}

    [[nodiscard]] const sdk::Delivery& job() const override { return context_.job(); }
    [[nodiscard]] const CancelToken& cancel() const override { return token_; }
    void progress(int percent, std::string_view note) override { context_.progress(percent, note); }
    Result<std::vector<sdk::Refusal>> push(std::span<sdk::JobSpec> jobs) override {
        return context_.push(jobs);
    }
    Result<std::vector<sdk::JobEnd>> ends(std::span<const std::string> jids) override {
        return context_.ends(jids);
    }

private:
    sdk::JobContext& context_;
    CancelSource source_;
    CancelToken token_;
};

sdk::Outcome run_timed(HandlerProcesses& processes, sdk::JobContext& context, Duration time_max) {
    TimedContext timed(context, time_max);
    sdk::Outcome outcome = processes.run(timed);
    const bool is_over = !timed.cancel().check() && context.cancel().check();
    if (!is_over || std::holds_alternative<std::string>(outcome)) return outcome;
    return sdk::Failure{"LimitExceeded",
                        "it took longer than the limit of " +
                            std::to_string(std::llround(to_seconds(time_max))) + " s",
                        true,
                        {}};
}

}  // namespace

sdk::Handler isolated(std::shared_ptr<HandlerProcesses> processes, Duration time_max) {
    return [processes = std::move(processes), time_max](sdk::JobContext& context) {
        return time_max > Duration{0} ? run_timed(*processes, context, time_max)
                                      : processes->run(context);
    };
}

}  // namespace sluice::work
