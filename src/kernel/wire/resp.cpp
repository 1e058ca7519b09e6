// SPDX-License-Identifier: Apache-2.0
// RESP2 lines and length-prefixed bodies.
#include "kernel/wire/resp.h"

#include "kernel/base/text.h"

#include <charconv>
#include <cstring>

namespace sluice {
namespace {

void put_one_line(std::string& out, std::string_view text) {
    const std::size_t start = out.size();
    out.append(text);
    for (std::size_t i = start; i < out.size(); ++i) {
        if (out[i] == '\r' || out[i] == '\n') out[i] = ' ';
    }
}

void put_number(std::string& out, std::int64_t number) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    out.append(digits, end);
}

}  // namespace

void put_resp_simple(std::string& out, std::string_view text) {
    out += '+';
    put_one_line(out, text);
    out += "\r\n";
}

void put_resp_error(std::string& out, std::string_view code, std::string_view message) {
    out += '-';
    put_one_line(out, code);
    out += ' ';
    put_one_line(out, message);
    out += "\r\n";
}

void put_resp_integer(std::string& out, std::int64_t number) {
    out += ':';
    put_number(out, number);
    out += "\r\n";
}

void put_resp_bulk(std::string& out, std::string_view bytes) {
    out += '$';
    put_number(out, static_cast<std::int64_t>(bytes.size()));
    out += "\r\n";
    out += bytes;
    out += "\r\n";
}

void put_resp_null(std::string& out) { out += "$-1\r\n"; }

Result<std::optional<std::string_view>> RespDecoder::header() {
    const std::string_view bytes = buffer_.view();
    const void* found = bytes.size() == scanned_
                            ? nullptr
                            : std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
    const std::size_t length =
        found == nullptr ? bytes.size()
                         : static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (length > limits_.line_max + 2) {
        return fail(Code::exhausted, "the reply's line is longer than the limit");
    }
    if (found == nullptr) {
        scanned_ = bytes.size();
        return std::optional<std::string_view>{};
    }
    scanned_ = 0;
    if (length < 2 || bytes[length - 1] != '\r') {
        return fail(Code::invalid, "a reply's line must have a type and end with CR LF");
    }
    buffer_.consume(length + 1);
    return std::optional(bytes.substr(0, length - 1));
}

Result<std::optional<RespReply>> RespDecoder::bulk_body() {
    const std::string_view bytes = buffer_.view();
    const std::size_t length = *body_;
    if (bytes.size() < length + 2) return std::optional<RespReply>{};
    if (bytes[length] != '\r' || bytes[length + 1] != '\n') {
        return fail(Code::invalid, "a bulk reply does not end with CR LF where its length says");
    }
    buffer_.consume(length + 2);
    body_.reset();
    return std::optional(RespReply{RespKind::bulk, bytes.substr(0, length), 0});
}

Result<std::optional<RespReply>> RespDecoder::decode() {
    if (body_) return bulk_body();
    SLUICE_TRY(const auto line, header());
    if (!line) return std::optional<RespReply>{};
    const std::string_view rest = line->substr(1);
    switch (line->front()) {
        case '+': return std::optional(RespReply{RespKind::simple, rest, 0});
        case '-': return std::optional(RespReply{RespKind::error, rest, 0});
        case ':': {
            SLUICE_TRY(const std::int64_t number, parse_int(rest));
            return std::optional(RespReply{RespKind::integer, rest, number});
        }
        case '$': {
            SLUICE_TRY(const std::int64_t length, parse_int(rest));
            if (length == -1) return std::optional(RespReply{});
            if (length < 0) return fail(Code::invalid, "a bulk reply has a negative length");
            if (static_cast<std::uint64_t>(length) > limits_.bulk_max) {
                return fail(Code::exhausted, "a bulk reply is longer than the limit");
            }
            body_ = static_cast<std::size_t>(length);
            return bulk_body();
        }
        default: break;
    }
    return fail(Code::invalid, "a reply begins with an unknown type");
}

Result<std::optional<RespReply>> RespDecoder::next() {
    if (broken_) return *broken_;
    auto reply = decode();
    if (!reply) broken_ = reply.error();
    return reply;
}

}  // namespace sluice
