// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/warc.h"

#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "kernel/wire/json_text.h"
#include "modules/crawl/core/http/header.h"
#include "modules/crawl/shell/output/digest.h"
#include "modules/crawl/shell/output/page_line.h"
#include "modules/crawl/shell/output/surt.h"

#include <algorithm>

namespace sluice::crawl {
namespace {

constexpr std::string_view profiles = "http://netpreserve.org/warc/1.1/revisit/";
constexpr std::size_t hops_shown_max = 50;

/// A header's value may hold anything but what ends it.
void put_safe(std::string& out, std::string_view text) {
    for (const char c : text) out += c == '\r' || c == '\n' || c == '\0' ? ' ' : c;
}

class Record {
public:
    Record(std::string_view type, std::string id) : id_(std::move(id)) {
        head_ = "WARC/1.1\r\n";
        add("WARC-Type", type);
        add("WARC-Record-ID", id_);
    }
    Record& add(std::string_view name, std::string_view value) {
        head_.append(name).append(": ");
        put_safe(head_, value);
        head_ += "\r\n";
        return *this;
    }
    /// Ends the record: writes it as one member.
    void put(std::string& out, Gzip& gzip, std::string_view block, std::string_view payload = {}) {
        add("Content-Length", std::to_string(block.size() + payload.size()));
        head_ += "\r\n";
        gzip.put_member(out, {head_, block, payload, "\r\n\r\n"});
    }

private:
    std::string id_;
    std::string head_;
};

std::string id_of(const FetchAnswer& answer, std::string_view role) {
    std::string parts(role);
    for (const std::int64_t number :
         {to_ns(answer.order.let_go), static_cast<std::int64_t>(answer.order.ticket.value()),
          static_cast<std::int64_t>(answer.took.count())})
        parts.append(" ").append(std::to_string(number));
    return record_id(parts + answer.address + " " + answer.order.url);
}

/// Without a port and brackets.
std::string_view bare_address(std::string_view address) {
    if (address.starts_with('[')) return address.substr(1, address.find(']') - 1);
    const std::size_t colon = address.find(':');
    return colon != std::string_view::npos && address.rfind(':') == colon ? address.substr(0, colon)
                                                                          : address;
}

bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

/// Status line and headers as they describe the body in the block.
std::string response_head(const FetchAnswer& answer) {
    const std::string length = std::to_string(answer.body.size());
    std::string out =
        (answer.protocol == "HTTP/1.0" ? "HTTP/1.0 " : "HTTP/1.1 ") + std::to_string(answer.status);
    out += ' ';
    put_safe(out, answer.reason);
    out += "\r\n";
    bool has_length = false;
    for (const HttpHeader& header : answer.headers) {
        const bool is_length = equals_ignoring_case(header.name, "Content-Length");
        const bool is_right = is_length && (header.value == length || !has_body(answer.status));
        const bool is_renamed = (is_length && (!is_right || has_length)) ||
                                equals_ignoring_case(header.name, "Transfer-Encoding");
        if (is_renamed) out += "X-Archive-Orig-";
        has_length = has_length || (is_length && is_right);
        put_safe(out, header.name);
        out += ": ";
        put_safe(out, header.value);
        out += "\r\n";
    }
    if (!has_length && has_body(answer.status)) out += "Content-Length: " + length + "\r\n";
    return out + "\r\n";
}

/// The request as sent, but for what nobody should find in an archive.
std::string request_block(std::string_view head) {
    std::string out;
    while (!head.empty()) {
        const std::size_t end = std::min(head.find('\n'), head.size() - 1) + 1;
        const std::string_view line = head.substr(0, end);
        if (!starts_with_ignoring_case(line, "Authorization:") &&
            !starts_with_ignoring_case(line, "Proxy-Authorization:"))
            out += line;
        head.remove_prefix(end);
    }
    return out;
}

std::string_view why_truncated(const FetchAnswer& answer) {
    if (answer.truncated) return "length";
    switch (answer.fault) {
        case FetchFault::none: return {};
        case FetchFault::timeout: return "time";
        case FetchFault::broken: return "disconnect";
        case FetchFault::dns:
        case FetchFault::connect:
        case FetchFault::tls:
        case FetchFault::too_large:
        case FetchFault::blocked:
        case FetchFault::cancelled:
        case FetchFault::protocol: break;
    }
    return "unspecified";
}

std::string metadata_block(const FetchAnswer& answer, const PageReading& page) {
    std::string out = "fetchTimeMs: " + std::to_string(answer.took / 1ms) + "\r\n";
    const std::size_t depth = std::min<std::size_t>(answer.order.depth, hops_shown_max);
    if (depth > 0) out += "hopsFromSeed: " + std::string(depth, 'L') + "\r\n";
    if (!page.encoding.empty()) out += "charsetForLinkExtraction: " + page.encoding + "\r\n";
    for (const PageLink& link : page.links) {
        out += "outlink: ";
        put_safe(out, link.url);
        out.append(" L ").append(to_string(link.kind)).append("\r\n");
    }
    return out;
}

/// "20261121150000".
std::string cdx_time(WallTime time) {
    std::string out;
    for (const char c : format_rfc3339(time).substr(0, 19)) {
        if (is_ascii_digit(c)) out += c;
    }
    return out;
}

void put_cdx(RenderedPage& out, const WarcPage& page, bool is_revisit, std::uint64_t offset) {
    const FetchAnswer& answer = page.answer;
    RenderedPage::CdxLine line;
    line.key = surt(answer.order.url) + " " + cdx_time(answer.order.let_go);
    const auto type = parse_content_type(answer.header("Content-Type"));
    JsonWriter json(line.fields);
    json.begin_object().key("url").string(answer.order.url);
    json.key("mime").string(is_revisit ? "warc/revisit" : type ? type->essence : "unk");
    json.key("status").string(std::to_string(answer.status));
    json.key("digest").string(page.digest);
    json.end_object();
    line.fields.pop_back();
    line.offset = offset;
    line.length = out.warc.size() - offset;
    out.cdx.push_back(std::move(line));
}

Record about(std::string_view type, const WarcPage& page, const std::string& id) {
    Record record(type, id);
    record.add("WARC-Date", web_time(page.answer.order.let_go));
    record.add("WARC-Target-URI", page.answer.order.url);
    return record;
}

bool put_response(RenderedPage& out, Gzip& gzip, const WarcPage& page, const std::string& id) {
    const FetchAnswer& answer = page.answer;
    const bool not_modified = answer.status == 304;
    const bool is_revisit = page.same || not_modified;
    Record record = about(is_revisit ? "revisit" : "response", page, id);
    record.add("Content-Type", "application/http; msgtype=response");
    if (const auto address = bare_address(answer.address); !address.empty())
        record.add("WARC-IP-Address", address);
    if (answer.protocol.starts_with("HTTP/2")) record.add("WARC-Protocol", "h2");
    if (!not_modified) record.add("WARC-Payload-Digest", page.digest);
    if (page.same) {
        record.add("WARC-Profile", std::string(profiles) + "identical-payload-digest");
        record.add("WARC-Refers-To-Target-URI", page.same->url);
        record.add("WARC-Refers-To-Date", page.same->date);
    } else if (not_modified) {
        record.add("WARC-Profile", std::string(profiles) + "server-not-modified");
        record.add("WARC-Refers-To-Target-URI", answer.order.url);
    }
    if (const auto why = why_truncated(answer); !why.empty() && !is_revisit)
        record.add("WARC-Truncated", why);
    record.put(out.warc, gzip, response_head(answer),
               is_revisit ? std::string_view() : answer.body);
    return is_revisit;
}

}  // namespace

void put_warcinfo(std::string& out, Gzip& gzip, const OutputConfig& config,
                  std::string_view file_name, WallTime now) {
    std::string block;
    const auto field = [&block](std::string_view name, std::string_view value) {
        if (value.empty()) return;
        block.append(name).append(": ");
        put_safe(block, value);
        block += "\r\n";
    };
    field("software", config.software);
    field("format", "WARC File Format 1.1");
    field("conformsTo",
          "http://iipc.github.io/warc-specifications/specifications/warc-format/"
          "warc-1.1/");
    field("http-header-user-agent", config.user_agent);
    field("robots", config.obeys_robots ? "obey" : "ignore");
    Record record("warcinfo", record_id(std::string(file_name) + " " + config.folder + " " +
                                        std::to_string(to_ns(now))));
    record.add("WARC-Date", web_time(now)).add("WARC-Filename", file_name);
    record.add("Content-Type", "application/warc-fields");
    record.put(out, gzip, block);
}

void put_warc_page(RenderedPage& out, Gzip& gzip, const WarcPage& page) {
    const FetchAnswer& answer = page.answer;
    const bool is_cut = answer.fault == FetchFault::broken || answer.fault == FetchFault::timeout;
    if (answer.status == 0 || (answer.fault != FetchFault::none && !is_cut)) return;
    const std::string id = id_of(answer, "response");
    const std::uint64_t offset = out.warc.size();
    const bool is_revisit = put_response(out, gzip, page, id);
    put_cdx(out, page, is_revisit, offset);
    if (!answer.request_head.empty()) {
        Record record = about("request", page, id_of(answer, "request"));
        record.add("WARC-Concurrent-To", id);
        record.add("Content-Type", "application/http; msgtype=request");
        record.put(out.warc, gzip, request_block(answer.request_head));
    }
    if (page.page != nullptr) {
        Record record = about("metadata", page, id_of(answer, "metadata"));
        record.add("WARC-Concurrent-To", id);
        record.add("Content-Type", "application/warc-fields");
        record.put(out.warc, gzip, metadata_block(answer, *page.page));
    }
}

}  // namespace sluice::crawl
