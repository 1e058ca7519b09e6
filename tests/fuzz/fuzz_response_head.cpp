// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_shell_fetch crawl_core_page kernel_base
// Any bytes as the lines of an answer's head: limits hold, and nothing but what was sent is kept.
// Also as a whole plain answer, which is the same in one piece and byte by byte; as a hosts file,
// and as a URL whose origin is looked for.
#include "kernel/base/check.h"
#include "modules/crawl/shell/fetch/name_cache.h"
#include "modules/crawl/shell/fetch/plain_answer.h"
#include "modules/crawl/shell/fetch/response_head.h"
#include "modules/crawl/shell/fetch/transfer_config.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::crawl;

constexpr ResponseHead::Limits limits{.bytes_max = 2048, .count_max = 16};

void check(const FetchAnswer& answer) {
    SLUICE_CHECK(answer.status >= 0 && answer.status <= 999);
    SLUICE_CHECK(answer.headers.size() <= limits.count_max);
    std::size_t bytes = answer.protocol.size() + answer.reason.size();
    for (const auto& header : answer.headers) {
        SLUICE_CHECK(!header.name.empty() && header.name.find(':') == std::string::npos);
        SLUICE_CHECK(header.name.find('\n') == std::string::npos);
        SLUICE_CHECK(header.value.find('\n') == std::string::npos);
        bytes += header.name.size() + header.value.size();
    }
    SLUICE_CHECK(bytes <= limits.bytes_max + limits.count_max);
}

PlainAnswer::Verdict read_plain(std::string_view bytes, std::size_t step, FetchAnswer& answer) {
    answer.order.body_max = 64;
    PlainAnswer reader;
    reader.begin();
    auto verdict = PlainAnswer::Verdict::more;
    while (!bytes.empty() && verdict == PlainAnswer::Verdict::more) {
        verdict = reader.take(bytes.substr(0, step), limits, answer);
        bytes.remove_prefix(std::min(step, bytes.size()));
    }
    if (verdict == PlainAnswer::Verdict::more) verdict = reader.end();
    SLUICE_CHECK(verdict != PlainAnswer::Verdict::more);
    SLUICE_CHECK(answer.body.size() <= 64);
    SLUICE_CHECK(verdict == PlainAnswer::Verdict::whole || !reader.keeps_connection());
    check(answer);
    return verdict;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    ResponseHead head;
    FetchAnswer answer;
    std::string_view rest = bytes;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
        if (head.take(rest.substr(0, end), limits, answer) != ResponseHead::Verdict::fine) break;
        rest.remove_prefix(end);
        check(answer);
    }
    check(answer);
    FetchAnswer at_once, bit_by_bit;
    SLUICE_CHECK(read_plain(bytes, bytes.size() + 1, at_once) == read_plain(bytes, 1, bit_by_bit));
    SLUICE_CHECK(at_once.status == bit_by_bit.status && at_once.body == bit_by_bit.body);
    SLUICE_CHECK(at_once.headers == bit_by_bit.headers);
    for (const auto& [name, addresses] : read_hosts(bytes)) {
        SLUICE_CHECK(!name.empty() && !addresses.empty());
    }
    const UrlOrigin origin = url_origin(bytes);
    SLUICE_CHECK(origin.origin.size() <= size && origin.host.size() <= origin.origin.size());
    static_cast<void>(is_host_name(bytes));
    static_cast<void>(matches_origin("*.example.org", origin));
    return 0;
}
