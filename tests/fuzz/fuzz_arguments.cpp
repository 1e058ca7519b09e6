// SPDX-License-Identifier: Apache-2.0
// libraries: work_core
// Any bytes as the arguments of a built-in job: no crash, refusals are one line and bounded, and
// what is accepted is within its range.
#include "kernel/base/check.h"
#include "modules/work/core/arguments.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::work;

void judge(const Error& error) {
    SLUICE_CHECK(error.code == Code::invalid);
    SLUICE_CHECK(!error.message.empty() && error.message.size() <= 4000);
}

/// Every kind of member, as the job types ask for them.
void read_all(Arguments arguments) {
    const std::string path = arguments.text("path");
    const std::int64_t count = arguments.integer("count", {1, 100});
    const auto note = arguments.text_if_given("note");
    const std::int64_t top = arguments.integer_or("top", 10, {0, 1000});
    const double seconds = arguments.seconds_or("timeout", 60, 3600);
    const bool header = arguments.boolean_or("header", true);
    const auto words = arguments.texts_or_none("arguments");
    const auto pairs = arguments.pairs_or_none("environment");
    const std::size_t choice = arguments.choice("format", {"gzip", "zstd"});
    const Status status = arguments.finish();
    if (!status) return judge(status.error());
    SLUICE_CHECK(count >= 1 && count <= 100);
    SLUICE_CHECK(top >= 0 && top <= 1000);
    SLUICE_CHECK(seconds >= 0 && seconds <= 3600);
    SLUICE_CHECK(choice < 2);
    SLUICE_CHECK(path.size() + words.size() + pairs.size() + (note ? 1U : 0U) + (header ? 1U : 0U) <
                 1'000'000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    auto named = Arguments::parse(text, {"path", "count", "note"});
    if (named)
        read_all(std::move(*named));
    else
        judge(named.error());
    const auto none = Arguments::parse(text, {});
    if (!none) judge(none.error());
    return 0;
}
