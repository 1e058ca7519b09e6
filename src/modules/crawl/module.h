// SPDX-License-Identifier: Apache-2.0
// The face of this module to the programs: a crawl (Crawler), its settings, what it says of itself,
// and why a URL is fetched or not. It has nothing to mount in the server.
#pragma once

#include "modules/crawl/core/report/rates.h"
#include "modules/crawl/core/robots/robots.h"
#include "modules/crawl/shell/crawl/crawler.h"
#include "modules/crawl/shell/explain/explain.h"
#include "modules/crawl/shell/extract/extract.h"
#include "modules/crawl/shell/extract/page_extract.h"
#include "modules/crawl/shell/job/crawl_job.h"
#include "modules/crawl/shell/job/scrape_job.h"
