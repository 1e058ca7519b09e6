// SPDX-License-Identifier: Apache-2.0
// The lines of pages.jsonl and edges.csv. What they mean is in docs/crawler-outputs.md.
#pragma once

#include "modules/crawl/core/page/fetch_answer.h"
#include "modules/crawl/core/page/page_reader.h"

#include <string>
#include <string_view>

namespace sluice::crawl {

/// One object and a line feed. `digest` and `extracted` (JSON) may be empty.
void put_page_line(std::string& out, const FetchAnswer& answer, const PageReading& page,
                   std::string_view digest, std::string_view extracted);

/// The same for a URL that nobody was asked for.
void put_unasked_line(std::string& out, const UnaskedUrl& unasked);
/// Why not, for people.
std::string_view unasked_problem(Failure why);

/// The first line of edges.csv.
inline constexpr std::string_view edges_header = "from,to,kind,nofollow\n";
/// A line for each link of the page, repeats left out, and for a redirect.
void put_edge_lines(std::string& out, const FetchAnswer& answer, const PageReading& page);

/// A field of a CSV file (RFC 4180), in quotes where it needs them.
void put_csv_field(std::string& out, std::string_view field);

/// "2026-11-21T15:00:00.123Z".
std::string web_time(WallTime time);

/// What a page's redirect leads to; empty if it is none.
std::string redirect_target(const FetchAnswer& answer, const PageReading& page);

}  // namespace sluice::crawl
