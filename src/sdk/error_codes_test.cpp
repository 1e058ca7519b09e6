// SPDX-License-Identifier: Apache-2.0
// The table of error codes: whole, stable, and the same as in docs/sdk.md.
#include "sdk/error_codes.h"

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

TEST(ErrorCodes, EveryErrorOfAClientHasARowOfItsOwn) {
    std::set<ErrorCode> seen;
    for (const Code code : {Code::invalid, Code::not_found, Code::exists, Code::conflict,
                            Code::busy, Code::timeout, Code::cancelled, Code::exhausted,
                            Code::denied, Code::corrupt, Code::io, Code::internal}) {
        const ErrorCode mapped = error_code(Error{code, ""});
        EXPECT_LT(static_cast<unsigned>(mapped), 200U);
        EXPECT_EQ(row_of(mapped).word, to_string(code));
        seen.insert(mapped);
        // What a handler met has a row, too.
        const Failure failure = failure_of(Error{code, "m"});
        EXPECT_NE(error_code(failure), ErrorCode::handler_failed) << failure.errtype;
        EXPECT_EQ(failure.message, "m");
    }
    EXPECT_EQ(seen.size(), 12U);
}

TEST(ErrorCodes, WhatTheRuntimeFailsJobsWithHasARow) {
    for (const char* errtype :
         {"InvalidArguments", "UnknownType", "InvalidResult", "ResultTooLarge", "Timeout",
          "Cancelled", "ReservationExpired", "WorkerLost"}) {
        EXPECT_NE(error_code_of_errtype(errtype), ErrorCode::handler_failed) << errtype;
    }
    EXPECT_EQ(error_code_of_errtype("std::runtime_error"), ErrorCode::handler_failed);
    EXPECT_EQ(error_code_of_errtype(""), ErrorCode::handler_failed);
    EXPECT_EQ(text_of(ErrorCode::no_answer), "SL106 no_answer");
}

TEST(ErrorCodes, NumbersAndNamesAreUniqueAndInOrder) {
    std::set<std::string_view> names;
    unsigned before = 0;
    for (const ErrorCodeRow& row : error_codes()) {
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_GT(static_cast<unsigned>(row.code), before);
        before = static_cast<unsigned>(row.code);
    }
}

TEST(ErrorCodes, TheDocumentHasTheSameTable) {
    std::ifstream file(SLUICE_DOCS "/sdk.md");
    ASSERT_TRUE(file) << "docs/sdk.md cannot be read";
    std::set<std::string> documented;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("| SL")) documented.insert(line);
    }
    std::set<std::string> expected;
    for (const ErrorCodeRow& row : error_codes()) {
        std::ostringstream line;
        line << "| SL" << static_cast<unsigned>(row.code) << " `" << row.name << "` | "
             << (row.word.empty() ? "any other" : '`' + std::string(row.word) + '`') << " | "
             << row.meaning << " | " << row.what_to_do << " |";
        expected.insert(line.str());
    }
    EXPECT_EQ(documented, expected);
}

}  // namespace
}  // namespace sluice::sdk
