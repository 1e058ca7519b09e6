// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/outputs.h"

#include "kernel/base/text.h"
#include "modules/crawl/core/page/page_reader.h"
#include "modules/crawl/shell/output/cdx.h"
#include "modules/crawl/shell/output/digest.h"
#include "modules/crawl/shell/output/failures.h"
#include "modules/crawl/shell/output/finish.h"
#include "modules/crawl/shell/output/gzip.h"
#include "modules/crawl/shell/output/output_file.h"
#include "modules/crawl/shell/output/page_line.h"
#include "modules/crawl/shell/output/revisits.h"
#include "modules/crawl/shell/output/warc.h"

#include <algorithm>
#include <atomic>
#include <optional>

namespace sluice::crawl {
namespace {

constexpr std::uint64_t warc_file_min = 1U << 20U;

Status check_config(const OutputConfig& config) {
    const auto invalid = [](std::string message) {
        return fail(Code::invalid, std::move(message));
    };
    if (config.folder.empty()) return invalid("outputs need a folder");
    if (config.compression < 1 || config.compression > 9)
        return invalid("the compression of WARC files must be 1 to 9");
    if (config.warc_file_max.count < warc_file_min)
        return invalid("a WARC file's limit must be at least 1 MiB");
    if (config.graphml && !config.edges) return invalid("GraphML is made from edges.csv");
    return {};
}

}  // namespace

struct Outputs::Parts {
    Parts(OutputConfig settings, FileIo io)
        : config(std::move(settings)),
          files(std::move(io)),
          gzips(config.compression),
          revisits(config.revisits_max) {}

    Status open(const std::vector<Write>& marks);
    Status open_marked(const FileMark& mark);
    Status open_new(std::optional<OutputFile>& slot, std::string name, bool may_have_bytes);
    Status append(std::optional<OutputFile>& file, std::vector<std::string_view>& parts,
                  std::vector<Write>& writes);
    Status append_text(std::span<RenderedPage> batch, std::vector<Write>& writes);
    Status append_warc(std::span<RenderedPage> batch, std::vector<Write>& writes);
    void note_failures(std::span<RenderedPage> batch, std::vector<Write>& writes);
    void use(std::optional<OutputFile>& slot, OutputFile file);
    Status sync();

    const OutputConfig config;
    const FileIo files;
    GzipPool gzips;
    Revisits revisits;
    std::optional<OutputFile> pages, edges, warc;
    std::uint32_t part = 0;  ///< of `warc`
    std::string warcinfo;    ///< of the batch that begins a file
    bool failed = false;     ///< an append did
    std::atomic<std::uint64_t> written{0};
    Mutex mutex{"crawl.outputs"};
    std::vector<std::shared_ptr<AppendFile>> growing SLUICE_GUARDED_BY(mutex);
    /// Full ones; the next sync is their last.
    std::vector<std::shared_ptr<AppendFile>> left_behind SLUICE_GUARDED_BY(mutex);
    bool new_names SLUICE_GUARDED_BY(mutex) = false;
};

void Outputs::Parts::use(std::optional<OutputFile>& slot, OutputFile file) {
    MutexLock lock(mutex);
    if (slot) {
        std::erase(growing, slot->file());
        left_behind.push_back(slot->file());
    }
    growing.push_back(file.file());
    new_names = true;
    slot = std::move(file);
}

Status Outputs::Parts::open_marked(const FileMark& mark) {
    std::optional<OutputFile>* slot = nullptr;
    if (mark.name == pages_name) {
        slot = config.pages ? &pages : nullptr;
    } else if (mark.name == edges_name) {
        slot = config.edges ? &edges : nullptr;
    } else {
        // A record is bytes from a disk: it must not lead us anywhere else.
        const auto number = warc_part(mark.name);
        if (!number || warc_name(*number) != mark.name)
            return fail(Code::corrupt, "the crawl has a record of an unknown output file");
        if (config.warc && (!warc || *number >= part)) slot = &warc;
        part = std::max(part, *number);
    }
    SLUICE_TRY(auto file, OutputFile::open(files, config.folder, mark));
    if (slot != nullptr) use(*slot, std::move(file));
    return {};
}

Status Outputs::Parts::open_new(std::optional<OutputFile>& slot, std::string name,
                                bool may_have_bytes) {
    const std::string path = config.folder + "/" + name;
    if (!may_have_bytes && files.exists(path)) {
        SLUICE_TRY(const Bytes size, files.file_size(path));
        if (size.count > 0) {
            return fail(Code::exists, path +
                                          " is there already and does not belong to this crawl; "
                                          "move it away or take another folder");
        }
    }
    FileMark mark;
    mark.name = std::move(name);
    SLUICE_TRY(auto file, OutputFile::open(files, config.folder, std::move(mark)));
    use(slot, std::move(file));
    return {};
}

Status Outputs::Parts::open(const std::vector<Write>& marks) {
    for (const Write& write : marks) {
        SLUICE_TRY(const FileMark mark, read_mark(write));
        SLUICE_TRY_STATUS(open_marked(mark));
    }
    if (config.pages && !pages) SLUICE_TRY_STATUS(open_new(pages, std::string(pages_name), false));
    if (config.edges && !edges) SLUICE_TRY_STATUS(open_new(edges, std::string(edges_name), false));
    if (config.warc && !warc) SLUICE_TRY_STATUS(open_new(warc, warc_name(part), false));
    return {};
}

Status Outputs::Parts::append(std::optional<OutputFile>& file, std::vector<std::string_view>& parts,
                              std::vector<Write>& writes) {
    if (parts.empty()) return {};
    const std::uint64_t before = file->mark().length;
    SLUICE_TRY_STATUS(file->append(parts));
    parts.clear();
    written.fetch_add(file->mark().length - before, std::memory_order_relaxed);
    writes.push_back(mark_write(file->mark()));
    return {};
}

Status Outputs::Parts::append_text(std::span<RenderedPage> batch, std::vector<Write>& writes) {
    std::vector<std::string_view> page_lines, edge_lines;
    for (const RenderedPage& page : batch) {
        if (!page.is_final) continue;
        if (pages && !page.pages.empty()) page_lines.push_back(page.pages);
        if (!edges || page.edges.empty()) continue;
        if (edge_lines.empty() && edges->mark().length == 0) edge_lines.push_back(edges_header);
        edge_lines.push_back(page.edges);
    }
    SLUICE_TRY_STATUS(append(pages, page_lines, writes));
    return append(edges, edge_lines, writes);
}

Status Outputs::Parts::append_warc(std::span<RenderedPage> batch, std::vector<Write>& writes) {
    if (!warc) return {};
    std::vector<std::string_view> records;
    std::uint64_t length = warc->mark().length;
    for (const RenderedPage& page : batch) {
        if (!page.is_final || page.warc.empty()) continue;
        if (length > 0 && length + page.warc.size() > config.warc_file_max.count) {
            SLUICE_TRY_STATUS(append(warc, records, writes));
            // What a crash left in a file that no batch names is of no worth.
            SLUICE_TRY_STATUS(open_new(warc, warc_name(++part), true));
            length = 0;
        }
        if (length == 0) {
            SLUICE_TRY_STATUS(append(warc, records, writes));
            warcinfo.clear();
            auto gzip = gzips.borrow();
            put_warcinfo(warcinfo, *gzip, config, warc->mark().name, page.time);
            gzips.give_back(std::move(gzip));
            records.push_back(warcinfo);
            length += warcinfo.size();
        }
        for (const RenderedPage::CdxLine& line : page.cdx)
            writes.push_back(cdx_write(line, part, length));
        records.push_back(page.warc);
        length += page.warc.size();
    }
    return append(warc, records, writes);
}

void Outputs::Parts::note_failures(std::span<RenderedPage> batch, std::vector<Write>& writes) {
    for (RenderedPage& page : batch) {
        if (!page.is_final) continue;
        if (!page.failure.empty()) writes.push_back({failure_letter + page.url, page.failure});
        if (!page.digest.empty()) revisits.add(page.digest, {page.url, web_time(page.time)});
    }
}

Status Outputs::Parts::sync() {
    std::vector<std::shared_ptr<AppendFile>> todo, last;
    bool names = false;
    {
        MutexLock lock(mutex);
        todo = growing;
        last = left_behind;
        names = std::exchange(new_names, false);
    }
    Status status;
    for (const auto* list : {&todo, &last}) {
        for (const auto& file : *list) {
            if (status) status = file->sync();
        }
    }
    if (status && names) status = files.sync_folder(config.folder);
    MutexLock lock(mutex);
    if (!status) {
        new_names = new_names || names;
        return status;
    }
    for (const auto& file : last) std::erase(left_behind, file);
    return {};
}

Outputs::Outputs(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Outputs::~Outputs() = default;

Result<std::unique_ptr<Outputs>> Outputs::open(OutputConfig config, const std::vector<Write>& marks,
                                               FileIo files) {
    SLUICE_TRY_STATUS(check_config(config));
    auto parts = std::make_unique<Parts>(std::move(config), std::move(files));
    SLUICE_TRY_STATUS(parts->open(marks));
    return std::unique_ptr<Outputs>(new Outputs(std::move(parts)));
}

void Outputs::put_marks(std::vector<Write>& writes) const {
    for (const auto* file : {&parts_->pages, &parts_->edges, &parts_->warc}) {
        if (*file) writes.push_back(mark_write((*file)->mark()));
    }
}

RenderedPage Outputs::render(const FetchAnswer& answer, const PageReading& page,
                             std::string_view extracted) const {
    RenderedPage out;
    if (page.end.kind == PageEnd::Kind::put_back) return out;
    const OutputConfig& config = parts_->config;
    out.url = answer.order.url;
    out.time = answer.order.let_go;
    out.is_retry = page.end.kind == PageEnd::Kind::retry;
    out.is_final = !out.is_retry;
    if (out.is_retry || page.end.kind == PageEnd::Kind::failed)
        out.failure = failure_record({page.end.failure, answer.status, page.problem});
    std::string digest;
    if (answer.status != 0 && config.warc) {
        digest = sha256_digest(answer.body);
        render_warc(out, {answer, config.warc_metadata ? &page : nullptr, digest, {}});
    } else if (!answer.body.empty() && config.pages) {
        digest = xxh128_digest(answer.body);
    }
    if (config.pages) put_page_line(out.pages, answer, page, digest, extracted);
    if (config.edges) put_edge_lines(out.edges, answer, page);
    return out;
}

RenderedPage Outputs::render_robots(const FetchAnswer& answer) const {
    RenderedPage out;
    if (!parts_->config.warc || answer.status == 0) return out;
    out.url = answer.order.url;
    out.time = answer.order.let_go;
    render_warc(out, {answer, nullptr, sha256_digest(answer.body), {}});
    return out;
}

RenderedPage Outputs::render_unasked(const UnaskedUrl& unasked) const {
    RenderedPage out;
    out.url = unasked.url;
    out.failure =
        failure_record({unasked.failure, 0, std::string(unasked_problem(unasked.failure))});
    if (parts_->config.pages) put_unasked_line(out.pages, unasked);
    return out;
}

// The outputs' own part of rendering; everything it touches is safe on any thread.
void Outputs::render_warc(RenderedPage& out, WarcPage page) const {
    const bool is_worth_it = page.answer.body.size() >= revisit_bytes_min;
    if (is_worth_it) page.same = parts_->revisits.find(page.digest);
    if (is_worth_it && !page.same) out.digest = page.digest;
    auto gzip = parts_->gzips.borrow();
    put_warc_page(out, *gzip, page);
    parts_->gzips.give_back(std::move(gzip));
}

Status Outputs::append(std::span<RenderedPage> pages, std::vector<Write>& writes) {
    if (parts_->failed) return fail(Code::io, "an output file could not be written before");
    Status status = parts_->append_text(pages, writes);
    if (status) status = parts_->append_warc(pages, writes);
    if (!status) {
        parts_->failed = true;
        return status;
    }
    parts_->note_failures(pages, writes);
    return {};
}

Status Outputs::sync() { return parts_->sync(); }

std::uint64_t Outputs::bytes_written() const {
    return parts_->written.load(std::memory_order_relaxed);
}

Status Outputs::finish(CrawlSummary& summary, const EachRecord& store) {
    const Finish work{parts_->config, parts_->files, summary, store};
    SLUICE_TRY_STATUS(sync());
    for (const auto* file : {&parts_->pages, &parts_->edges}) {
        if (*file) summary.files.push_back((*file)->mark().name);
    }
    for (std::uint32_t part = 0; parts_->warc && part <= parts_->part; ++part)
        summary.files.push_back(warc_name(part));
    if (parts_->warc) SLUICE_TRY_STATUS(write_cdx_index(work));
    if (parts_->config.graphml) SLUICE_TRY_STATUS(write_graphml(work));
    std::vector<BrokenLink> broken;
    if (parts_->config.broken || parts_->config.report)
        SLUICE_TRY_STATUS(write_broken_links(work, broken));
    if (parts_->config.report) SLUICE_TRY_STATUS(write_report(work, std::move(broken)));

    return {};
}

}  // namespace sluice::crawl
