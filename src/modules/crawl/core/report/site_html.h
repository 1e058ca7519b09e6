// SPDX-License-Identifier: Apache-2.0
// A SiteReport as one page of HTML that needs nothing else: no scripts, no references to anywhere
// but the links a reader may click, dark and light.
#pragma once

#include "modules/crawl/core/report/site_report.h"

#include <string>

namespace sluice::crawl {

std::string site_html(const SiteReport& report);

}  // namespace sluice::crawl
