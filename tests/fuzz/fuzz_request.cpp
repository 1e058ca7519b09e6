// SPDX-License-Identifier: Apache-2.0
// libraries: sdk_protocol
// Any bytes as a request line: no crash, bounded answers, refusals in one line.
#include "kernel/base/check.h"
#include "sdk/protocol/handshake.h"
#include "sdk/protocol/reply.h"
#include "sdk/protocol/request.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace sluice;

template <class T>
void judge(const Result<T>& result) {
    if (result) return;
    const std::string& text = result.error().message;
    SLUICE_CHECK(!text.empty() && text.size() <= 2000);
    SLUICE_CHECK(text.find_first_of("\r\n") == std::string::npos);
}

void read_json(const sdk::RequestLine& line) {
    JsonParser parser;
    const auto value = parser.parse(line.argument);
    if (!value) return;
    judge(sdk::parse_hello(*value));
    judge(sdk::parse_beat(*value));
    judge(sdk::parse_ack(*value));
    judge(sdk::parse_ackb(*value));
    judge(sdk::parse_fail(*value));
    judge(sdk::parse_failb(*value));
    judge(sdk::parse_fetchb(*value));
    judge(sdk::parse_mutate(*value));
    judge(sdk::parse_requeue(*value));
    judge(sdk::parse_extend(*value));
    judge(sdk::parse_cancel(*value));
    judge(sdk::parse_wait(*value));
    judge(sdk::parse_refusals(*value));
    judge(sdk::parse_beat_answer(*value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const sdk::RequestLine line = sdk::parse_request_line(text);
    SLUICE_CHECK(line.word.size() + line.argument.size() <= text.size());
    SLUICE_CHECK(sdk::unknown_command_text(line.word).size() <= 200);
    JsonParser parser;
    judge(sdk::parse_fetch(line.argument));
    judge(sdk::parse_queue(line.argument, parser));
    judge(sdk::parse_job_request(line.argument, parser));
    judge(sdk::parse_greeting(text));
    read_json(line);
    return 0;
}
