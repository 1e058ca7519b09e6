// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/page/page_text.h"

#include "kernel/base/ascii.h"
#include "modules/crawl/core/html/html_prescan.h"
#include "modules/crawl/core/url/percent.h"

#include <algorithm>
#include <iterator>

namespace sluice::crawl {
namespace {

constexpr std::string_view html_starts[] = {"<!doctype html",
                                            "<html",
                                            "<head",
                                            "<script",
                                            "<iframe",
                                            "<h1",
                                            "<div",
                                            "<font",
                                            "<table",
                                            "<a",
                                            "<style",
                                            "<title",
                                            "<b",
                                            "<body",
                                            "<br",
                                            "<p",
                                            "<!--"};

/// Text without the mark and the blanks at its front.
std::string_view front_of(std::string_view body) {
    if (const auto mark = find_byte_order_mark(body)) body.remove_prefix(mark->length);
    body = body.substr(0, sniffed_bytes);
    while (!body.empty() && is_ascii_space(body.front())) body.remove_prefix(1);
    return body;
}

bool begins_html(std::string_view text) {
    return std::any_of(std::begin(html_starts), std::end(html_starts), [&](std::string_view tag) {
        if (!starts_with_ignoring_case(text, tag)) return false;
        if (tag == "<!--") return true;
        return text.size() > tag.size() &&
               (is_ascii_space(text[tag.size()]) || text[tag.size()] == '>');
    });
}

// Bytes that no text has (mimesniff, "binary data byte").
bool is_binary(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x08 || byte == 0x0B || (byte >= 0x0E && byte <= 0x1A) ||
           (byte >= 0x1C && byte <= 0x1F);
}

/// The encoding of `<?xml version="1.0" encoding="…"?>`.
std::string_view xml_encoding(std::string_view body) {
    constexpr std::size_t declaration_max = 256;
    if (!body.starts_with("<?xml")) return {};
    body = body.substr(0, std::min(body.find("?>"), declaration_max));
    const std::size_t at = body.find("encoding");
    if (at == std::string_view::npos) return {};
    body.remove_prefix(at + std::string_view("encoding").size());
    const std::size_t open = body.find_first_of("\"'");
    if (open == std::string_view::npos) return {};
    const std::size_t close = body.find(body[open], open + 1);
    return close == std::string_view::npos ? std::string_view()
                                           : body.substr(open + 1, close - open - 1);
}

bool is_known_label(std::string_view label) { return encoding_of_label(label).has_value(); }

}  // namespace

std::string_view sniff_type(std::string_view body) {
    const std::string_view text = front_of(body);
    if (begins_html(text)) return "text/html";
    if (text.starts_with("<?xml")) return "text/xml";
    if (find_byte_order_mark(body)) return "text/plain";
    if (std::any_of(text.begin(), text.end(), is_binary)) return "application/octet-stream";
    return "text/plain";
}

bool has_html_root(std::string_view body) {
    const std::string_view text = body.substr(0, sniffed_bytes);
    for (std::size_t at = text.find('<'); at != text.npos; at = text.find('<', at + 1)) {
        const std::string_view rest = text.substr(at);
        if (rest.starts_with("<?") || rest.starts_with("<!")) continue;
        return starts_with_ignoring_case(rest, "<html");
    }
    return false;
}

TextEncoding find_encoding(const MimeType& type, std::string_view body) {
    if (const auto mark = find_byte_order_mark(body)) return {mark->encoding, true, mark->length};
    if (const auto sent = encoding_of_label(type.charset); !type.charset.empty() && sent)
        return {*sent, true, 0};
    const bool xml = type.is_xml() || type.essence == "application/xhtml+xml";
    if (type.is_html() || xml) {
        if (const auto declared = encoding_of_label(xml_encoding(body))) {
            // It was read as ASCII, so it is not of 16 bits.
            const bool wide = *declared == Encoding::utf_16be || *declared == Encoding::utf_16le;
            return {wide ? Encoding::utf_8 : *declared, false, 0};
        }
    }
    if (xml) return {};
    if (type.is_html()) {
        const std::string label = prescan_encoding(body, is_known_label);
        if (const auto said = encoding_of_label(label); !label.empty() && said)
            return {*said, false, 0};
    }
    return {is_ascii(body) || is_utf8(body) ? Encoding::utf_8 : Encoding::windows_1252, false, 0};
}

void make_utf8(std::string& text) {
    if (!is_ascii(text) && !is_utf8(text)) text = to_scalar_values(text);
}

bool keeps_ascii(Encoding encoding) {
    switch (encoding) {
        case Encoding::iso_2022_jp:
        case Encoding::replacement:
        case Encoding::utf_16be:
        case Encoding::utf_16le: return false;
        default: return true;
    }
}

}  // namespace sluice::crawl
