// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/fetch/response_head.h"

#include "kernel/base/ascii.h"

namespace sluice::crawl {

namespace {

/// "HTTP/1.1 404 Not Found".
void read_status_line(std::string_view line, FetchAnswer& answer) {
    answer.headers.clear();
    const std::size_t space = line.find(' ');
    answer.protocol = line.substr(0, space);
    line = space == std::string_view::npos ? std::string_view{} : line.substr(space + 1);
    answer.status = 0;
    std::size_t digits = 0;
    while (digits < 3 && digits < line.size() && is_ascii_digit(line[digits])) {
        answer.status = answer.status * 10 + (line[digits++] - '0');
    }
    answer.reason = trim_ascii(line.substr(digits));
}

}  // namespace

ResponseHead::Verdict ResponseHead::take(std::string_view line, const Limits& limits,
                                         FetchAnswer& answer) {
    bytes_ += line.size();
    if (bytes_ > limits.bytes_max) return Verdict::too_many_bytes;
    if (trailers_) return Verdict::fine;
    const bool folded = !line.empty() && (line.front() == ' ' || line.front() == '\t');
    const std::string_view text = trim_ascii(line);
    if (!folded && text.starts_with("HTTP/")) {
        whole_ = false;
        read_status_line(text, answer);
        return Verdict::fine;
    }
    if (whole_) return Verdict::fine;
    if (text.empty()) {
        whole_ = answer.status >= 200;
        return Verdict::fine;
    }
    if (folded) {
        if (answer.headers.empty()) return Verdict::fine;
        auto& value = answer.headers.back().value;
        if (!value.empty()) value += ' ';
        value += text;
        return Verdict::fine;
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0) return Verdict::fine;
    if (answer.headers.size() >= limits.count_max) return Verdict::too_many_fields;
    answer.headers.push_back({std::string(trim_ascii(text.substr(0, colon))),
                              std::string(trim_ascii(text.substr(colon + 1)))});
    return Verdict::fine;
}

}  // namespace sluice::crawl
