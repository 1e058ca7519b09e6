// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_http crawl_core_unpack
// Any bytes as each header value that a crawl reads, and as a body behind a Content-Encoding:
// limits hold, and packed bytes unpack to the same however they are cut.
#include "kernel/base/check.h"
#include "modules/crawl/core/http/date.h"
#include "modules/crawl/core/http/header.h"
#include "modules/crawl/core/unpack/unpack.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::crawl;

constexpr WallTime now = wall_from_ns(1'300'000'000LL * 1'000'000'000);
constexpr UnpackLimits limits{.output_bytes_max = 1 << 16, .ratio_max = 100};

std::string unpacked(std::string_view bytes, const std::vector<Packing>& layers,
                     std::size_t piece) {
    std::string out;
    const auto sink = [&out](std::string_view text) { out += text; };
    Unpacker unpacker(layers, limits);
    Status status;
    while (status && !bytes.empty()) {
        status = unpacker.feed(bytes.substr(0, piece), sink);
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    if (status) status = unpacker.finish(sink);
    SLUICE_CHECK(out.size() == unpacker.output_bytes() && out.size() <= limits.output_bytes_max);
    return status ? out : std::string("failed");
}

}  // namespace

/// The first line is a Content-Encoding, the rest a body; all of it is every other header.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (const auto type = parse_content_type(bytes)) {
        SLUICE_CHECK(type->essence.find('/') != std::string::npos);
        SLUICE_CHECK(type->charset.size() <= size);
    }
    if (const auto pause = parse_retry_after(bytes, now)) {
        SLUICE_CHECK(*pause >= Duration{0} && *pause <= 365 * 24h);
    }
    static_cast<void>(parse_cache_control(bytes));
    for (const HeaderLink& link : parse_link_header(bytes)) SLUICE_CHECK(link.url.size() <= size);
    if (!parse_etag(bytes).empty()) SLUICE_CHECK(parse_etag(bytes).ends_with('"'));
    if (const auto date = parse_http_date(bytes, now)) {
        SLUICE_CHECK(parse_http_date(format_http_date(*date), now).has_value());
    }
    const std::string_view head = bytes.substr(0, bytes.find('\n'));
    const auto layers = parse_content_encoding(head);
    if (!layers) return 0;
    const std::string_view body = bytes.substr(std::min(head.size() + 1, bytes.size()));
    const std::string whole = unpacked(body, *layers, SIZE_MAX);
    SLUICE_CHECK(unpacked(body, *layers, 3) == whole);
    return 0;
}
