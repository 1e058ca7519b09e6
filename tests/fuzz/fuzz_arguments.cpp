// SPDX-License-Identifier: Apache-2.0
// libraries: sdk
// Any bytes as the arguments of a job: no crash, refusals are one line and bounded, and
// what is accepted is within its range.
#include "kernel/base/check.h"
#include "sdk/arguments.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::sdk;

void judge(const Error& error) {
    SLUICE_CHECK(error.code == Code::invalid);
    SLUICE_CHECK(!error.message.empty() && error.message.size() <= 4000);
}

const JobSchema schema{
    .arguments =
        {{.name = "path", .required = true, .range = {1, 1000}},
         {.name = "count", .kind = ArgumentKind::integer, .required = true, .range = {1, 100}},
         {.name = "note"},
         {.name = "top", .kind = ArgumentKind::integer, .range = {0, 1000}, .fallback = "10"},
         {.name = "timeout",
          .kind = ArgumentKind::seconds,
          .range = {.max = 3600},
          .fallback = "60"},
         {.name = "header", .kind = ArgumentKind::boolean, .fallback = "true"},
         {.name = "arguments", .kind = ArgumentKind::texts, .range = {.max = 50}},
         {.name = "hosts", .kind = ArgumentKind::text_list, .range = {.max = 50}},
         {.name = "environment", .kind = ArgumentKind::pairs},
         {.name = "steps", .kind = ArgumentKind::list, .range = {.max = 50}},
         {.name = "body", .kind = ArgumentKind::any},
         {.name = "format", .choices = {"gzip", "zstd"}, .fallback = "gzip"}},
    .positions = 3};
const JobSchema no_arguments{};

/// Every kind of member, as the job types ask for them.
void read_all(const Arguments& arguments) {
    const std::string path = arguments.text("path");
    const std::int64_t count = arguments.integer("count");
    const std::int64_t top = arguments.integer("top");
    const double seconds = arguments.number("timeout");
    static_cast<void>(arguments.text_if_given("note"));
    static_cast<void>(arguments.boolean("header"));
    static_cast<void>(arguments.pairs("environment"));
    static_cast<void>(arguments.value("body"));
    SLUICE_CHECK(!path.empty() && path.size() <= 1000);
    SLUICE_CHECK(count >= 1 && count <= 100);
    SLUICE_CHECK(top >= 0 && top <= 1000);
    SLUICE_CHECK(seconds > 0 && seconds <= 3600);
    SLUICE_CHECK(arguments.choice("format") < 2);
    SLUICE_CHECK(arguments.texts("arguments").size() <= 50);
    SLUICE_CHECK(arguments.texts("hosts").size() <= 50);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto named = Arguments::parse(text, schema);
    if (named)
        read_all(*named);
    else
        judge(named.error());
    const auto none = Arguments::parse(text, no_arguments);
    if (!none) judge(none.error());
    return 0;
}
