// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/html/tag_name.h"

#include "kernel/base/ascii.h"

#include <array>

namespace sluice::crawl {
namespace {

// In the order of the enumeration.
constexpr auto names = std::to_array<std::string_view>(
    {"",      "a",       "area",     "audio",    "base",   "button",    "embed",  "form",
     "frame", "html",    "iframe",   "image",    "img",    "input",     "link",   "math",
     "meta",  "noembed", "noframes", "noscript", "object", "plaintext", "script", "source",
     "style", "svg",     "textarea", "title",    "track",  "use",       "video",  "xmp"});
static_assert(names.size() == static_cast<std::size_t>(TagName::xmp) + 1);

constexpr std::size_t slots = 128;

constexpr std::size_t slot_of(TagKey key) { return (key * 0x9E3779B97F4A7C15ULL) >> 57U; }

struct Slot {
    TagKey key = 0;
    TagName name = TagName::other;
};

// Open addressing; a third of the slots are taken, so that most names need one look.
constexpr auto table = [] {
    std::array<Slot, slots> out{};
    for (std::size_t i = 1; i < names.size(); ++i) {
        if (names[i].size() > sizeof(TagKey)) continue;
        std::size_t at = slot_of(tag_key(names[i]));
        while (out[at].key != 0) at = (at + 1) % slots;
        out[at] = {.key = tag_key(names[i]), .name = static_cast<TagName>(i)};
    }
    return out;
}();

}  // namespace

std::string_view to_string(TagName name) { return names[static_cast<std::size_t>(name)]; }

TagName tag_name(TagKey key, std::size_t size) {
    if (size > sizeof(TagKey)) return TagName::other;
    for (std::size_t at = slot_of(key);; at = (at + 1) % slots) {
        if (table[at].key == key) return table[at].name;
        if (table[at].key == 0) return TagName::other;
    }
}

TagName tag_name(std::string_view name) {
    if (name.size() == to_string(TagName::plaintext).size())
        return equals_ignoring_case(name, to_string(TagName::plaintext)) ? TagName::plaintext
                                                                         : TagName::other;
    TagKey key = 0;
    for (const char c : name) key = (key << 8U) | static_cast<unsigned char>(ascii_lower(c));
    return tag_name(key, name.size());
}

}  // namespace sluice::crawl
