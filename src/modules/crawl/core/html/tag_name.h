// SPDX-License-Identifier: Apache-2.0
// The element names that decide how a page is read or where it leads, as numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::crawl {

enum class TagName : std::uint8_t {
    other,
    a,
    area,
    audio,
    base,
    button,
    embed,
    form,
    frame,
    html,
    iframe,
    image,
    img,
    input,
    link,
    math,
    meta,
    noembed,
    noframes,
    noscript,
    object,
    plaintext,
    script,
    source,
    style,
    svg,
    textarea,
    title,
    track,
    use,
    video,
    xmp,
};

/// The name in lower case; empty for other.
std::string_view to_string(TagName name);

/// A set of names.
using TagNames = std::uint64_t;
constexpr TagNames only(TagName name) { return 1ULL << static_cast<unsigned>(name); }
template <class... Names>
constexpr TagNames tag_names(Names... names) {
    return (only(names) | ...);
}

/// A name of at most eight bytes, in lower case, as a number: the last byte is the lowest.
using TagKey = std::uint64_t;
constexpr TagKey tag_key(std::string_view lower) {
    TagKey key = 0;
    for (const char c : lower) key = (key << 8U) | static_cast<unsigned char>(c);
    return key;
}

/// The name with this key and length; other for more than eight bytes.
TagName tag_name(TagKey key, std::size_t size);
/// The name, which may have letters in upper case.
TagName tag_name(std::string_view name);

}  // namespace sluice::crawl
