// SPDX-License-Identifier: Apache-2.0
#include "kernel/wire/markup_text.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(MarkupText, IsTextAndNothingElse) {
    EXPECT_EQ(markup_escape("<a href=\"x\">'&"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
    EXPECT_EQ(markup_escape("é€\n\t"), "é€\n\t");
    EXPECT_EQ(markup_escape(std::string_view("\0\x1B\x7F\x80\xC3", 5)),
              "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    EXPECT_EQ(markup_escape("\xEF\xBF\xBE\xEF\xBF\xBF"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace sluice
