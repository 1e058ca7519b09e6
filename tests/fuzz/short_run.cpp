// SPDX-License-Identifier: Apache-2.0
// The short form of a fuzz target, for every test run: its seeds, and inputs made from them by a
// fixed sequence of changes. Finds what a later change breaks; finding new things is libFuzzer's
// work (./dev fuzz).
#include "kernel/base/random.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t input_bytes_max = 8192;

void change(std::string& input, const std::vector<std::string>& seeds, sluice::Random& random) {
    constexpr std::string_view special = "\"'\\{}[],:;.-+0eE9\r\n\t %\0\xff/*?";
    const std::size_t at = input.empty() ? 0 : random.below(input.size());
    switch (random.below(6)) {
        case 0:
            if (!input.empty()) input[at] = static_cast<char>(random.below(256));
            break;
        case 1: input.insert(at, 1, special[random.below(special.size())]); break;
        case 2: input.erase(at, 1 + random.below(8)); break;
        case 3:
            input.insert(at, input.substr(random.below(input.size() + 1), random.below(40)));
            break;
        case 4: {
            const std::string& other = seeds[random.below(seeds.size())];
            input.insert(at, other.substr(random.below(other.size() + 1), random.below(60)));
            break;
        }
        default: input.append(random.below(200), special[random.below(special.size())]); break;
    }
    if (input.size() > input_bytes_max) input.resize(input_bytes_max);
}

void play(const std::string& input) {
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

}  // namespace

/// Usage: PROGRAM SEEDS_FOLDER INPUTS
int main(int argc, char** argv) {
    if (argc != 3) return 2;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(argv[1]))
        files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::vector<std::string> seeds;
    for (const auto& path : files) {
        std::ifstream file(path, std::ios::binary);
        seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
        play(seeds.back());
    }
    if (seeds.empty()) return 2;
    play("");
    sluice::Random random(1);
    const long inputs = std::strtol(argv[2], nullptr, 10);
    for (long i = 0; i < inputs; ++i) {
        std::string input = seeds[random.below(seeds.size())];
        for (std::uint64_t changes = 1 + random.below(6); changes > 0; --changes)
            change(input, seeds, random);
        play(input);
    }
    std::printf("%zu seeds and %ld inputs\n", seeds.size(), inputs);
    return 0;
}
