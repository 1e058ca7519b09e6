// SPDX-License-Identifier: Apache-2.0
// The records of a WARC file (ISO 28500:2017, WARC 1.1), one gzip member each.
//
// Blocks are what was sent, with one exception that the record itself admits: libcurl has taken the
// transfer coding off, so that header (and a Content-Length that does not fit any more) gets the
// prefix "X-Archive-Orig-", and the right Content-Length stands beside it. HTTP/2 has no text form;
// its answers are written as HTTP/1.1 ones, with WARC-Protocol.
#pragma once

#include "modules/crawl/core/page/fetch_answer.h"
#include "modules/crawl/core/page/page_reader.h"
#include "modules/crawl/shell/output/gzip.h"
#include "modules/crawl/shell/output/outputs.h"
#include "modules/crawl/shell/output/revisits.h"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// Payloads below this are not worth a revisit record.
inline constexpr std::size_t revisit_bytes_min = 128;

/// The record a file begins with.
void put_warcinfo(std::string& out, Gzip& gzip, const OutputConfig& config,
                  std::string_view file_name, WallTime now);

/// What a fetch adds.
struct WarcPage {
    const FetchAnswer& answer;
    const PageReading* page = nullptr;     ///< null: no metadata record (robots.txt)
    std::string digest;                    ///< of the body (sha256_digest)
    std::optional<Revisits::Record> same;  ///< the body was written there
};
/// Response or revisit, request (if its head was kept), metadata; and the index line. Nothing if
/// nobody answered.
void put_warc_page(RenderedPage& out, Gzip& gzip, const WarcPage& page);

}  // namespace sluice::crawl
