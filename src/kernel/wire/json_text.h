// SPDX-License-Identifier: Apache-2.0
// Writing JSON: compact text appended to a string, always valid if the calls are well nested.
// Reading is json_reader.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// Deeper nesting is neither written nor read.
inline constexpr unsigned json_depth_max = 64;

/// Appends `text` as a JSON string with its quotes. Invalid UTF-8 becomes U+FFFD.
void put_json_string(std::string& out, std::string_view text);
/// `text` as a JSON string with its quotes.
std::string json_escape(std::string_view text);
/// True for one complete JSON value (RFC 8259) of valid UTF-8, nested at most json_depth_max deep,
/// with nothing but blanks around it.
bool is_valid_json(std::string_view text);

/// Appends one JSON value to a string. Commas are its business, nesting is the caller's; a call in
/// the wrong place (a value without a key, an end without a begin) stops the process.
class JsonWriter {
public:
    /// `out` must outlive the writer; what is in it already stays.
    explicit JsonWriter(std::string& out) : out_(out) {}

    JsonWriter& begin_object();
    JsonWriter& end_object();
    JsonWriter& begin_array();
    JsonWriter& end_array();
    /// The name of the member whose value comes next.
    JsonWriter& key(std::string_view name);

    JsonWriter& string(std::string_view text);
    JsonWriter& integer(std::int64_t number);
    JsonWriter& unsigned_integer(std::uint64_t number);
    /// The shortest digits that read back as the same number; null for infinities and NaN.
    JsonWriter& number(double number);
    JsonWriter& boolean(bool value);
    JsonWriter& null();
    /// A value that is JSON already; it is copied as it is, so it must be valid.
    JsonWriter& raw(std::string_view json);

    /// True when one whole value has been written.
    [[nodiscard]] bool is_complete() const { return depth_ == 0 && has_value_; }

private:
    void before_value();
    void open(char bracket, bool object);
    void close(char bracket, bool object);
    [[nodiscard]] std::uint64_t level() const { return std::uint64_t{1} << (depth_ - 1); }

    std::string& out_;
    unsigned depth_ = 0;
    std::uint64_t in_object_ = 0;  ///< One bit for each level: object or array.
    std::uint64_t filled_ = 0;     ///< One bit for each level: something is in it.
    bool key_open_ = false;
    bool has_value_ = false;
};

}  // namespace sluice
