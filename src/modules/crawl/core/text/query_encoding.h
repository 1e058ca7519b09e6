// SPDX-License-Identifier: Apache-2.0
// Writing text in the encodings of the web, for the one purpose that is left: the query of a link
// on a page that is not in UTF-8. Plugs into the URL parser.
#pragma once

#include "modules/crawl/core/text/encoding.h"
#include "modules/crawl/core/url/url.h"

#include <string>
#include <string_view>

namespace sluice::crawl {

/// Encodes as the encoders of https://encoding.spec.whatwg.org/ do. For UTF-16 and `replacement`
/// that is UTF-8. Keeps the state of ISO-2022-JP between calls; else holds nothing.
class TextQueryEncoder final : public QueryEncoder {
public:
    explicit TextQueryEncoder(Encoding encoding) : encoding_(encoding) {}
    Step encode(std::string_view utf8, std::string& out) override;

private:
    /// The state of ISO-2022-JP.
    enum class Jis : std::uint8_t { ascii, roman, jis0208 };

    bool put(std::uint32_t character, std::string& out);
    bool put_double(std::uint32_t character, std::string& out) const;
    bool put_gb18030(std::uint32_t character, std::string& out) const;
    bool put_iso_2022_jp(std::uint32_t character, std::string& out);
    void enter(Jis state, std::string& out);

    Encoding encoding_;
    Jis jis_ = Jis::ascii;
};

}  // namespace sluice::crawl
