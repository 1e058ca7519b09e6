// SPDX-License-Identifier: Apache-2.0
// Choices: everything about an execution that is not decided by the program. The same choices give
// the same execution; all choices, one after another, give all executions.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::interleave {

/// The path through the tree of choices. Choice 0 is always the plain one: go on with the same
/// thread, read the newest value.
class Choices {
public:
    enum class Mode { exhaustive, random, replay };

    /// Forgets all paths. `seed` is used by random mode.
    void begin(Mode mode, std::uint64_t seed = 0);
    /// For replay mode: what to_string() gave. False if it is not such a text.
    bool begin_replay(std::string_view text);
    /// The next execution starts at the root.
    void rewind() { next_ = 0; }
    /// One of `count`. `forced` says that 0 is no plainer than the others.
    std::uint32_t choose(std::uint32_t count, bool forced);
    /// Exhaustive mode: turns to the next path. False when there is none.
    bool advance();
    /// The choices that were not 0, as "index:choice,…"; "-" if there was none.
    [[nodiscard]] std::string to_string() const;

private:
    struct Choice {
        std::uint16_t taken;
        std::uint16_t count;
    };

    Mode mode_ = Mode::exhaustive;
    std::vector<Choice> path_;
    std::size_t next_ = 0;
    std::mt19937_64 random_;
};

}  // namespace sluice::interleave
