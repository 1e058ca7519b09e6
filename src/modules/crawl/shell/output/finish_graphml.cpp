// SPDX-License-Identifier: Apache-2.0
// graph.graphml: a node for each URL that was fetched or linked to, an edge for each line of
// edges.csv. Nodes are told apart by 63-bit fingerprints, in as many passes over the files as it
// takes to hold a share of them in memory.
#include "kernel/wire/markup_text.h"
#include "modules/crawl/shell/output/derived_file.h"
#include "modules/crawl/shell/output/edge_reader.h"
#include "modules/crawl/shell/output/finish.h"
#include "modules/crawl/shell/output/print_set.h"

#include <fmt/format.h>

namespace sluice::crawl {
namespace {

constexpr std::uint64_t nodes_at_once = 2'000'000;  // 32 to 64 MiB

constexpr std::string_view opening =
    R"(<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
<key id="url" for="node" attr.name="url" attr.type="string"/>
<key id="status" for="node" attr.name="status" attr.type="int"/>
<key id="failure" for="node" attr.name="failure" attr.type="string"/>
<key id="title" for="node" attr.name="title" attr.type="string"/>
<key id="depth" for="node" attr.name="depth" attr.type="int"/>
<key id="kind" for="edge" attr.name="kind" attr.type="string"/>
<key id="nofollow" for="edge" attr.name="nofollow" attr.type="boolean"/>
<graph id="crawl" edgedefault="directed">
)";

void put_data(std::string& out, std::string_view key, std::string_view text) {
    if (text.empty()) return;
    out.append("<data key=\"").append(key).append("\">");
    put_markup_escaped(out, text);
    out += "</data>";
}

class GraphMl {
public:
    GraphMl(const Finish& finish, DerivedFile& file) : finish_(finish), file_(file) {}

    Status write() {
        SLUICE_TRY_STATUS(file_.put(opening));
        SLUICE_TRY(const std::uint64_t passes, count_passes());
        for (std::uint64_t pass = 0; pass < passes; ++pass)
            SLUICE_TRY_STATUS(put_nodes(pass, passes));
        SLUICE_TRY_STATUS(each_edge(finish_.files, finish_.path(edges_name),
                                    [this](const Edge& edge) { return put_edge(edge); }));
        return file_.put("</graph>\n</graphml>\n");
    }

private:
    Result<std::uint64_t> count_passes() const {
        PrintCount count;
        const auto page = [&count](const JsonView& view) -> Status {
            count.add(print_of(text_of(view, "url")));
            return {};
        };
        const auto edge = [&count](const Edge& link) -> Status {
            count.add(print_of(link.from));
            count.add(print_of(link.to));
            return {};
        };
        SLUICE_TRY_STATUS(each_page(finish_.files, finish_.path(pages_name), page));
        SLUICE_TRY_STATUS(each_edge(finish_.files, finish_.path(edges_name), edge));
        return count.estimate() / nodes_at_once + 1;
    }

    Status put_nodes(std::uint64_t pass, std::uint64_t passes) {
        known_.clear();
        const auto is_new = [&](std::string_view url) {
            const std::uint64_t print = print_of(url);
            return (print >> 8U) % passes == pass && known_.insert(print);
        };
        const auto page = [&](const JsonView& view) -> Status {
            const std::string_view url = text_of(view, "url");
            return is_new(url) ? put_node(url, &view) : Status();
        };
        const auto edge = [&](const Edge& link) -> Status {
            if (is_new(link.from)) SLUICE_TRY_STATUS(put_node(link.from, nullptr));
            return is_new(link.to) ? put_node(link.to, nullptr) : Status();
        };
        SLUICE_TRY_STATUS(each_page(finish_.files, finish_.path(pages_name), page));
        return each_edge(finish_.files, finish_.path(edges_name), edge);
    }

    Status put_node(std::string_view url, const JsonView* page) {
        std::string out = fmt::format("<node id=\"n{:x}\">", print_of(url));
        put_data(out, "url", url);
        if (page != nullptr) {
            if (const auto status = count_of(*page, "status"); status != 0)
                put_data(out, "status", std::to_string(status));
            put_data(out, "failure", text_of(*page, "failure"));
            put_data(out, "title", text_of(*page, "title"));
            put_data(out, "depth", std::to_string(count_of(*page, "depth")));
        }
        return file_.put(out + "</node>\n");
    }

    Status put_edge(const Edge& edge) {
        std::string out = fmt::format("<edge source=\"n{:x}\" target=\"n{:x}\">",
                                      print_of(edge.from), print_of(edge.to));
        put_data(out, "kind", edge.kind);
        put_data(out, "nofollow", edge.nofollow ? "true" : "false");
        return file_.put(out + "</edge>\n");
    }

    const Finish& finish_;
    DerivedFile& file_;
    PrintSet known_;
};

}  // namespace

Status write_graphml(const Finish& finish) {
    constexpr std::string_view name = "graph.graphml";
    SLUICE_TRY(auto file, DerivedFile::open(finish.files, finish.path(name)));
    SLUICE_TRY_STATUS(GraphMl(finish, file).write());
    SLUICE_TRY_STATUS(file.commit());
    finish.summary.files.emplace_back(name);
    return {};
}

}  // namespace sluice::crawl
