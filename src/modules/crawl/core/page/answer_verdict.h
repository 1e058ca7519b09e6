// SPDX-License-Identifier: Apache-2.0
// AnswerVerdict: what a status, or the fault in its place, says about a URL and about its host.
// Does not look at the body.
#pragma once

#include "modules/crawl/core/page/fetch_answer.h"

#include <string>

namespace sluice::crawl {

/// What to do about an answer.
struct AnswerVerdict {
    PageEnd::Kind kind = PageEnd::Kind::failed;
    Failure failure = Failure::http;  ///< of retry and failed
    Answer answer;                    ///< for the host's pace
    std::string problem;              ///< for people; empty: none
};

/// 2xx and 304: fetched. 3xx with a Location: redirected, if it leads anywhere. 408, 429 and 5xx:
/// again later; 429 and 503 slow the host down. Every other status: failed. What came too late,
/// broken or not at all: again later. What was refused by rules of ours: failed. A cancelled fetch
/// counts for nothing.
AnswerVerdict judge_answer(const FetchAnswer& answer, WallTime now);

}  // namespace sluice::crawl
