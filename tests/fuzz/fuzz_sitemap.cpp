// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_sitemap
// Any bytes as a sitemap, whole and in pieces: the same entries, and the limits hold.
#include "kernel/base/check.h"
#include "modules/crawl/core/sitemap/sitemap.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::crawl;

constexpr SitemapLimits limits{.entries_max = 20,
                               .bytes_max = 1 << 16,
                               .value_bytes_max = 200,
                               .depth_max = 8,
                               .parts_max = 3};

std::string read(std::string_view bytes, std::size_t piece) {
    std::string out;
    std::size_t count = 0;
    SitemapReader reader(
        [&](SitemapEntry&& entry) {
            SLUICE_CHECK(!entry.url.empty() && entry.url.size() <= limits.value_bytes_max);
            SLUICE_CHECK(entry.alternates.size() <= limits.parts_max);
            SLUICE_CHECK(entry.images.size() <= limits.parts_max);
            SLUICE_CHECK(entry.videos.size() <= limits.parts_max);
            SLUICE_CHECK(++count <= limits.entries_max);
            out += entry.url + ' ' + entry.news_title + ' ' +
                   std::to_string(entry.alternates.size()) +
                   (entry.last_modified ? format_rfc3339(*entry.last_modified) : "") + '\n';
        },
        limits);
    Status status;
    while (status && !bytes.empty()) {
        status = reader.feed(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    if (status) status = reader.finish();
    if (!status) out += "failed";
    return out + std::string(to_string(reader.kind()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    static_cast<void>(parse_sitemap_date(bytes));
    // Packed bytes may fail later when they come in larger pieces, so only what is read as it
    // stands is compared.
    const std::string whole = read(bytes, SIZE_MAX);
    const std::string cut = read(bytes, 3);
    if (!bytes.starts_with("\x1F\x8B")) SLUICE_CHECK(whole == cut);
    return 0;
}
