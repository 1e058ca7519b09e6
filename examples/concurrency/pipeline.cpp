// SPDX-License-Identifier: Apache-2.0
// Pipeline: stages on threads of their own, joined by bounded channels. The end of the input runs
// through as a close: each stage closes its output when its input is drained.
#include "kernel/sync/channel.h"
#include "kernel/sync/thread.h"
#include "kernel/sync/wait_group.h"

#include <cctype>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

using sluice::Channel;
using sluice::ChannelStatus;
using sluice::Thread;

namespace {

void split_into_words(Channel<std::string>& lines, Channel<std::string>& words) {
    std::string line;
    while (lines.pop(line) == ChannelStatus::ok) {
        std::string word;
        for (const char c : line + ' ') {
            if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
                word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            } else if (!word.empty()) {
                words.push(std::move(word));
                word.clear();
            }
        }
    }
}

std::map<std::string, int> count(Channel<std::string>& words) {
    std::map<std::string, int> counts;
    std::vector<std::string> batch;
    // Takes all that is there with one lock: the cheapest way to read a busy channel.
    while (words.pop_all(batch, 256, sluice::no_deadline) == ChannelStatus::ok) {
        for (const std::string& word : batch) ++counts[word];
        batch.clear();
    }
    return counts;
}

}  // namespace

int main() {
    Channel<std::string> lines(4, "lines");
    Channel<std::string> words(8, "words");

    // Two splitters read the same channel (fan-out) and write the same one (fan-in); whoever is
    // last closes it.
    constexpr int splitters = 2;
    sluice::WaitGroup splitting;
    splitting.add(splitters);
    std::vector<Thread> threads;
    for (int i = 0; i < splitters; ++i) {
        threads.emplace_back("splitter-" + std::to_string(i), [&] {
            split_into_words(lines, words);
            splitting.done();
        });
    }
    threads.emplace_back("closer", [&] {
        splitting.wait();
        words.close();
    });
    threads.emplace_back("reader", [&] {
        for (int i = 0; i < 500; ++i) lines.push("The tide comes in, the tide goes out.");
        lines.close();
    });

    for (const auto& [word, times] : count(words)) std::printf("%-5s %d\n", word.c_str(), times);
    std::printf("lines waiting at most: %s\n", lines.counters().depth_peak <= 4 ? "4" : "more");
    return 0;  // the threads have ended their loops; ~Thread joins them
}
