// SPDX-License-Identifier: Apache-2.0
#include "vectors.h"

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace sluice::vectors {
namespace {

constexpr std::size_t unpacked_max = 64U << 20U;

}  // namespace

std::string folder() { return SLUICE_CRAWLER_VECTORS; }

void VectorTest::SetUp() {
    if (!std::filesystem::is_directory(folder())) GTEST_SKIP() << "no test data in " << folder();
}

std::string read(std::string_view name, bool raw) {
    const std::string path = folder() + "/" + std::string(name);
    std::string text;
    if (raw || !name.ends_with(".gz")) {
        std::ifstream file(path, std::ios::binary);
        text.assign(std::istreambuf_iterator<char>(file), {});
        EXPECT_TRUE(file.is_open()) << "cannot open " << path;
        return text;
    }
    gzFile file = gzopen(path.c_str(), "rb");
    if (file == nullptr) {
        ADD_FAILURE() << "cannot open " << path;
        return text;
    }
    char block[65536];
    int got = 0;
    while (text.size() < unpacked_max && (got = gzread(file, block, sizeof block)) > 0)
        text.append(block, static_cast<std::size_t>(got));
    EXPECT_EQ(got, 0) << "cannot unpack " << path;
    gzclose(file);
    return text;
}

std::vector<std::string> read_lines(std::string_view name) {
    const std::string text = read(name);
    std::vector<std::string> lines;
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = std::min(text.find('\n', from), text.size());
        if (end > from) lines.emplace_back(text, from, end - from);
        from = end + 1;
    }
    return lines;
}

std::vector<std::string> files(std::string_view below, std::string_view ending) {
    std::vector<std::string> names;
    std::error_code error;
    const std::filesystem::path root(folder());
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(root / std::string(below), error)) {
        const std::string name = entry.path().lexically_relative(root).string();
        if (entry.is_regular_file() && name.ends_with(ending)) names.push_back(name);
    }
    EXPECT_FALSE(error) << "cannot list " << below << ": " << error.message();
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace sluice::vectors
