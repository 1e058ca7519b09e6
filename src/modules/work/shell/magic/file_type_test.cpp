// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/magic/file_type.h"

#include <gtest/gtest.h>

namespace sluice::work {
namespace {

TEST(FileType, IsToldByTheBytes) {
    using namespace std::string_literals;
    const struct {
        std::string bytes;
        std::string mime;
        std::string encoding;
    } rows[] = {
        {"", "application/x-empty", "binary"},
        {"plain text\n", "text/plain", "us-ascii"},
        {"grün\n", "text/plain", "utf-8"},
        {"\x1f\x8b\x08\0\0\0\0\0\0\x03"s, "application/gzip", "binary"},
        {"%PDF-1.4\n1 0 obj\n", "application/pdf", "us-ascii"},
        {"#!/bin/sh\necho\n", "text/x-shellscript", "us-ascii"},
        {"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0"s, "image/png", "binary"},
        {"\x7f"
         "ELF\2\1\1\0"s +
             std::string(50, '\0'),
         "application/", "binary"},
    };
    for (const auto& row : rows) {
        const FileType type = type_of_bytes(row.bytes).value();
        EXPECT_EQ(type.mime.find(row.mime), 0u) << type.mime;
        EXPECT_EQ(type.encoding, row.encoding) << row.mime;
        EXPECT_FALSE(type.description.empty());
    }
}

TEST(FileType, RubbishIsJustData) {
    std::string bytes;
    for (unsigned i = 0; i < 100'000; ++i) bytes += static_cast<char>(i * 2654435761U >> 13);
    EXPECT_EQ(type_of_bytes(bytes).value().mime, "application/octet-stream");
}

}  // namespace
}  // namespace sluice::work
