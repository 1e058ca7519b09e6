// SPDX-License-Identifier: Apache-2.0
// Outputs: the files a crawl leaves behind. Each page's end is in them exactly once, whatever
// happens: bytes are appended first, then the store's batch says how long each file is, and what is
// behind that length after a crash is cut off. Names of files are ours; nothing from the web ever
// becomes a path.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"
#include "kernel/store/file_io.h"
#include "modules/crawl/core/frontier/types.h"
#include "modules/crawl/core/page/fetch_answer.h"
#include "modules/crawl/core/report/progress.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

struct PageReading;
struct WarcPage;

/// First letters of the keys that are ours in the crawl's store.
inline constexpr char output_letter = 'O';   ///< file name → its length (see marks.h)
inline constexpr char cdx_letter = 'X';      ///< SURT and time → where the WARC record is
inline constexpr char failure_letter = 'F';  ///< URL → why it was not had

/// Defaults are those of docs/limits.md.
struct OutputConfig {
    std::string folder;               ///< must exist
    bool pages = true;                ///< pages.jsonl
    bool warc = false;                ///< crawl-NNNNN.warc.gz, and index.cdxj at the end
    bool edges = false;               ///< edges.csv; needs PageRules::keep_links
    bool graphml = false;             ///< graph.graphml at the end; needs edges
    bool broken = true;               ///< broken.csv at the end; names referrers if there are edges
    bool report = true;               ///< report.html at the end; most of it needs pages
    Bytes warc_file_max = mib(1024);  ///< a new file is begun rather than be longer
    int compression = 6;              ///< of gzip, 1 to 9
    bool warc_metadata = true;        ///< a metadata record for each page
    std::size_t revisits_max = 16'384;      ///< payloads remembered to be written only once
    std::size_t referrers_max = 10;         ///< named for each broken link
    std::size_t report_hosts_max = 50'000;  ///< counted one by one; the others together
    std::string software;                   ///< "sluice/1.2.0", for warcinfo
    std::string user_agent;                 ///< for warcinfo
    bool obeys_robots = true;               ///< for warcinfo
};

/// What one fetch adds to the files; made on any thread, appended by the owner.
struct RenderedPage {
    /// One line of the index, without where its record is.
    struct CdxLine {
        std::string key;           ///< SURT, space, time
        std::string fields;        ///< JSON without its closing brace
        std::uint64_t offset = 0;  ///< in `warc`
        std::uint64_t length = 0;
    };
    std::string pages;  ///< lines of pages.jsonl
    std::string edges;  ///< lines of edges.csv
    std::string warc;   ///< gzip members
    std::vector<CdxLine> cdx;
    std::string url;      ///< for the list of failures
    std::string failure;  ///< its record; empty: it was had
    std::string digest;   ///< of a payload written whole, to be remembered; empty: none
    /// It came back as PageEnd::Kind::retry. Then whoever appends it says whether it `is_final`:
    /// the frontier tries no more (CrawlTotals::all_failed() has grown). Only what is final is
    /// written.
    bool is_retry = false;
    bool is_final = true;
    WallTime time{Duration{0}};  ///< when the fetch was let go
};

using VisitRecord = std::function<Status(std::string_view key, std::string_view value)>;
/// Gives every record whose key begins with `prefix`, in the order of the keys; stops at an error.
using EachRecord = std::function<Status(std::string_view prefix, const VisitRecord& visit)>;

/// render() and sync() may be called on any thread at any time; everything else is its owner's.
class Outputs {
public:
    /// `marks`: every record of the store under output_letter, keys included; none for a new crawl.
    /// Cuts each file back to its recorded length. Errors: exists (a new crawl, but a file is
    /// there), corrupt (a file is shorter than recorded or ends in something else: names file and
    /// lengths), invalid (the configuration), denied, exhausted, io.
    static Result<std::unique_ptr<Outputs>> open(OutputConfig config,
                                                 const std::vector<Write>& marks,
                                                 FileIo files = FileIo());
    ~Outputs();
    Outputs(const Outputs&) = delete;
    Outputs& operator=(const Outputs&) = delete;

    /// The records of all files as they are now. To be in the store's first batch of a new crawl.
    void put_marks(std::vector<Write>& writes) const;

    /// `extracted`: JSON, or empty.
    [[nodiscard]] RenderedPage render(const FetchAnswer& answer, const PageReading& page,
                                      std::string_view extracted) const;
    /// The answer to a request for robots.txt (only a WARC has it).
    [[nodiscard]] RenderedPage render_robots(const FetchAnswer& answer) const;
    /// One that nobody was asked for.
    [[nodiscard]] RenderedPage render_unasked(const UnaskedUrl& unasked) const;

    /// Appends, one system call for each file, and adds the marks, index lines and failures to the
    /// batch that also holds the ends of these pages. After an error nothing may be written to the
    /// store any more; the files are as before, or are cut back at the next open().
    Status append(std::span<RenderedPage> pages, std::vector<Write>& writes);
    /// Everything appended before is durable. Then, and not sooner, the store may be synced.
    Status sync();
    /// Bytes appended in this run, all files together. Any thread.
    [[nodiscard]] std::uint64_t bytes_written() const;

    /// Writes what needs the whole crawl: index.cdxj, graph.graphml, broken.csv, report.html; each
    /// appears whole or not at all, and replaces that of an earlier run. Memory is bounded whatever
    /// the size of the crawl. Adds the names of all files to `summary.files`.
    Status finish(CrawlSummary& summary, const EachRecord& store);

private:
    struct Parts;
    void render_warc(RenderedPage& out, WarcPage page) const;
    explicit Outputs(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::crawl
