// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/page/answer_verdict.h"

#include "modules/crawl/core/http/header.h"

namespace sluice::crawl {
namespace {

AnswerVerdict retry(Failure failure) { return {PageEnd::Kind::retry, failure, {}, {}}; }
AnswerVerdict failed(Failure failure) { return {PageEnd::Kind::failed, failure, {}, {}}; }

AnswerVerdict judge_fault(FetchFault fault) {
    switch (fault) {
        case FetchFault::dns: return retry(Failure::dns);
        case FetchFault::connect: return retry(Failure::connect);
        case FetchFault::tls: return retry(Failure::tls);
        case FetchFault::timeout: return retry(Failure::timeout);
        case FetchFault::broken: return retry(Failure::body);
        case FetchFault::too_large: return failed(Failure::body);
        case FetchFault::blocked: return failed(Failure::blocked);
        case FetchFault::cancelled: return {PageEnd::Kind::put_back, Failure::http, {}, {}};
        case FetchFault::none:
        case FetchFault::protocol: break;
    }
    return retry(Failure::http);
}

bool is_our_doing(FetchFault fault) {
    return fault == FetchFault::blocked || fault == FetchFault::cancelled ||
           fault == FetchFault::too_large;
}

AnswerVerdict judge_status(const FetchAnswer& answer) {
    const int status = answer.status;
    if ((status >= 200 && status <= 299) || status == 304)
        return {PageEnd::Kind::fetched, Failure::http, {}, {}};
    if (status >= 300 && status <= 399 && !answer.header("location").empty())
        return {PageEnd::Kind::redirected, Failure::http, {}, {}};
    const bool passes = status == 408 || status == 429 || (status >= 500 && status <= 599);
    AnswerVerdict out = passes ? retry(Failure::http) : failed(Failure::http);
    out.problem = "HTTP " + std::to_string(status);
    if (status >= 300 && status <= 399)
        out.problem += " without a Location";
    else if (!answer.reason.empty())
        out.problem += " " + answer.reason;
    return out;
}

}  // namespace

AnswerVerdict judge_answer(const FetchAnswer& answer, WallTime now) {
    const bool whole = answer.fault == FetchFault::none && answer.status != 0;
    AnswerVerdict out = whole ? judge_status(answer) : judge_fault(answer.fault);
    if (!whole) {
        out.problem = to_string(answer.fault);
        if (answer.fault == FetchFault::none) out.problem = "nothing was said";
        if (!answer.detail.empty()) out.problem += ": " + answer.detail;
    }
    out.answer.latency = answer.latency;
    if (answer.status == 429 || answer.status == 503) {
        out.answer.kind = Answer::Kind::throttled;
        out.answer.retry_after = parse_retry_after(answer.header("retry-after"), now);
    } else if (answer.status == 0 && !is_our_doing(answer.fault)) {
        out.answer.kind = Answer::Kind::dead;
    }
    return out;
}

}  // namespace sluice::crawl
