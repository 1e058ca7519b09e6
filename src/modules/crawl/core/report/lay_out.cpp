// SPDX-License-Identifier: Apache-2.0
// Force-directed placement after Fruchterman and Reingold (1991): lines pull, points push, a little
// gravity keeps parts that hang together with nothing in the picture, and steps get smaller.
#include "modules/crawl/core/report/site_report.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace sluice::crawl {
namespace {

constexpr int rounds = 320;
constexpr double gravity = 1.4;
constexpr double least_distance = 1e-4;

struct Vector {
    double x = 0, y = 0;
};

/// A sunflower: no two points in one place, and the largest in the middle.
void place_first(std::vector<GraphNode>& nodes) {
    const double turn = std::numbers::pi * (3 - std::sqrt(5.0));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const double share = static_cast<double>(i) + 0.5;
        const double radius = 0.5 * std::sqrt(share / static_cast<double>(nodes.size()));
        nodes[i].x = 0.5 + radius * std::cos(turn * static_cast<double>(i));
        nodes[i].y = 0.5 + radius * std::sin(turn * static_cast<double>(i));
    }
}

void push_apart(const std::vector<GraphNode>& nodes, double spring, std::vector<Vector>& forces) {
    for (std::size_t a = 0; a < nodes.size(); ++a) {
        for (std::size_t b = a + 1; b < nodes.size(); ++b) {
            const double dx = nodes[a].x - nodes[b].x, dy = nodes[a].y - nodes[b].y;
            const double square = std::max(dx * dx + dy * dy, least_distance * least_distance);
            const double force = spring * spring / square;
            forces[a].x += dx * force, forces[a].y += dy * force;
            forces[b].x -= dx * force, forces[b].y -= dy * force;
        }
    }
}

void pull_together(const LinkPicture& picture, double spring, std::vector<Vector>& forces) {
    std::uint64_t most = 1;
    for (const GraphLine& line : picture.lines) most = std::max(most, line.links);
    for (const GraphLine& line : picture.lines) {
        const GraphNode &a = picture.nodes[line.from], &b = picture.nodes[line.to];
        const double dx = a.x - b.x, dy = a.y - b.y;
        const double weight = 0.3 + 0.7 * std::log1p(static_cast<double>(line.links)) /
                                        std::log1p(static_cast<double>(most));
        const double force = std::hypot(dx, dy) / spring * weight;
        forces[line.from].x -= dx * force, forces[line.from].y -= dy * force;
        forces[line.to].x += dx * force, forces[line.to].y += dy * force;
    }
}

/// How much of a place along an axis is the rank there: pulls a dense middle apart without
/// changing who is left of whom.
constexpr double rank_share = 0.45;

/// Into 0 to 1 both ways.
void fit(std::vector<GraphNode>& nodes) {
    std::vector<std::size_t> order(nodes.size());
    const auto fit_axis = [&](double GraphNode::* axis) {
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return nodes[a].*axis != nodes[b].*axis ? nodes[a].*axis < nodes[b].*axis : a < b;
        });
        const double least = nodes[order.front()].*axis;
        const double span = nodes[order.back()].*axis - least;
        for (std::size_t i = 0; i < order.size(); ++i) {
            double& at = nodes[order[i]].*axis;
            if (!(span > 0)) {
                at = 0.5;
                continue;
            }
            const double rank = static_cast<double>(i) / static_cast<double>(order.size() - 1);
            at = rank_share * rank + (1 - rank_share) * (at - least) / span;
        }
    };
    fit_axis(&GraphNode::x);
    fit_axis(&GraphNode::y);
}

}  // namespace

void lay_out(LinkPicture& picture) {
    std::vector<GraphNode>& nodes = picture.nodes;
    if (nodes.empty()) return;
    place_first(nodes);
    const double spring = 0.9 / std::sqrt(static_cast<double>(nodes.size()));
    std::vector<Vector> forces(nodes.size());
    for (int round = 0; round < rounds; ++round) {
        std::fill(forces.begin(), forces.end(), Vector());
        push_apart(nodes, spring, forces);
        pull_together(picture, spring, forces);
        const double step = 0.12 * (1.0 - static_cast<double>(round) / rounds) + 0.001;
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            forces[i].x += (0.5 - nodes[i].x) * gravity;
            forces[i].y += (0.5 - nodes[i].y) * gravity;
            const double length = std::max(std::hypot(forces[i].x, forces[i].y), least_distance);
            const double move = std::min(length * 0.1, step) / length;
            nodes[i].x += forces[i].x * move;
            nodes[i].y += forces[i].y * move;
        }
    }
    fit(nodes);
}

}  // namespace sluice::crawl
