// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_text
// Any bytes in any encoding: always valid UTF-8, the same however the bytes are cut, and what an
// encoder writes of it reads back.
#include "kernel/base/check.h"
#include "kernel/wire/utf8.h"
#include "modules/crawl/core/text/query_encoding.h"
#include "modules/crawl/core/text/text_decoder.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::crawl;

std::string decode(std::string_view bytes, Encoding encoding, std::size_t piece) {
    TextDecoder decoder(encoding);
    std::string out;
    while (!bytes.empty()) {
        SLUICE_CHECK(decoder.feed(bytes.substr(0, piece), out).has_value());
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    SLUICE_CHECK(decoder.finish(out).has_value());
    return out;
}

void check_utf8(std::string_view text) {
    while (!text.empty()) {
        const Utf8Step step = utf8_step(text);
        SLUICE_CHECK(step.valid);
        text.remove_prefix(step.length);
    }
}

}  // namespace

/// The first byte says which encoding, the second how large the pieces are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const auto encoding = static_cast<Encoding>(data[0] % 40);
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    static_cast<void>(encoding_of_label(bytes));
    const std::string whole = decode(bytes, encoding, SIZE_MAX);
    SLUICE_CHECK(decode(bytes, encoding, 1 + data[1] % 7) == whole);
    check_utf8(whole);
    TextDecoder small(encoding, size / 2);
    std::string cut;
    if (small.feed(bytes, cut)) static_cast<void>(small.finish(cut));
    SLUICE_CHECK(cut.size() <= size / 2 && whole.starts_with(cut));
    // An encoder is slow on purpose (it searches); a query is short.
    std::string_view text(whole);
    if (text.size() > 300) return 0;
    TextQueryEncoder encoder(encoding);
    std::string encoded;
    bool missing = false;
    while (!text.empty()) {
        const auto step = encoder.encode(text, encoded);
        SLUICE_CHECK(step.taken > 0 && step.taken <= text.size());
        missing = missing || step.missing != 0;
        text.remove_prefix(step.taken);
    }
    const std::string again = decode(encoded, encoding, SIZE_MAX);
    check_utf8(again);
    return 0;
}
