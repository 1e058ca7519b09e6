// SPDX-License-Identifier: Apache-2.0
// UTS 46, revision 35: sections 4 (processing), 4.1 (validity), 4.2 and 4.3; RFC 5892 appendix A
// for joiners, RFC 5893 section 2 for directions.
#include "modules/crawl/core/url/idna.h"

#include "kernel/wire/utf8.h"
#include "modules/crawl/core/url/idna_table.h"
#include "modules/crawl/core/url/nfc.h"
#include "modules/crawl/core/url/percent.h"
#include "modules/crawl/core/url/punycode.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace sluice::crawl {
namespace {

using idna::Bidi;
using idna::Joining;
using idna::properties_of;
using idna::Status;

constexpr char32_t zero_width_non_joiner = 0x200C;
constexpr char32_t zero_width_joiner = 0x200D;
constexpr std::uint8_t virama = 9;

std::u32string decode_utf8(std::string_view text) {
    std::u32string out;
    while (!text.empty()) {
        const auto lead = static_cast<unsigned char>(text.front());
        const std::size_t length = std::min(utf8_step(text).length, text.size());
        char32_t c = length == 1 ? lead : lead & (0x7FU >> length);
        for (std::size_t i = 1; i < length; ++i)
            c = c << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
        out += c;
        text.remove_prefix(length);
    }
    return out;
}

bool is_ascii(std::u32string_view text) {
    return std::all_of(text.begin(), text.end(), [](char32_t c) { return c < 0x80; });
}

/// Steps 1 to 3: mapped, in NFC, cut at the dots.
std::vector<std::u32string> map_and_split(std::string_view domain) {
    std::u32string mapped;
    for (const char32_t c : decode_utf8(domain)) {
        switch (properties_of(c).status) {
            case Status::mapped: idna::append_mapping(c, mapped); break;
            case Status::ignored: break;
            case Status::valid:
            case Status::disallowed: mapped += c; break;
        }
    }
    std::vector<std::u32string> labels(1);
    for (const char32_t c : idna::to_nfc(mapped)) {
        if (c == U'.')
            labels.emplace_back();
        else
            labels.back() += c;
    }
    return labels;
}

/// Whether the joiner at `at` stands where RFC 5892, appendix A, allows it.
bool is_joiner_allowed(const std::u32string& label, std::size_t at) {
    if (at > 0 && properties_of(label[at - 1]).combining == virama) return true;
    if (label[at] == zero_width_joiner) return false;
    std::size_t before = at;
    Joining joining = Joining::transparent;
    while (before > 0 && joining == Joining::transparent)
        joining = properties_of(label[--before]).joining;
    if (joining != Joining::left && joining != Joining::dual) return false;
    joining = Joining::transparent;
    for (std::size_t after = at + 1; after < label.size() && joining == Joining::transparent;
         ++after)
        joining = properties_of(label[after]).joining;
    return joining == Joining::right || joining == Joining::dual;
}

/// The validity criteria, but for directions. `decoded`: the label comes from Punycode.
bool is_valid_label(const std::u32string& label, bool decoded) {
    if (label.empty()) return true;
    if (decoded && idna::to_nfc(label) != label) return false;
    if (label.starts_with(U"xn--") || properties_of(label.front()).is_mark) return false;
    for (std::size_t i = 0; i < label.size(); ++i) {
        const char32_t c = label[i];
        if (c == U'.' || properties_of(c).status != Status::valid) return false;
        const bool joiner = c == zero_width_joiner || c == zero_width_non_joiner;
        if (joiner && !is_joiner_allowed(label, i)) return false;
    }
    return true;
}

/// Step 4: labels of Punycode decoded, all of them checked.
bool convert_and_check(std::vector<std::u32string>& labels) {
    for (std::u32string& label : labels) {
        const bool encoded = label.starts_with(U"xn--");
        if (encoded) {
            if (label.size() > idna_bytes_max) return false;
            auto decoded = idna::decode_punycode(std::u32string_view(label).substr(4));
            if (!decoded || is_ascii(*decoded)) return false;
            label = *std::move(decoded);
        }
        if (!is_valid_label(label, encoded)) return false;
    }
    return true;
}

bool is_right_to_left(const std::u32string& label) {
    return std::any_of(label.begin(), label.end(), [](char32_t c) {
        const Bidi bidi = properties_of(c).bidi;
        return bidi == Bidi::r || bidi == Bidi::al || bidi == Bidi::an;
    });
}

/// The Bidi rule of RFC 5893 for one label of a domain that has such characters.
bool follows_bidi_rule(const std::u32string& label) {
    if (label.empty()) return true;
    const Bidi first = properties_of(label.front()).bidi;
    const bool right = first == Bidi::r || first == Bidi::al;
    if (!right && first != Bidi::l) return false;
    bool european = false;
    bool arabic = false;
    Bidi last = first;  // but for marks that do not space
    for (const char32_t c : label) {
        const Bidi bidi = properties_of(c).bidi;
        const bool neutral = bidi == Bidi::en || (bidi >= Bidi::es && bidi <= Bidi::nsm);
        const bool strong =
            right ? bidi == Bidi::r || bidi == Bidi::al || bidi == Bidi::an : bidi == Bidi::l;
        if (!neutral && !strong) return false;
        european = european || bidi == Bidi::en;
        arabic = arabic || bidi == Bidi::an;
        if (bidi != Bidi::nsm) last = bidi;
    }
    if (right && european && arabic) return false;
    if (last == Bidi::en) return true;
    return right ? last == Bidi::r || last == Bidi::al || last == Bidi::an : last == Bidi::l;
}

/// The labels as characters, if UTS 46 has nothing against any of them.
std::optional<std::vector<std::u32string>> process(std::string_view domain) {
    if (domain.size() > idna_bytes_max) return std::nullopt;
    auto labels = map_and_split(domain);
    if (!convert_and_check(labels)) return std::nullopt;
    if (std::any_of(labels.begin(), labels.end(), is_right_to_left) &&
        !std::all_of(labels.begin(), labels.end(), follows_bidi_rule))
        return std::nullopt;
    return labels;
}

}  // namespace

std::optional<std::string> domain_to_ascii(std::string_view domain) {
    const auto labels = process(domain);
    if (!labels) return std::nullopt;
    std::string out;
    for (const std::u32string& label : *labels) {
        if (&label != &labels->front()) out += '.';
        if (is_ascii(label)) {
            out.append(label.begin(), label.end());
            continue;
        }
        out += "xn--";
        if (!idna::append_punycode(label, out)) return std::nullopt;
    }
    return out;
}

std::string domain_to_unicode(std::string_view domain) {
    const auto labels = process(domain);
    if (!labels) return std::string(domain);
    std::string out;
    for (const std::u32string& label : *labels) {
        if (&label != &labels->front()) out += '.';
        for (const char32_t c : label) put_utf8(out, c);
    }
    return out;
}

}  // namespace sluice::crawl
