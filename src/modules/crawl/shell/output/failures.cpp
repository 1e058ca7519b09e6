// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/failures.h"

#include "kernel/base/bytes.h"
#include "kernel/base/text.h"

namespace sluice::crawl {
namespace {

constexpr std::uint64_t failure_version = 1;
constexpr std::size_t failure_problem_max = 200;
constexpr std::uint64_t status_max = 999;

}  // namespace

std::string failure_record(const FailureRecord& failure) {
    std::string out;
    put_varint(out, failure_version);
    put_varint(out, static_cast<std::uint64_t>(failure.failure));
    put_varint(out, static_cast<std::uint64_t>(failure.status < 0 ? 0 : failure.status));
    put_string(out, truncate_utf8(failure.problem, failure_problem_max));
    return out;
}

Result<FailureRecord> read_failure(std::string_view record) {
    ByteReader in(record);
    const std::uint64_t got = in.varint();
    const std::uint64_t failure = in.varint();
    const std::uint64_t status = in.varint();
    const std::string_view problem = in.string();
    if (got != failure_version || !in.ok() || !in.at_end() || failure >= failure_count ||
        status > status_max)
        return fail(Code::corrupt, "the crawl's record of a failure cannot be read");
    return FailureRecord{static_cast<Failure>(failure), static_cast<int>(status),
                         std::string(problem)};
}

}  // namespace sluice::crawl
