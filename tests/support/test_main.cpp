// SPDX-License-Identifier: Apache-2.0
// The main() of every GoogleTest program of ours.
#include "leak_listener.h"

#include "kernel/sync/thread.h"

#include <gtest/gtest.h>

#include <cstdio>

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    // The thread sanitizer starts a thread of its own with the first one of the program.
    sluice::Thread("first", [] {}).join();
    // GoogleTest owns its listeners.
    ::testing::UnitTest::GetInstance()->listeners().Append(new sluice::testing::LeakListener);
    int code = RUN_ALL_TESTS();
    if (const std::string left = sluice::testing::LeakListener::left_at_end(); !left.empty()) {
        std::fputs(left.c_str(), stderr);
        code = 1;
    }
    return code;
}
