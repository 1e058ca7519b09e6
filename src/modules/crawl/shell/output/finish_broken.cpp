// SPDX-License-Identifier: Apache-2.0
// broken.csv: every URL that was not had, and who links to it. Failures come from the store in the
// order of their URLs; referrers are looked up in edges.csv for many of them at once.
#include "modules/crawl/core/frontier/seen_set.h"
#include "modules/crawl/shell/output/derived_file.h"
#include "modules/crawl/shell/output/edge_reader.h"
#include "modules/crawl/shell/output/failures.h"
#include "modules/crawl/shell/output/finish.h"
#include "modules/crawl/shell/output/page_line.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace sluice::crawl {
namespace {

constexpr std::size_t at_once = 20'000;
constexpr std::string_view header = "url,status,failure,problem,referrers,first_referrers\n";

struct Broken {
    std::string url;
    FailureRecord record;
    std::uint64_t links = 0;
    std::vector<std::string> referrers;
};

class BrokenLinks {
public:
    BrokenLinks(const Finish& finish, std::optional<DerivedFile>& file,
                std::vector<BrokenLink>& worst)
        : finish_(finish), file_(file), worst_(worst) {}

    Status write() {
        if (file_) SLUICE_TRY_STATUS(file_->put(header));
        const auto add = [this](std::string_view key, std::string_view value) -> Status {
            SLUICE_TRY(auto record, read_failure(value));
            Broken& broken = batch_.emplace_back();
            broken.url = key.substr(1);
            broken.record = std::move(record);
            return batch_.size() < at_once ? Status() : flush();
        };
        SLUICE_TRY_STATUS(finish_.store(std::string(1, failure_letter), add));
        return flush();
    }

private:
    Status flush() {
        SLUICE_TRY_STATUS(find_referrers());
        for (Broken& broken : batch_) {
            if (file_) SLUICE_TRY_STATUS(put(broken));
            worst_.push_back({std::move(broken.url), broken.record.status,
                              to_string(broken.record.failure), std::move(broken.record.problem),
                              broken.links, std::move(broken.referrers)});
        }
        batch_.clear();
        keep_worst();
        return {};
    }

    Status find_referrers() {
        if (batch_.empty()) return {};
        std::unordered_map<std::uint64_t, Broken*> by_print;
        for (Broken& broken : batch_) by_print.emplace(fingerprint(broken.url).high, &broken);
        const auto visit = [&](const Edge& edge) -> Status {
            const auto found = by_print.find(fingerprint(edge.to).high);
            if (found == by_print.end()) return {};
            Broken& broken = *found->second;
            // Several links of one page stand together.
            if (!broken.referrers.empty() && broken.referrers.back() == edge.from) return {};
            ++broken.links;
            if (broken.referrers.size() < finish_.config.referrers_max)
                broken.referrers.emplace_back(edge.from);
            return {};
        };
        return each_edge(finish_.files, finish_.path(edges_name), visit);
    }

    Status put(const Broken& broken) {
        std::string line;
        put_csv_field(line, broken.url);
        line += "," + (broken.record.status == 0 ? "" : std::to_string(broken.record.status)) + ",";
        line.append(to_string(broken.record.failure)).append(",");
        put_csv_field(line, broken.record.problem);
        line += "," + std::to_string(broken.links) + ",";
        std::string referrers;
        for (const std::string& referrer : broken.referrers)
            referrers += (referrers.empty() ? "" : " ") + referrer;
        put_csv_field(line, referrers);
        return file_->put(line + "\n");
    }

    void keep_worst() {
        std::sort(worst_.begin(), worst_.end(), [](const BrokenLink& a, const BrokenLink& b) {
            return a.links != b.links ? a.links > b.links : a.url < b.url;
        });
        if (worst_.size() > broken_shown_max) worst_.resize(broken_shown_max);
    }

    const Finish& finish_;
    std::optional<DerivedFile>& file_;
    std::vector<BrokenLink>& worst_;
    std::vector<Broken> batch_;
};

}  // namespace

Status write_broken_links(const Finish& finish, std::vector<BrokenLink>& worst) {
    constexpr std::string_view name = "broken.csv";
    std::optional<DerivedFile> file;
    if (finish.config.broken) {
        SLUICE_TRY(auto made, DerivedFile::open(finish.files, finish.path(name)));
        file = std::move(made);
    }
    SLUICE_TRY_STATUS(BrokenLinks(finish, file, worst).write());
    if (!file) return {};
    SLUICE_TRY_STATUS(file->commit());
    finish.summary.files.emplace_back(name);
    return {};
}

}  // namespace sluice::crawl
