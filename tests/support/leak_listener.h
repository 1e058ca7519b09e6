// SPDX-License-Identifier: Apache-2.0
// After each test: a thread, pool or task that the test made and that still lives makes the test
// fail, with its name and where it was made. What a fixture makes for a whole suite may stay until
// the end of the program.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>

namespace sluice::testing {

/// Put before the default printer's end of test: append it to the listeners.
class LeakListener final : public ::testing::EmptyTestEventListener {
public:
    void OnTestStart(const ::testing::TestInfo& test) override;
    void OnTestEnd(const ::testing::TestInfo& test) override;

    /// What outlived every test and suite, in words; empty if nothing did. After the last test.
    static std::string left_at_end();

private:
    std::uint64_t number_ = 0;          ///< of the last thing made before the test
    std::map<int, std::string> tasks_;  ///< the kernel's threads of this process before the test
};

}  // namespace sluice::testing
