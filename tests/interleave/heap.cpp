// SPDX-License-Identifier: Apache-2.0
// The heap under the model: while a scenario runs, memory that is given back is set aside until the
// execution ends. So no address is used twice, which would look like a race, and what is read after
// its life is still there to be noticed.
#include "engine.h"

#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

namespace {

constexpr std::size_t aside_max = 1 << 16;
void* aside[aside_max];
std::size_t aside_count = 0;
bool sets_aside = false;

void* take(std::size_t bytes, std::size_t alignment) {
    void* const memory =
        alignment <= alignof(std::max_align_t)
            ? std::malloc(bytes == 0 ? 1 : bytes)
            : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (memory == nullptr) std::abort();
    return memory;
}

void give_back(void* memory) noexcept {
    if (memory != nullptr && sets_aside && aside_count < aside_max) {
        aside[aside_count++] = memory;
    } else {
        std::free(memory);
    }
}

}  // namespace

void* operator new(std::size_t bytes) { return take(bytes, 1); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return take(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }

namespace sluice::interleave {

HeapGuard::HeapGuard() {
    sets_aside = true;
#if defined(__SANITIZE_ADDRESS__)
    // An execution that fails leaves its stacks, and what they own, behind.
    __lsan_disable();
#endif
}

HeapGuard::~HeapGuard() {
#if defined(__SANITIZE_ADDRESS__)
    __lsan_enable();
#endif
    sets_aside = false;
    while (aside_count > 0) std::free(aside[--aside_count]);
}

}  // namespace sluice::interleave
