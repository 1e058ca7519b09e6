// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_robots kernel_sync
// Speed of robots.txt: parsing, and verdicts on rules that are held. The files are made here: as
// many rules and stars as real ones have, and one of the size limit. Prints one line each.
#include "kernel/base/random.h"
#include "kernel/sync/clock.h"
#include "modules/crawl/core/robots/robots.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::crawl;

constexpr std::size_t paths_count = 1000;

std::string word(Random& random) {
    std::string out;
    const std::uint64_t size = 3 + random.below(8);
    for (std::uint64_t i = 0; i < size; ++i) out += static_cast<char>('a' + random.below(26));
    return out;
}

struct Shape {
    const char* name;
    std::size_t rules;
    unsigned star_percent;
};

std::string make_file(Random& random, const Shape& shape) {
    std::string out = "User-agent: badbot\nDisallow: /\n\nUser-agent: *\n";
    for (std::size_t i = 0; i < shape.rules; ++i) {
        out += random.below(6) == 0 ? "Allow: /" : "Disallow: /";
        if (random.below(100) < shape.star_percent) {
            out += "*" + word(random) + (random.below(2) == 0 ? "=" : "$");
        } else {
            out += word(random) + "/" + (random.below(2) == 0 ? word(random) + "/" : "");
        }
        out += '\n';
    }
    return out;
}

std::vector<std::string> make_paths(Random& random) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < paths_count; ++i) {
        std::string path;
        const std::uint64_t depth = 1 + random.below(5);
        for (std::uint64_t k = 0; k < depth; ++k) path += "/" + word(random);
        if (random.below(3) == 0) path += "?" + word(random) + "=" + word(random);
        out.push_back(path);
    }
    return out;
}

void run(const Shape& shape) {
    Random random(shape.rules + 1);
    const std::string file = make_file(random, shape);
    const std::vector<std::string> paths = make_paths(random);
    Instant begin = monotonic_now();
    std::size_t parses = 0;
    RobotsRules rules;
    for (; monotonic_now() - begin < 300ms; ++parses)
        rules = parse_robots(file).for_agent("Sluicebot");
    const double parse_seconds = to_seconds(monotonic_now() - begin);
    begin = monotonic_now();
    std::uint64_t verdicts = 0;
    std::uint64_t allowed = 0;
    while (monotonic_now() - begin < 500ms) {
        for (const std::string& path : paths) allowed += rules.verdict(path).allowed ? 1 : 0;
        verdicts += paths.size();
    }
    const double seconds = to_seconds(monotonic_now() - begin);
    std::printf(
        "%-18s %6zu rules %8zu bytes, %8zu kept: parse %7.1f MB/s, %6.2f M verdicts/s (%.0f %% "
        "allowed)\n",
        shape.name, shape.rules, file.size(), rules.encode().size(),
        static_cast<double>(parses * file.size()) / parse_seconds / 1e6,
        static_cast<double>(verdicts) / seconds / 1e6,
        100.0 * static_cast<double>(allowed) / static_cast<double>(verdicts));
}

}  // namespace

int main() {
    for (const Shape& shape :
         {Shape{"small", 10, 10}, Shape{"usual", 60, 20}, Shape{"large", 400, 20},
          Shape{"only stars", 60, 100}, Shape{"at the limit", 25'000, 5}}) {
        run(shape);
    }
    return 0;
}
