// SPDX-License-Identifier: Apache-2.0
#include "kernel/mount/debug_pages.h"

#include "kernel/sync/wait_accounting.h"
#include "kernel/wire/json_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

HttpResponse get(const char* path, const char* format = nullptr) {
    HttpRouter router;
    add_debug_pages(router);
    const auto match = router.find("GET", path);
    HttpRequest request;
    request.method = "GET";
    request.path = path;
    if (format != nullptr) request.query = {{"format", format}};
    return match.route->handler(request);
}

TEST(DebugPages, ContentionComesAsTextOrJson) {
    record_wait({"test.page", WaitKind::lock}, 3ms);
    const HttpResponse text = get("/debug/contention");
    EXPECT_EQ(text.status, 200);
    EXPECT_NE(text.body.find("test.page"), std::string::npos);

    const HttpResponse json = get("/debug/contention", "json");
    EXPECT_EQ(json.status, 200);
    JsonParser parser;
    const auto root = parser.parse(json.body);
    ASSERT_TRUE(root) << json.body;
    EXPECT_TRUE(root->find("waits"));
    EXPECT_TRUE(root->find("threads"));
    EXPECT_NE(json.body.find(R"("site":"test.page","kind":"lock")"), std::string::npos)
        << json.body;

    EXPECT_EQ(get("/debug/contention", "xml").status, 400);
}

TEST(DebugPages, AreListed) {
    const HttpResponse list = get("/debug");
    EXPECT_EQ(list.status, 200);
    EXPECT_NE(list.body.find("/debug/contention "), std::string::npos) << list.body;
}

}  // namespace
}  // namespace sluice
