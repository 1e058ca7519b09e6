// SPDX-License-Identifier: Apache-2.0
// Public test data for parsers, read from a folder beside the project. Knows where the folder is
// and how to read its files, not what is in them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace sluice::vectors {

/// A test that needs the folder: it says that it is skipped where the folder is absent.
class VectorTest : public ::testing::Test {
protected:
    void SetUp() override;
};

/// The folder, without a slash at its end.
std::string folder();
/// The whole file `name` (relative to the folder); one whose name ends in ".gz" is unpacked unless
/// `raw`. A file that cannot be read is a failed test and an empty text.
std::string read(std::string_view name, bool raw = false);
/// The lines of a file, without their ends and without the empty ones.
std::vector<std::string> read_lines(std::string_view name);
/// The names (relative to the folder) of the files in `below` that end in `ending`, sorted.
std::vector<std::string> files(std::string_view below, std::string_view ending);

}  // namespace sluice::vectors
