// SPDX-License-Identifier: Apache-2.0
// The tree of choices: depth first, at random, or again.
#include "choices.h"

#include <charconv>

namespace sluice::interleave {

void Choices::begin(Mode mode, std::uint64_t seed) {
    mode_ = mode;
    path_.clear();
    next_ = 0;
    random_.seed(seed);
}

bool Choices::begin_replay(std::string_view text) {
    begin(Mode::replay);
    if (text == "-") return true;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at < end) {
        std::size_t index = 0;
        std::uint16_t taken = 0;
        auto read = std::from_chars(at, end, index);
        if (read.ec != std::errc{} || read.ptr == end || *read.ptr != ':' || index > 1'000'000)
            return false;
        read = std::from_chars(read.ptr + 1, end, taken);
        if (read.ec != std::errc{}) return false;
        if (index >= path_.size()) path_.resize(index + 1, Choice{0, 0});
        path_[index].taken = taken;
        at = read.ptr;
        if (at == end) break;
        if (*at != ',') return false;
        ++at;
    }
    return true;
}

std::uint32_t Choices::choose(std::uint32_t count, bool forced) {
    if (count <= 1) return 0;
    const std::size_t index = next_++;
    if (mode_ == Mode::replay) {
        if (index >= path_.size()) return 0;
        return path_[index].taken < count ? path_[index].taken : 0;
    }
    if (index < path_.size() && mode_ == Mode::exhaustive) return path_[index].taken;
    std::uint32_t taken = 0;
    if (mode_ == Mode::random) {
        path_.resize(index);
        // Plain choices are likely, so that runs of one thread are long enough to get somewhere.
        if (forced || random_() % 5 == 0) taken = static_cast<std::uint32_t>(random_() % count);
    }
    path_.push_back({static_cast<std::uint16_t>(taken), static_cast<std::uint16_t>(count)});
    return taken;
}

bool Choices::advance() {
    path_.resize(next_);
    while (!path_.empty()) {
        if (++path_.back().taken < path_.back().count) return true;
        path_.pop_back();
    }
    return false;
}

std::string Choices::to_string() const {
    std::string text;
    for (std::size_t i = 0; i < path_.size() && i < next_; ++i) {
        if (path_[i].taken == 0) continue;
        if (!text.empty()) text += ',';
        text += std::to_string(i) + ':' + std::to_string(path_[i].taken);
    }
    return text.empty() ? "-" : text;
}

}  // namespace sluice::interleave
