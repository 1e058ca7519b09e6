// SPDX-License-Identifier: Apache-2.0
// Fibers on ucontext. The address sanitizer is told about every switch. On x86-64 the switch itself
// is a few instructions of our own, as swapcontext() makes a system call for the signal mask.
#include "fiber.h"

#include <cstdint>
#include <cstdlib>

#include <sys/mman.h>
#include <ucontext.h>

#if defined(__SANITIZE_ADDRESS__)
#define SLUICE_FIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLUICE_FIBER_ASAN 1
#endif
#endif

#if defined(SLUICE_FIBER_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#if defined(__x86_64__)
extern "C" void sluice_interleave_switch(void** save, void* load);
// Keeps what the calling convention wants kept: rbx, rbp, r12 to r15, and the stack pointer.
asm(R"(
.text
.globl sluice_interleave_switch
.type sluice_interleave_switch,@function
sluice_interleave_switch:
    endbr64
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    retq
.size sluice_interleave_switch,.-sluice_interleave_switch
)");
#endif

namespace sluice::interleave {

struct Fiber::Context {
    ucontext_t place{};
    void* top = nullptr;  // Where the saved registers lie, on x86-64.
#if defined(SLUICE_FIBER_ASAN)
    void* fake_stack = nullptr;
    const void* bottom = nullptr;
    std::size_t size = 0;
#endif
};

namespace {
Fiber* switching_from = nullptr;
Fiber* switching_to = nullptr;
}  // namespace

Fiber::Fiber() : context_(std::make_unique<Context>()) {}

Fiber::Fiber(std::size_t stack_bytes)
    : context_(std::make_unique<Context>()), stack_bytes_(stack_bytes) {
    stack_ = mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack_ == MAP_FAILED) std::abort();
}

Fiber::~Fiber() {
    if (stack_ != nullptr) munmap(stack_, stack_bytes_);
}

void Fiber::prepare(void (*entry)(void*), void* argument) {
    entry_ = entry;
    argument_ = argument;
#if defined(SLUICE_FIBER_ASAN)
    __asan_unpoison_memory_region(stack_, stack_bytes_);
    context_->fake_stack = nullptr;
    context_->bottom = stack_;
    context_->size = stack_bytes_;
#endif
#if defined(__x86_64__)
    // The first switch pops six registers and returns into begin(), with the stack aligned as if
    // begin() had been called.
    auto* const end = reinterpret_cast<std::uintptr_t*>(static_cast<char*>(stack_) + stack_bytes_);
    end[-1] = 0;
    end[-2] = reinterpret_cast<std::uintptr_t>(&Fiber::begin);
    for (int i = 3; i <= 8; ++i) end[-i] = 0;
    context_->top = end - 8;
#else
    getcontext(&context_->place);
    context_->place.uc_stack.ss_sp = stack_;
    context_->place.uc_stack.ss_size = stack_bytes_;
    context_->place.uc_link = nullptr;
    makecontext(&context_->place, &Fiber::begin, 0);
#endif
}

void Fiber::switch_to(Fiber& to, [[maybe_unused]] bool for_ever) {
    switching_from = this;
    switching_to = &to;
#if defined(SLUICE_FIBER_ASAN)
    __sanitizer_start_switch_fiber(for_ever ? nullptr : &context_->fake_stack, to.context_->bottom,
                                   to.context_->size);
#endif
#if defined(__x86_64__)
    sluice_interleave_switch(&context_->top, to.context_->top);
#else
    swapcontext(&context_->place, &to.context_->place);
#endif
#if defined(SLUICE_FIBER_ASAN)
    __sanitizer_finish_switch_fiber(context_->fake_stack, &switching_from->context_->bottom,
                                    &switching_from->context_->size);
#endif
}

void Fiber::begin() {
    Fiber* const self = switching_to;
#if defined(SLUICE_FIBER_ASAN)
    __sanitizer_finish_switch_fiber(nullptr, &switching_from->context_->bottom,
                                    &switching_from->context_->size);
#endif
    self->entry_(self->argument_);
    std::abort();
}

}  // namespace sluice::interleave
