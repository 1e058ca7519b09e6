// SPDX-License-Identifier: Apache-2.0
// Weakening one operation by its place.
#include "mutation.h"

#include "engine.h"

#include <cstring>

namespace sluice::interleave {

const char* base_name(const char* path) {
    const char* const slash = std::strrchr(path, '/');
    return slash == nullptr ? path : slash + 1;
}

std::string_view short_name(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos || slash == 0) return path;
    const std::size_t before = path.rfind('/', slash - 1);
    return before == std::string_view::npos ? path : path.substr(before + 1);
}

const char* to_string(Weakening weakening) {
    switch (weakening) {
        case Weakening::relaxed: return "relaxed";
        case Weakening::acquire_only: return "acquire-only";
        case Weakening::release_only: return "release-only";
        case Weakening::not_sequential: return "not-sequential";
        case Weakening::failure_relaxed: return "failure-relaxed";
        case Weakening::no_wake: return "no-wake";
        case Weakening::wake_one: return "wake-one";
    }
    return "?";
}

std::string Mutation::to_string() const {
    return file + ':' + std::to_string(line) + ':' + std::to_string(column) + ' ' +
           interleave::to_string(weakening);
}

bool Engine::is_mutated(const Where& where, Weakening weakening) {
    if (sites != nullptr)
        sites->insert({std::string(short_name(where.file_name())), where.line(), where.column(),
                       weakening, where.function_name()});
    return mutation && mutation->weakening == weakening && mutation->line == where.line() &&
           mutation->column == where.column() && mutation->file == short_name(where.file_name());
}

Order Engine::weakened(Order order, const Where& where) {
    if (sites == nullptr && !mutation) return order;
    if (order == Order::relaxed) return order;
    if (is_mutated(where, Weakening::relaxed)) return Order::relaxed;
    if (order == Order::acq_rel) {
        if (is_mutated(where, Weakening::acquire_only)) return Order::acquire;
        if (is_mutated(where, Weakening::release_only)) return Order::release;
    }
    // A load of acq_rel acquires, a store of it releases.
    if (order == Order::seq_cst && is_mutated(where, Weakening::not_sequential))
        return Order::acq_rel;
    return order;
}

Order Engine::weakened_failure(Order order, const Where& where) {
    if ((sites == nullptr && !mutation) || order == Order::relaxed) return order;
    return is_mutated(where, Weakening::failure_relaxed) ? Order::relaxed : order;
}

std::uint32_t Engine::weakened_count(std::uint32_t count, const Where& where) {
    if (sites == nullptr && !mutation) return count;
    if (is_mutated(where, Weakening::no_wake)) return 0;
    if (count > 1 && is_mutated(where, Weakening::wake_one)) return 1;
    return count;
}

}  // namespace sluice::interleave
