// SPDX-License-Identifier: Apache-2.0
// `sluice crawl` inside sluice-crawler.
#pragma once

namespace sluice::app {

/// argv[0] is not looked at. The exit code.
int run_crawl(int argc, char** argv);

}  // namespace sluice::app
