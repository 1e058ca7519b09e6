// SPDX-License-Identifier: Apache-2.0
// The walk over frame pointers, and a reader of the program's own ELF symbol table: it knows static
// functions and lambdas too, which dladdr() does not, and needs no other program.
#include "kernel/sync/stack_trace.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

// Present in programs built with a sanitizer: it knows file and line.
// NOLINTNEXTLINE(bugprone-reserved-identifier, readability-identifier-naming): theirs.
extern "C" [[gnu::weak]] void __sanitizer_symbolize_pc(void* pc, const char* format, char* out,
                                                       std::size_t size);

namespace sluice {
namespace {

constexpr std::size_t text_max = 240;  ///< of one frame; templates can be endless

/// The high end of the calling thread's stack, asked for once a thread.
std::uintptr_t stack_end() noexcept {
    thread_local std::uintptr_t end = 0;
    if (end != 0) return end;
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
    void* low = nullptr;
    std::size_t size = 0;
    if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
        end = reinterpret_cast<std::uintptr_t>(low) + size;
    }
    pthread_attr_destroy(&attributes);
    return end;
}

struct Symbol {
    std::uintptr_t begin;
    std::uintptr_t size;
    const char* name;
};

/// The functions of this program, from its file. Empty if it was stripped.
class Symbols {
public:
    Symbols() {
        const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        if (file < 0) return;
        struct stat about{};
        if (fstat(file, &about) == 0 && about.st_size > 0) {
            size_ = static_cast<std::size_t>(about.st_size);
            void* mapped = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
            if (mapped != MAP_FAILED) data_ = static_cast<const char*>(mapped);
        }
        close(file);
        if (data_ != nullptr) read();
        dl_iterate_phdr(
            [](dl_phdr_info* info, std::size_t, void* base) {
                *static_cast<std::uintptr_t*>(base) = info->dlpi_addr;
                return 1;  // the first one is the program
            },
            &base_);
    }

    [[nodiscard]] const char* find(const void* address) const {
        const std::uintptr_t at = reinterpret_cast<std::uintptr_t>(address) - base_;
        auto after = std::upper_bound(
            symbols_.begin(), symbols_.end(), at,
            [](std::uintptr_t value, const Symbol& symbol) { return value < symbol.begin; });
        if (after == symbols_.begin()) return nullptr;
        const Symbol& symbol = *--after;
        return at < symbol.begin + symbol.size ? symbol.name : nullptr;
    }

private:
    template <class T>
    [[nodiscard]] std::span<const T> table(std::uint64_t offset, std::uint64_t bytes) const {
        if (offset > size_ || bytes > size_ - offset || offset % alignof(T) != 0) return {};
        return {reinterpret_cast<const T*>(data_ + offset), bytes / sizeof(T)};
    }

    void read() {
        const auto headers = table<ElfW(Ehdr)>(0, sizeof(ElfW(Ehdr)));
        if (headers.empty()) return;
        const auto sections = table<ElfW(Shdr)>(
            headers[0].e_shoff, std::uint64_t{headers[0].e_shnum} * sizeof(ElfW(Shdr)));
        for (const ElfW(Shdr) & section : sections) {
            if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) continue;
            const ElfW(Shdr)& names = sections[section.sh_link];
            if (table<char>(names.sh_offset, names.sh_size).empty()) continue;
            for (const ElfW(Sym) & symbol : table<ElfW(Sym)>(section.sh_offset, section.sh_size)) {
                if ((symbol.st_info & 0xf) != STT_FUNC || symbol.st_size == 0) continue;
                if (symbol.st_name >= names.sh_size) continue;
                symbols_.push_back(
                    {symbol.st_value, symbol.st_size, data_ + names.sh_offset + symbol.st_name});
            }
        }
        std::sort(symbols_.begin(), symbols_.end(),
                  [](const Symbol& a, const Symbol& b) { return a.begin < b.begin; });
    }

    const char* data_ = nullptr;
    std::size_t size_ = 0;
    std::uintptr_t base_ = 0;
    std::vector<Symbol> symbols_;
};

std::string readable(const char* name) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> plain(
        abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
    std::string text = status == 0 && plain ? plain.get() : name;
    if (text.size() > text_max) text.resize(text_max);
    return text;
}

/// A return address is that of the next instruction, maybe of the next function.
const void* call_before(const void* return_address) {
    return static_cast<const char*>(return_address) - 1;
}

/// "shard.cpp:120", or nothing.
std::string place_of(const void* address) {
    if (__sanitizer_symbolize_pc == nullptr) return {};
    char out[512] = {};
    __sanitizer_symbolize_pc(const_cast<void*>(address), "%S", out, sizeof out);
    std::string place = out;
    if (place.find(':') == std::string::npos || place.find("??") == 0) return {};
    if (const auto slash = place.rfind('/'); slash != std::string::npos) place.erase(0, slash + 1);
    return place;
}

}  // namespace

// The walk reads words between the frames of functions that a sanitizer may have fenced off.
__attribute__((no_sanitize("address", "undefined", "thread"))) StackTrace
StackTrace::capture(std::size_t skip) noexcept {
    StackTrace trace;
    const std::uintptr_t end = stack_end();
    auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    while (trace.size_ < frames_max && frame % sizeof(void*) == 0 &&
           frame + 2 * sizeof(void*) <= end) {
        const auto* words = reinterpret_cast<const std::uintptr_t*>(frame);
        const std::uintptr_t caller = words[0];
        const std::uintptr_t return_address = words[1];
        if (return_address < 4096) break;
        if (skip > 0) {
            --skip;
        } else {
            trace.frames_[trace.size_++] = reinterpret_cast<const void*>(return_address);
        }
        if (caller <= frame) break;
        frame = caller;
    }
    return trace;
}

StackTrace StackTrace::from(std::span<void* const> addresses) noexcept {
    StackTrace trace;
    for (const void* address : addresses.first(std::min(addresses.size(), frames_max)))
        trace.frames_[trace.size_++] = address;
    return trace;
}

std::string StackTrace::frame_text(std::size_t i) const {
    const void* call = call_before(frames_[i]);
    std::string out = function_at(call);
    if (const std::string place = place_of(call); !place.empty()) out += " at " + place;
    return out;
}

std::string StackTrace::text(std::string_view hidden) const {
    std::string out;
    std::size_t number = 0;
    for (std::size_t i = 0; i < size_; ++i) {
        const std::string frame = frame_text(i);
        if (number == 0 && !hidden.empty() && frame.starts_with(hidden)) continue;
        out += "    #" + std::to_string(number++) + ' ' + frame + '\n';
    }
    return number == 0 ? "    (no stack)\n" : out;
}

std::string function_at(const void* address) {
    static const Symbols& symbols = *new Symbols;  // never destroyed: reports come late
    if (const char* name = symbols.find(address)) return readable(name);
    Dl_info info{};
    if (dladdr(address, &info) != 0 && info.dli_sname != nullptr) return readable(info.dli_sname);
    char text[32];
    std::snprintf(text, sizeof text, "%p", address);
    return text;
}

}  // namespace sluice
