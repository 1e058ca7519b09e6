// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/archives/archive_extract.h"

#include "modules/work/core/utf8.h"

#include <unordered_set>
#include <utility>
#include <vector>

namespace sluice::work {

namespace {

constexpr std::string_view reason_of(NameFault fault) {
    switch (fault) {
        case NameFault::absolute: return "absolute";
        case NameFault::upwards: return "upwards";
        case NameFault::no_name:
        case NameFault::control:
        case NameFault::not_utf8:
        case NameFault::too_long:
        case NameFault::too_deep: return "bad_name";
    }
    return "bad_name";
}

std::uint64_t folded_hash(std::string_view path) {
    std::string folded;
    Utf8Decoder decoder;
    const auto take = [&folded](char32_t c) { append_utf8(folded, to_lower(c)); };
    decoder.feed(path, take);
    decoder.finish(take);
    return std::hash<std::string>()(folded);
}

class Extraction {
public:
    Extraction(ArchiveReader& reader, OutputFolder& folder, const ExtractOptions& options)
        : reader_(reader), folder_(folder), options_(options) {}

    Status run(const std::function<void()>& report) {
        for (;;) {
            SLUICE_TRY(const std::optional<ArchiveItem> item, reader_.next());
            if (!item) break;
            SLUICE_TRY_STATUS(take(*item));
            report();
        }
        SLUICE_TRY_STATUS(make_links());
        // From the inside to the outside: what is made in a folder changes its time.
        for (auto at = times_.rbegin(); at != times_.rend(); ++at) {
            SLUICE_TRY_STATUS(folder_.set_time(at->first, at->second));
        }
        return {};
    }
    ExtractCounts counts;

private:
    struct Link {
        std::string path;
        std::string target;
        bool hard;
    };

    Status leave_out(std::string_view reason, const ArchiveItem& item, std::string_view why) {
        if (!options_.skip_unsafe) {
            return fail(Code::invalid, "entry " + std::to_string(reader_.items()) + ", " +
                                           quoted_name(item.name) + ", " + std::string(why) +
                                           "; nothing was extracted");
        }
        count(reason);
        return {};
    }
    void count(std::string_view reason) {
        const auto found = counts.skipped.find(reason);
        if (found != counts.skipped.end())
            ++found->second;
        else
            counts.skipped.emplace(reason, 1);
    }

    Status take(const ArchiveItem& item) {
        const auto name = clean_entry_name(item.name, options_.names);
        if (const auto* fault = std::get_if<NameFault>(&name)) {
            SLUICE_TRY_STATUS(leave_out(reason_of(*fault), item, to_string(*fault)));
            return reader_.skip();
        }
        const std::string& path = std::get<std::string>(name);
        if (path.empty() && item.kind == ItemKind::folder) return {};  // the folder itself
        if (path.empty()) {
            SLUICE_TRY_STATUS(leave_out("bad_name", item, to_string(NameFault::no_name)));
            return reader_.skip();
        }
        if (!options_.patterns.is_meant(path)) {
            ++counts.not_meant;
            return reader_.skip();
        }
        switch (item.kind) {
            case ItemKind::file: return take_file(path, item);
            case ItemKind::folder: return take_folder(path, item);
            case ItemKind::symbolic_link:
            case ItemKind::hard_link: return take_link(path, item);
            case ItemKind::other: break;
        }
        SLUICE_TRY_STATUS(leave_out("special", item, "is a device, FIFO or socket"));
        return reader_.skip();
    }

    Status take_file(const std::string& path, const ArchiveItem& item) {
        auto file = folder_.make_file(path, item.executable);
        if (!file && file.error().code == Code::exists) {
            SLUICE_TRY_STATUS(
                leave_out("duplicate", item, "has the place of another entry before it"));
            return reader_.skip();
        }
        if (!file) return std::move(file).error();
        SLUICE_TRY(const std::uint64_t length,
                   reader_.read([&file](std::uint64_t offset, std::string_view bytes) {
                       return file->write_at(offset, bytes);
                   }));
        SLUICE_TRY_STATUS(file->finish(length, item.changed));
        ++counts.files;
        counts.bytes += length;
        if (!folded_.insert(folded_hash(path)).second) ++counts.case_collisions;
        return {};
    }

    Status take_folder(const std::string& path, const ArchiveItem& item) {
        auto made = folder_.make_folder(path);
        if (!made && made.error().code == Code::exists) {
            return leave_out("duplicate", item, "has the place of another entry before it");
        }
        if (!made) return made;
        ++counts.folders;
        if (item.changed) times_.emplace_back(path, *item.changed);
        return {};
    }

    Status take_link(const std::string& path, const ArchiveItem& item) {
        if (!options_.links) {
            count("link");
            return reader_.skip();
        }
        if (links_.size() == options_.links_max) {
            return fail(Code::exhausted, "the archive holds more than the limit of " +
                                             std::to_string(options_.links_max) + " links");
        }
        links_.push_back({path, item.target, item.kind == ItemKind::hard_link});
        return reader_.skip();
    }

    /// Links come last, so that no file can be written through one; then the kernel says where each
    /// leads, now that all of them are there.
    Status make_links() {
        std::vector<const Link*> symbolic;
        for (const Link& link : links_) {
            const auto made =
                link.hard ? make_hard(link) : folder_.make_link(link.path, link.target);
            if (!made) {
                SLUICE_TRY_STATUS(bad_link(link, made.error()));
            } else if (link.hard) {
                ++counts.links;
            } else {
                symbolic.push_back(&link);
            }
        }
        // One that is taken away may have been the way of another.
        for (bool changed = true; changed;) {
            changed = false;
            std::vector<const Link*> good;
            for (const Link* link : symbolic) {
                const auto inside = folder_.leads_inside(link->path);
                if (inside) {
                    good.push_back(link);
                    continue;
                }
                SLUICE_TRY_STATUS(bad_link(*link, inside.error()));
                SLUICE_TRY_STATUS(folder_.remove_link(link->path));
                changed = true;
            }
            symbolic = std::move(good);
        }
        counts.links += symbolic.size();
        return {};
    }
    Status make_hard(const Link& link) {
        const auto target = clean_entry_name(link.target, options_.names);
        if (const auto* fault = std::get_if<NameFault>(&target)) {
            return fail(Code::denied, "its target " + std::string(to_string(*fault)));
        }
        return folder_.make_hard_link(link.path, std::get<std::string>(target));
    }
    Status bad_link(const Link& link, const Error& error) {
        const bool judged = error.code == Code::denied || error.code == Code::not_found ||
                            error.code == Code::exists || error.code == Code::invalid;
        if (!judged) return error;
        if (!options_.skip_unsafe) {
            return fail(Code::invalid,
                        "the link " + quoted_name(link.path) + " to " + quoted_name(link.target) +
                            " cannot be made: " + error.message + "; nothing was extracted");
        }
        count("bad_link");
        return {};
    }

    ArchiveReader& reader_;
    OutputFolder& folder_;
    const ExtractOptions& options_;
    std::vector<Link> links_;
    std::vector<std::pair<std::string, WallTime>> times_;
    std::unordered_set<std::uint64_t> folded_;
};

}  // namespace

Result<ExtractCounts> extract_archive(ArchiveReader& reader, OutputFolder& folder,
                                      const ExtractOptions& options,
                                      const std::function<void()>& report) {
    Extraction extraction(reader, folder, options);
    SLUICE_TRY_STATUS(extraction.run(report));
    return std::move(extraction.counts);
}

}  // namespace sluice::work
