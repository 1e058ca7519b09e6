// SPDX-License-Identifier: Apache-2.0
#include "roles.h"

#include <cstdio>

namespace sluice::bench {

namespace {

std::uint64_t next_jid = 0;

}  // namespace

void append_job(std::string& out, std::string_view queue) {
    const std::uint64_t number = ++next_jid;
    char text[256];
    const int size =
        std::snprintf(text, sizeof text,
                      R"({"jid":"bench%016llx","jobtype":"bench.job","queue":"%.*s",)"
                      R"("args":[%llu,"some text of a usual length",{"user":12345}],"retry":3})",
                      static_cast<unsigned long long>(number), static_cast<int>(queue.size()),
                      queue.data(), static_cast<unsigned long long>(number));
    out.append(text, static_cast<std::size_t>(size));
}

std::string_view member(std::string_view json, std::string_view key) {
    const std::size_t at = json.find(key);
    if (at == std::string_view::npos) return {};
    const std::size_t begin = at + key.size();
    return json.substr(begin, json.find('"', begin) - begin);
}

Role single_pusher(Counts& counts, unsigned pipeline, std::uint64_t open_max) {
    return {.send =
                [pipeline, open_max, &counts](Link&, std::string& out) {
                    if (open_max > 0 && counts.pushed > counts.done + open_max) return 0U;
                    for (unsigned i = 0; i < pipeline; ++i) {
                        out += "PUSH ";
                        append_job(out, "default");
                        out += "\r\n";
                    }
                    return pipeline;
                },
            .answered =
                [&counts](Link& link, const Answer& answer) {
                    counts.pushes.add(link);
                    if (answer.line == "+OK") ++counts.pushed;
                }};
}

Role bulk_pusher(Counts& counts, unsigned batch, std::uint64_t open_max) {
    return {.send =
                [batch, open_max, &counts](Link&, std::string& out) {
                    if (open_max > 0 && counts.pushed > counts.done + open_max) return 0U;
                    out += "PUSHB [";
                    for (unsigned i = 0; i < batch; ++i) {
                        if (i > 0) out += ',';
                        append_job(out, "default");
                    }
                    out += "]\r\n";
                    return 1U;
                },
            .answered =
                [&counts, batch](Link&, const Answer& answer) {
                    if (answer.bulk == "{}") counts.pushed += batch;
                }};
}

Role plain_worker(Counts& counts) {
    return {.send =
                [](Link& link, std::string& out) {
                    if (link.memo.empty())
                        out += "FETCH default\r\n";
                    else
                        out += "ACK {\"jid\":\"" + link.memo + "\"}\r\n";
                    return 1U;
                },
            .answered =
                [&counts](Link& link, const Answer& answer) {
                    (link.memo.empty() ? counts.fetches : counts.acks).add(link);
                    if (!link.memo.empty()) {
                        ++counts.done;
                        link.memo.clear();
                    } else {
                        link.memo = member(answer.bulk, "\"jid\":\"");
                    }
                }};
}

Role ack_and_fetch_worker(Counts& counts) {
    return {.send =
                [](Link& link, std::string& out) {
                    unsigned requests = 1;
                    if (!link.memo.empty()) {
                        out += "ACK {\"jid\":\"" + link.memo + "\"}\r\n";
                        link.memo.clear();
                        ++requests;
                    }
                    out += "FETCH default\r\n";
                    return requests;
                },
            .answered =
                [&counts](Link& link, const Answer& answer) {
                    if (answer.line == "+OK") {
                        counts.acks.add(link);
                        ++counts.done;
                    } else {
                        counts.fetches.add(link);
                        link.memo = member(answer.bulk, "\"jid\":\"");
                    }
                }};
}

Role batch_worker(Counts& counts, unsigned batch) {
    return {.send =
                [batch](Link& link, std::string& out) {
                    unsigned requests = 1;
                    if (!link.memo.empty()) {
                        out += "ACKB [" + link.memo + "]\r\n";
                        link.memo.clear();
                        ++requests;
                    }
                    out += "FETCHB {\"queues\":[\"default\"],\"max\":" + std::to_string(batch) +
                           ",\"wait_ms\":1000}\r\n";
                    return requests;
                },
            .answered =
                [&counts](Link& link, const Answer& answer) {
                    if (answer.bulk == "{}") {
                        counts.done += link.tag;
                        return;
                    }
                    std::string_view rest = answer.bulk;
                    link.tag = 0;
                    for (;;) {
                        const std::size_t at = rest.find("{\"jid\":\"");
                        if (at == std::string_view::npos) break;
                        rest.remove_prefix(at);
                        const std::string_view lease = member(rest, "\"lease\":\"");
                        if (lease.empty()) break;
                        if (!link.memo.empty()) link.memo += ',';
                        link.memo += "{\"jid\":\"";
                        link.memo += member(rest, "\"jid\":\"");
                        link.memo += "\",\"lease\":\"";
                        link.memo += lease;
                        link.memo += "\"}";
                        ++link.tag;
                        rest.remove_prefix(8);
                    }
                }};
}

}  // namespace sluice::bench
