// SPDX-License-Identifier: Apache-2.0
// What the kernel offers to shut a program in: namespaces (no network, a /tmp of its own) and
// control groups of version 2. Each is there or not; here it is found out and done. What is wanted
// for which program is decided elsewhere.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace sluice::work {

/// What a program is to be cut off from. Without rights of its own the worker uses a user namespace
/// for it, where the kernel allows that.
struct Namespaces {
    bool no_network = false;   ///< a network namespace with nothing in it, not even loopback
    bool private_tmp = false;  ///< an empty /tmp in memory (64 MiB at most)
};

/// What this process may use. Each text says why not; empty: it may.
struct ConfinementSupport {
    std::string no_network;
    std::string private_tmp;
};
/// Tries it out in child processes. To be called while the process has one thread.
ConfinementSupport probe_confinement();

/// For between fork and exec: plain values only.
struct NamespacePlan {
    int flags = 0;  ///< of unshare(2); 0: nothing to do
    bool private_tmp = false;
    const char* uid_map = nullptr;
    const char* gid_map = nullptr;
};
/// The texts a plan points to; they outlive it.
struct NamespaceTexts {
    std::string uid_map;
    std::string gid_map;
};
NamespaceTexts namespace_texts_of_caller();
NamespacePlan namespace_plan(const Namespaces& wanted, const NamespaceTexts& texts);
/// Async-signal-safe. False: errno says why.
bool enter_namespaces(const NamespacePlan& plan) noexcept;

/// What a control group holds its processes to, all together.
struct CgroupLimits {
    std::optional<Bytes> memory{};
    std::optional<double> cpu{};  ///< processors
    std::optional<std::uint64_t> processes{};
};

/// A control group for one program, removed with everything in it at the end.
class Cgroup {
public:
    /// Makes `name` in the delegated folder `parent`. Errors: io, denied, not_found (no control
    /// group of version 2, or a controller is not delegated).
    static Result<Cgroup> make(const std::string& parent, const std::string& name,
                               const CgroupLimits& limits);
    ~Cgroup();
    Cgroup(Cgroup&& other) noexcept : folder_(std::exchange(other.folder_, {})) {}
    Cgroup& operator=(Cgroup&&) = delete;
    Cgroup(const Cgroup&) = delete;
    Cgroup& operator=(const Cgroup&) = delete;

    [[nodiscard]] const std::string& folder() const { return folder_; }
    /// How many processes in it the kernel has killed for want of memory.
    [[nodiscard]] std::uint64_t out_of_memory_kills() const;

private:
    explicit Cgroup(std::string folder) : folder_(std::move(folder)) {}
    std::string folder_;
};

}  // namespace sluice::work
