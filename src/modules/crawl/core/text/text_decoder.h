// SPDX-License-Identifier: Apache-2.0
// TextDecoder: bytes in any encoding of the web become UTF-8, in pieces of any size, by the
// decoders of https://encoding.spec.whatwg.org/ with the standard's own tables. What cannot be read
// becomes U+FFFD. Not the search for the encoding of a page.
#pragma once

#include "kernel/base/result.h"
#include "modules/crawl/core/text/encoding.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::crawl {

class TextDecoder {
public:
    /// Writes at most `output_bytes_max` bytes in all.
    explicit TextDecoder(Encoding encoding, std::size_t output_bytes_max = SIZE_MAX)
        : encoding_(encoding), room_(output_bytes_max) {}

    /// Appends what `bytes` decode to. A byte order mark of the encoding at the very front is left
    /// out. Errors: exhausted (the output is full; what fits has been appended).
    Status feed(std::string_view bytes, std::string& out);
    /// The input ends: an unfinished character becomes U+FFFD.
    Status finish(std::string& out);

    [[nodiscard]] Encoding encoding() const { return encoding_; }
    /// Characters that could not be read so far.
    [[nodiscard]] std::uint64_t errors() const { return errors_; }

private:
    /// The state of ISO-2022-JP.
    enum class Jis : std::uint8_t { ascii, roman, katakana, lead, trail, escape_start, escape };

    void put(std::uint32_t character, std::string& out);
    void put_error(std::string& out);
    void step(std::uint8_t byte, std::string& out);
    void again(std::uint8_t byte) { pending_[pending_count_++] = byte; }
    void run(std::uint8_t byte, std::string& out);
    void end(std::string& out);
    [[nodiscard]] bool at_rest() const;

    void utf8(std::uint8_t byte, std::string& out);
    void utf16(std::uint8_t byte, std::string& out);
    void utf16_unit(std::uint32_t unit, std::string& out);
    void single_byte(std::uint8_t byte, std::string& out);
    void gb18030(std::uint8_t byte, std::string& out);
    void gb18030_four(std::uint8_t byte, std::string& out);
    void big5(std::uint8_t byte, std::string& out);
    void euc_jp(std::uint8_t byte, std::string& out);
    void shift_jis(std::uint8_t byte, std::string& out);
    void euc_kr(std::uint8_t byte, std::string& out);
    void iso_2022_jp(std::uint8_t byte, std::string& out);
    void jis_escape(std::uint8_t byte, std::string& out);
    void finish_pair(std::uint32_t character, std::uint8_t byte, std::string& out);

    Encoding encoding_;
    std::size_t room_;
    std::uint64_t errors_ = 0;
    bool full_ = false;
    bool begun_ = false;     ///< Behind the place where a byte order mark may stand.
    bool replaced_ = false;  ///< `replacement` has said its one U+FFFD.
    std::array<std::uint8_t, 4> pending_{};  ///< Bytes to be looked at again, last one first.
    std::size_t pending_count_ = 0;
    // What has been seen of a character of several bytes.
    std::uint8_t first_ = 0;
    std::uint8_t second_ = 0;
    std::uint8_t third_ = 0;
    bool has_first_ = false;  ///< UTF-16, where the first byte may be 0.
    bool jis0212_ = false;
    std::uint32_t character_ = 0;  ///< UTF-8 so far, or the first half of a pair of UTF-16.
    std::uint8_t needed_ = 0;      ///< Bytes of UTF-8 still to come.
    std::uint8_t lower_ = 0x80;
    std::uint8_t upper_ = 0xBF;
    Jis jis_ = Jis::ascii;
    Jis jis_output_ = Jis::ascii;
    bool jis_escaped_ = false;
};

/// The whole of `bytes` at once; the byte order mark, if there is one, decides before `fallback`.
/// Errors: exhausted.
Result<std::string> decode_text(std::string_view bytes, Encoding fallback,
                                std::size_t output_bytes_max = SIZE_MAX);

}  // namespace sluice::crawl
