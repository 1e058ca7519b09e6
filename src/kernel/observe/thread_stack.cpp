// SPDX-License-Identifier: Apache-2.0
// The signal and its handler. The unwinder is used instead of frame pointers, since a thread that
// hangs mostly hangs inside the C library, which keeps none. It may be used in a handler: since
// glibc 2.35 and GCC 12 it finds its tables without a lock (_dl_find_object).
#include "kernel/observe/thread_stack.h"

#include "kernel/sync/clock.h"
#include "kernel/sync/mutex.h"

#include <execinfo.h>
#include <semaphore.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>

namespace sluice {
namespace {

/// What the handler and the one who asks share. The handler may come late, after its asker has
/// gone: it answers only the question that is open.
struct Question {
    std::atomic<int> of{0};  ///< the thread whose answer is wanted; 0: nobody's
    std::array<void*, StackTrace::frames_max + 2> frames{};
    std::atomic<int> count{0};
    sem_t answered{};
};
Question question;

void answer(int) {
    const int saved = errno;
    int me = gettid();
    // Acquire: the asker has reset the question before it named this thread.
    if (question.of.compare_exchange_strong(me, -1, std::memory_order_acquire)) {
        const int count =
            backtrace(question.frames.data(), static_cast<int>(question.frames.size()));
        question.count.store(count, std::memory_order_release);
        sem_post(&question.answered);
    }
    errno = saved;
}

int signal_number() { return SIGRTMIN + 3; }

bool install() {
    sem_init(&question.answered, 0, 0);
    // The first call loads the unwinder, which a signal handler may not do.
    std::array<void*, 1> warm_up{};
    static_cast<void>(backtrace(warm_up.data(), 1));
    struct sigaction action{};
    action.sa_handler = &answer;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    return sigaction(signal_number(), &action, nullptr) == 0;
}

bool wait_for_answer(Duration patience) {
    const auto until = deadline_after(patience).time_since_epoch();
    const timespec deadline{.tv_sec = until / 1s, .tv_nsec = (until % 1s).count()};
    while (sem_clockwait(&question.answered, CLOCK_MONOTONIC, &deadline) != 0) {
        if (errno != EINTR) return false;
    }
    return true;
}

}  // namespace

Result<StackTrace> stack_of_thread(int id, Duration patience) {
    static Mutex one_at_a_time("observe.stack");
    MutexLock lock(one_at_a_time);
    static const bool installed = install();
    if (!installed) return fail(Code::internal, "the signal handler cannot be installed");
    question.of.store(id, std::memory_order_release);
    const int sent = tgkill(getpid(), id, signal_number());
    const int why = errno;
    if (sent != 0 || !wait_for_answer(patience)) {
        int wanted = id;
        // Withdrawn, unless the handler has begun (a late one of an earlier question will do, too):
        // then its answer comes at once.
        if (question.of.compare_exchange_strong(wanted, 0)) {
            if (sent == 0) return fail(Code::timeout, "the thread does not answer a signal");
            return why == ESRCH ? fail(Code::not_found, "there is no thread with that number")
                                : fail(Code::internal, "the signal cannot be sent");
        }
        while (sem_wait(&question.answered) != 0) {
        }
    }
    question.of.store(0);
    constexpr std::size_t own = 2;  // the handler, and the frame that the kernel made for it
    // Acquire: the frames were written before their number.
    const auto count = static_cast<std::size_t>(question.count.load(std::memory_order_acquire));
    if (count <= own) return StackTrace{};
    return StackTrace::from({question.frames.data() + own, count - own});
}

}  // namespace sluice
