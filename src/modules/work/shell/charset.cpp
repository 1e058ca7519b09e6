// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/charset.h"

#include "kernel/base/text.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace sluice::work {

namespace {

/// iconv reads more than names from its arguments ("//TRANSLIT"), so only plain names pass.
bool is_charset_name(std::string_view name) {
    return !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '_' || c == '.' || c == ':' || c == '+';
    });
}

std::size_t unit_of(std::string_view name) {
    const auto begins = [name](std::string_view upper, std::string_view lower) {
        return name.starts_with(upper) || name.starts_with(lower);
    };
    if (begins("UTF-16", "utf-16") || begins("UCS-2", "ucs-2")) return 2;
    if (begins("UTF-32", "utf-32") || begins("UCS-4", "ucs-4")) return 4;
    return 1;
}

/// Whether `?` is a character of the encoding. Of a few dozen it is none (ASMO_449, INIS-8).
bool has_question_mark(const std::string& name) {
    const iconv_t converter = iconv_open(name.c_str(), "UTF-8");
    if (converter == reinterpret_cast<iconv_t>(-1)) return false;
    char mark = '?';
    char* source = &mark;
    std::size_t source_left = 1;
    std::array<char, 64> piece;
    char* target = piece.data();
    std::size_t target_left = piece.size();
    const std::size_t code = iconv(converter, &source, &source_left, &target, &target_left);
    iconv_close(converter);
    return code != static_cast<std::size_t>(-1);
}

bool is_utf8_name(std::string_view name) {
    return name == "UTF-8" || name == "utf-8" || name == "UTF8" || name == "utf8";
}

}  // namespace

struct Charset::State {
    iconv_t converter = reinterpret_cast<iconv_t>(-1);
    std::string from;
    std::string to;
    OnUnknown unknown = OnUnknown::refuse;
    std::size_t unit = 1;  ///< Bytes that a wrong piece of the source has at least.
    bool from_utf8 = false;
    bool to_utf8 = false;
    std::string rest;  ///< The beginning of a character.
    std::uint64_t replaced = 0;
    std::uint64_t consumed = 0;

    ~State() {
        if (converter != reinterpret_cast<iconv_t>(-1)) iconv_close(converter);
    }

    Status convert(std::string_view& in, std::string& out);
    Status convert_whole(std::string_view in, std::string& out);
    Status step_over(std::string_view& in, std::string& out);
};

Charset::Charset(std::unique_ptr<State> state) : state_(std::move(state)) {}
Charset::~Charset() = default;
Charset::Charset(Charset&&) noexcept = default;
Charset& Charset::operator=(Charset&&) noexcept = default;
std::uint64_t Charset::replaced() const { return state_->replaced; }

Result<Charset> Charset::open(const std::string& from, const std::string& to, OnUnknown unknown) {
    for (const auto* name : {&from, &to}) {
        // Asked for alone, so that the error names the right one of the two.
        iconv_t probe = reinterpret_cast<iconv_t>(-1);
        if (is_charset_name(*name)) probe = iconv_open("UTF-8", name->c_str());
        if (probe == reinterpret_cast<iconv_t>(-1)) {
            return fail(Code::invalid, "unknown encoding \"" +
                                           std::string(truncate_utf8(*name, 40)) +
                                           "\" (`iconv -l` lists them)");
        }
        iconv_close(probe);
    }
    auto state = std::make_unique<State>();
    state->from = from;
    state->to = to;
    state->unknown = unknown;
    state->unit = unit_of(from);
    state->from_utf8 = is_utf8_name(from);
    state->to_utf8 = is_utf8_name(to);
    state->converter = iconv_open(to.c_str(), from.c_str());
    if (state->converter == reinterpret_cast<iconv_t>(-1)) {
        return fail(Code::invalid, "no conversion from " + from + " to " + to);
    }
    if (unknown == OnUnknown::replace && !state->to_utf8 && !has_question_mark(to)) {
        return fail(Code::invalid, "encoding without a `?`, which would have to stand for what \"" +
                                       to + "\" lacks");
    }
    return Charset(std::move(state));
}

/// Converts until the input is used up, or at a character that is unknown (EILSEQ: an error or a
/// replacement) or not complete (left in `in`).
Status Charset::State::convert(std::string_view& in, std::string& out) {
    std::array<char, 16 * 1024> piece;
    while (!in.empty()) {
        char* source = const_cast<char*>(in.data());
        std::size_t source_left = in.size();
        char* target = piece.data();
        std::size_t target_left = piece.size();
        const std::size_t code = iconv(converter, &source, &source_left, &target, &target_left);
        const int error = errno;
        out.append(piece.data(), piece.size() - target_left);
        consumed += in.size() - source_left;
        in.remove_prefix(in.size() - source_left);
        if (code != static_cast<std::size_t>(-1)) continue;
        if (error == EINVAL) return {};
        if (error == EILSEQ) SLUICE_TRY_STATUS(step_over(in, out));
    }
    return {};
}

Status Charset::State::step_over(std::string_view& in, std::string& out) {
    if (unknown == OnUnknown::refuse) {
        return fail(Code::invalid, "byte " + std::to_string(consumed) + " of the " + from +
                                       " text begins no character that " + to + " has");
    }
    ++replaced;
    std::size_t length = std::min(unit, in.size());
    if (from_utf8) {  // step over the whole character
        while (length < in.size() && (static_cast<unsigned char>(in[length]) & 0xC0) == 0x80) {
            ++length;
        }
    }
    consumed += length;
    in.remove_prefix(length);
    std::string_view mark = to_utf8 ? "\xEF\xBF\xBD" : "?";
    if (to_utf8) {
        out.append(mark);
        return {};
    }
    // In the target's own encoding; from_utf8 holds whenever the target is not UTF-8 (callers go
    // by way of UTF-8), so the mark can go through the same converter; open() saw that it has one.
    return convert(mark, out);
}

Status Charset::State::convert_whole(std::string_view in, std::string& out) {
    SLUICE_TRY_STATUS(convert(in, out));
    rest.assign(in);
    return {};
}

Status Charset::feed(std::string_view bytes, std::string& out) {
    if (state_->rest.empty()) return state_->convert_whole(bytes, out);
    const std::string joined = state_->rest + std::string(bytes);
    state_->rest.clear();
    return state_->convert_whole(joined, out);
}

Status Charset::finish(std::string& out) {
    if (!state_->rest.empty()) {
        if (state_->unknown == OnUnknown::refuse) {
            return fail(Code::invalid, "the " + state_->from + " text ends inside a character");
        }
        ++state_->replaced;
        out += state_->to_utf8 ? "\xEF\xBF\xBD" : "?";
        state_->rest.clear();
    }
    std::array<char, 64> piece;
    char* target = piece.data();
    std::size_t target_left = piece.size();
    iconv(state_->converter, nullptr, nullptr, &target, &target_left);
    out.append(piece.data(), piece.size() - target_left);
    return {};
}

}  // namespace sluice::work
