// SPDX-License-Identifier: Apache-2.0
// The clang thread-safety attributes under our own names. GCC ignores them; clang 19 makes a broken
// promise a compile error (-Wthread-safety -Werror).
#pragma once

#if defined(__clang__)
#define SLUICE_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define SLUICE_THREAD_ATTRIBUTE(x)
#endif

/// A class whose objects can be held: a lock or a role.
#define SLUICE_CAPABILITY(name) SLUICE_THREAD_ATTRIBUTE(capability(name))
/// A class whose constructor takes a capability and whose destructor gives it back.
#define SLUICE_SCOPED_CAPABILITY SLUICE_THREAD_ATTRIBUTE(scoped_lockable)
/// A member that may be touched only while the capability is held.
#define SLUICE_GUARDED_BY(x) SLUICE_THREAD_ATTRIBUTE(guarded_by(x))
/// A pointer whose target may be touched only while the capability is held.
#define SLUICE_PT_GUARDED_BY(x) SLUICE_THREAD_ATTRIBUTE(pt_guarded_by(x))
/// A function whose caller must hold the capabilities.
#define SLUICE_REQUIRES(...) SLUICE_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
/// A function whose caller must not hold the capabilities (it takes them itself).
#define SLUICE_EXCLUDES(...) SLUICE_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define SLUICE_ACQUIRE(...) SLUICE_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define SLUICE_RELEASE(...) SLUICE_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define SLUICE_TRY_ACQUIRE(...) SLUICE_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
/// The same for a capability that several may hold at once, for reading.
#define SLUICE_ACQUIRE_SHARED(...) SLUICE_THREAD_ATTRIBUTE(acquire_shared_capability(__VA_ARGS__))
#define SLUICE_RELEASE_SHARED(...) SLUICE_THREAD_ATTRIBUTE(release_shared_capability(__VA_ARGS__))
#define SLUICE_TRY_ACQUIRE_SHARED(...) \
    SLUICE_THREAD_ATTRIBUTE(try_acquire_shared_capability(__VA_ARGS__))
#define SLUICE_RELEASE_GENERIC(...) SLUICE_THREAD_ATTRIBUTE(release_generic_capability(__VA_ARGS__))
/// A function after whose return the capability counts as held (it checks at run time, or vouches).
#define SLUICE_ASSERT_CAPABILITY(x) SLUICE_THREAD_ATTRIBUTE(assert_capability(x))
#define SLUICE_RETURN_CAPABILITY(x) SLUICE_THREAD_ATTRIBUTE(lock_returned(x))
/// Switches the analysis off for one function; a comment beside it says why that is right.
#define SLUICE_NO_THREAD_SAFETY_ANALYSIS SLUICE_THREAD_ATTRIBUTE(no_thread_safety_analysis)
