// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/link_picture.h"

#include "modules/crawl/core/frontier/host.h"
#include "modules/crawl/shell/output/edge_reader.h"
#include "modules/crawl/shell/output/print_set.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>

namespace sluice::crawl {
namespace {

constexpr std::size_t counted_max = 200'000;
constexpr std::size_t hosts_min = 6;  ///< crawled; fewer are no picture
constexpr std::uint32_t groups = 8;

/// Kinds that lead a reader to a page; images and scripts would hide the site behind its logo.
bool is_shown(std::string_view kind) {
    static constexpr std::array<std::string_view, 9> shown{"anchor",   "area",      "frame",
                                                           "refresh",  "canonical", "next",
                                                           "previous", "alternate", "redirect"};
    return std::find(shown.begin(), shown.end(), kind) != shown.end();
}

std::string_view host_of(std::string_view url) {
    if (url.find("://") == std::string_view::npos) return url;
    return origin_of(url);
}

/// Counts of the most frequent, as lossy counting has them: when there is no room, all are halved
/// and those that are left with nothing are forgotten.
class Frequent {
public:
    void add(std::uint64_t print) {
        if (counts_.size() >= counted_max && !counts_.contains(print)) halve();
        ++counts_[print];
    }
    [[nodiscard]] std::size_t size() const { return counts_.size(); }
    /// Prints of the largest counts; ties by print, so that the answer is always the same.
    [[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint64_t>> largest(
        std::size_t count) const {
        std::vector<std::pair<std::uint64_t, std::uint64_t>> all(counts_.begin(), counts_.end());
        const auto more = [](const auto& a, const auto& b) {
            return a.second != b.second ? a.second > b.second : a.first < b.first;
        };
        count = std::min(count, all.size());
        std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                          more);
        all.resize(count);
        return all;
    }

private:
    void halve() {
        while (counts_.size() >= counted_max / 2) {
            for (auto entry = counts_.begin(); entry != counts_.end();) {
                entry->second /= 2;
                entry = entry->second == 0 ? counts_.erase(entry) : std::next(entry);
            }
        }
    }
    std::unordered_map<std::uint64_t, std::uint64_t> counts_;
};

class PictureMaker {
public:
    PictureMaker(const FileIo& files, const std::string& edges,
                 const std::vector<std::string>& crawled)
        : files_(files), edges_(edges), crawled_(crawled.begin(), crawled.end()) {}

    Result<LinkPicture> make() {
        SLUICE_TRY_STATUS(each_edge(files_, edges_, [this](const Edge& edge) {
            count(edge);
            return Status();
        }));
        picture_.of_hosts = crawled_.size() >= hosts_min && hosts_.size() >= hosts_min;
        picture_.nodes_all = hosts_.size();
        const Frequent& counted = picture_.of_hosts ? hosts_ : pages_;
        for (const auto& [print, links] : counted.largest(picture_nodes_max)) {
            places_.emplace(print, static_cast<std::uint32_t>(picture_.nodes.size()));
            picture_.nodes.emplace_back().links = links;
        }
        SLUICE_TRY_STATUS(each_edge(files_, edges_, [this](const Edge& edge) {
            draw(edge);
            return Status();
        }));
        take_lines();
        colour();
        if (!picture_.of_hosts) shorten();
        return std::move(picture_);
    }

private:
    void count(const Edge& edge) {
        if (!is_shown(edge.kind) || edge.from == edge.to) return;
        ++picture_.edges_all;
        pages_.add(print_of(edge.to));
        const std::string_view from = host_of(edge.from), to = host_of(edge.to);
        if (from != to) hosts_.add(print_of(to));
    }

    void draw(const Edge& edge) {
        if (!is_shown(edge.kind) || edge.from == edge.to) return;
        const std::string_view from = picture_.of_hosts ? host_of(edge.from) : edge.from;
        const std::string_view to = picture_.of_hosts ? host_of(edge.to) : edge.to;
        const auto a = places_.find(print_of(from)), b = places_.find(print_of(to));
        if (b == places_.end()) return;
        GraphNode& target = picture_.nodes[b->second];
        if (target.name.empty()) target.name = to;
        if (a == places_.end() || a->second == b->second) return;
        ++lines_[std::uint64_t{a->second} << 32U | b->second];
    }

    void take_lines() {
        for (const auto& [pair, links] : lines_) {
            picture_.lines.push_back({static_cast<std::uint32_t>(pair >> 32U),
                                      static_cast<std::uint32_t>(pair & UINT32_MAX), links});
        }
        std::sort(picture_.lines.begin(), picture_.lines.end(),
                  [](const GraphLine& a, const GraphLine& b) {
                      if (a.links != b.links) return a.links > b.links;
                      return std::pair(a.from, a.to) < std::pair(b.from, b.to);
                  });
        if (picture_.lines.size() > picture_lines_max) picture_.lines.resize(picture_lines_max);
    }

    /// What pages of one colour have in common: the first part of their path.
    static std::string_view section_of(std::string_view url) {
        const std::size_t begin = host_of(url).size();
        const std::size_t end = url.find('/', begin + 1);
        return end == std::string_view::npos ? url.substr(0, begin) : url.substr(0, end);
    }

    void colour() {
        std::unordered_map<std::string, std::uint32_t> known;
        for (GraphNode& node : picture_.nodes) {
            if (!crawled_.contains(std::string(host_of(node.name)))) continue;
            const std::string key(picture_.of_hosts ? std::string_view(node.name)
                                                    : section_of(node.name));
            const auto next = static_cast<std::uint32_t>(known.size()) % groups + 1;
            node.group = known.emplace(key, next).first->second;
        }
    }

    /// The name of the host that most of them are of need not stand at each.
    void shorten() {
        std::unordered_map<std::string, std::size_t> counts;
        std::string most;
        for (const GraphNode& node : picture_.nodes) {
            const std::string origin(host_of(node.name));
            // The first to have so many: the same each time.
            if (++counts[origin] > counts[most]) most = origin;
        }
        for (GraphNode& node : picture_.nodes) {
            if (host_of(node.name) == most) node.name.erase(0, most.size());
        }
    }

    const FileIo& files_;
    const std::string& edges_;
    const std::unordered_set<std::string> crawled_;
    Frequent hosts_, pages_;
    LinkPicture picture_;
    std::unordered_map<std::uint64_t, std::uint32_t> places_;
    std::unordered_map<std::uint64_t, std::uint64_t> lines_;  ///< at most nodes_max squared
};

}  // namespace

Result<LinkPicture> make_picture(const FileIo& files, const std::string& edges,
                                 const std::vector<std::string>& crawled) {
    return PictureMaker(files, edges, crawled).make();
}

}  // namespace sluice::crawl
