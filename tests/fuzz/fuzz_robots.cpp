// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_robots
// Any bytes as robots.txt and as a path: the index of the rules agrees with a plain matcher that
// knows nothing of it, the durable form keeps every verdict, and headers do no harm.
#include "kernel/base/check.h"
#include "modules/crawl/core/robots/robots.h"
#include "modules/crawl/core/robots/robots_tag.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::crawl;

/// All places where the part of the pattern read so far may end, as Google's matcher does it.
bool plain_match(std::string_view path, std::string_view pattern) {
    std::vector<std::size_t> ends{0};
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '$' && i + 1 == pattern.size()) return ends.back() == path.size();
        std::vector<std::size_t> next;
        if (pattern[i] == '*') {
            for (std::size_t end = ends.front(); end <= path.size(); ++end) next.push_back(end);
        } else {
            for (const std::size_t end : ends) {
                if (end < path.size() && path[end] == pattern[i]) next.push_back(end + 1);
            }
        }
        if (next.empty()) return false;
        ends = std::move(next);
    }
    return true;
}

struct Best {
    std::size_t allow = 0;
    std::size_t disallow = 0;
};

/// The verdict for everyone in a file that has no other groups.
bool plain_verdict(std::string_view body, std::string_view path) {
    Best best;
    bool begun = false;
    read_robots_lines(body, [&](const RobotsLine& line) {
        if (line.directive == RobotsDirective::user_agent) begun = true;
        const bool allow = line.directive == RobotsDirective::allow;
        if (!begun || (!allow && line.directive != RobotsDirective::disallow)) return;
        std::size_t& longest = allow ? best.allow : best.disallow;
        if (plain_match(path, line.value)) {
            longest = std::max(longest, line.value.size());
            return;
        }
        const std::size_t slash = line.value.rfind('/');
        if (!allow || slash == std::string_view::npos ||
            !line.value.substr(slash).starts_with("/index.htm")) {
            return;
        }
        const std::string folder = std::string(line.value.substr(0, slash + 1)) + '$';
        if (plain_match(path, folder)) longest = std::max(longest, folder.size());
    });
    return best.disallow <= best.allow;
}

}  // namespace

/// The path up to the first line end, then the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string path = '/' + std::string(bytes.substr(0, std::min<std::size_t>(end, 200)));
    const std::string_view body = bytes.substr(std::min(end + 1, bytes.size()));
    const Robots file = parse_robots(body);
    std::vector<std::string> agents = file.agents();
    agents.emplace_back("Sluicebot");
    for (const std::string& agent : agents) {
        const RobotsRules rules = file.for_agent(agent);
        const auto kept = RobotsRules::decode(rules.encode());
        SLUICE_CHECK(kept.has_value() && kept->encode() == rules.encode());
        const RobotsVerdict verdict = rules.match(path);
        SLUICE_CHECK(kept->match(path).line == verdict.line);
        SLUICE_CHECK(kept->match(path).allowed == verdict.allowed);
        SLUICE_CHECK(kept->pause(wall_from_ns(0)) == rules.pause(wall_from_ns(0)));
    }
    if (agents.size() == 1 && body.size() < 4000) {
        const RobotsRules rules = file.for_agent("Sluicebot");
        const bool expected = rules.group() != RobotsGroup::everyone || plain_verdict(body, path);
        // With a group that names nobody ("User-agent: 7") the plain reading knows too little.
        bool odd = false;
        read_robots_lines(body, [&](const RobotsLine& line) {
            odd = odd || (line.directive == RobotsDirective::user_agent && line.value != "*");
        });
        SLUICE_CHECK(odd || rules.match(path).allowed == expected);
    }
    PageDirectives directives;
    add_robots_tag(directives, body, "Sluicebot");
    add_meta_robots(directives, path);
    static_cast<void>(RobotsRules::decode(body));
    static_cast<void>(robots_path(body));
    return 0;
}
