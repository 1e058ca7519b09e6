// SPDX-License-Identifier: Apache-2.0
#include "kernel/wire/markup_text.h"

#include "kernel/wire/utf8.h"

namespace sluice {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

/// Controls but tab, LF and CR.
bool is_forbidden(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7F;
}

}  // namespace

void put_markup_escaped(std::string& out, std::string_view text) {
    while (!text.empty()) {
        const Utf8Step step = utf8_step(text);
        const std::string_view piece = text.substr(0, step.length);
        text.remove_prefix(step.length);
        if (!step.valid || piece == "\xEF\xBF\xBE" || piece == "\xEF\xBF\xBF" ||
            is_forbidden(piece[0])) {
            out += replacement;
            continue;
        }
        switch (piece[0]) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            default: out += piece;
        }
    }
}

std::string markup_escape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    put_markup_escaped(out, text);
    return out;
}

}  // namespace sluice
