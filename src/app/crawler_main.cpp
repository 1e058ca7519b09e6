// SPDX-License-Identifier: Apache-2.0
// The program `sluice-crawler`: what `sluice crawl` becomes. Not a part of sluice-worker, whose
// libraries took longer to load than many a crawl takes.
#include "app/crawl_run.h"
#include "app/exit_code.h"

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
    try {
        return sluice::app::run_crawl(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sluice crawl: %s\n", error.what());
        return sluice::app::exit_failed;
    }
}
