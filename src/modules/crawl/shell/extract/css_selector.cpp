// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/extract/css_selector.h"

#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "kernel/wire/utf8.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace sluice::crawl {
namespace {

constexpr std::string_view upper_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view lower_letters = "abcdefghijklmnopqrstuvwxyz";
constexpr std::int64_t nth_max = 1'000'000;

bool is_name_byte(char c) {
    return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-' || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

std::size_t characters(std::string_view utf8) {
    return static_cast<std::size_t>(
        std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

/// What a literal of XPath may hold (XML 1.0, 2.2).
bool is_xml_character(std::uint32_t c) {
    if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
    return (c < 0xD800 || c > 0xDFFF) && c != 0xFFFE && c != 0xFFFF && c <= 0x10FFFF;
}

/// Where the first byte is that is no text of XML.
std::optional<std::size_t> find_foreign_byte(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view rest = text.substr(at);
        const Utf8Step step = utf8_step(rest);
        const bool control =
            step.length == 1 && !is_xml_character(static_cast<unsigned char>(rest.front()));
        const bool no_character = rest.starts_with("\xEF\xBF\xBE") ||  // U+FFFE
                                  rest.starts_with("\xEF\xBF\xBF");
        if (!step.valid || control || no_character) return at;
        at += step.length;
    }
    return std::nullopt;
}

/// "h1.x[y]": the name to step to, and what must hold there.
struct Compound {
    std::string name = "*";
    std::vector<std::string> conditions;
};

/// a*n + b.
struct Nth {
    std::int64_t a = 0;
    std::int64_t b = 0;
};

/// `place` is one of the positions that a*n+b names, for n = 0, 1, 2 …
std::string nth_condition(const std::string& place, Nth nth) {
    if (nth.a == 0) return place + " = " + std::to_string(nth.b);
    const std::string b = "(" + std::to_string(nth.b) + ")";
    if (nth.a > 0)
        return place + " >= " + b + " and (" + place + " - " + b + ") mod " +
               std::to_string(nth.a) + " = 0";
    return place + " <= " + b + " and (" + b + " - " + place + ") mod " + std::to_string(-nth.a) +
           " = 0";
}

// One selector, read by descent. After a fault every function returns at once; the first fault is
// the one that is told.
class CssParser {
public:
    CssParser(std::string_view text, CssDialect dialect) : text_(text), dialect_(dialect) {}

    Result<CssQuery> run() {
        CssQuery out;
        do {
            if (!out.xpath.empty()) out.xpath += " | ";
            out.xpath += complex();
            skip_blanks();
        } while (!fault_ && take(','));
        if (!fault_ && at_ < text_.size() && text_.substr(at_).starts_with("::")) suffix(out);
        if (!fault_ && at_ < text_.size()) {
            const char c = text_[at_];
            fail_here("\"" + std::string(c >= ' ' && c < 0x7F ? 1 : 0, c) +
                      "\" is not expected here");
        }
        if (fault_) return *std::move(fault_);
        return out;
    }

private:
    void fail_here(const std::string& what) { fail_at(at_, what); }
    void fail_at(std::size_t place, const std::string& what) {
        if (!fault_) fault_ = fail(Code::invalid, "at " + std::to_string(place + 1) + ": " + what);
        at_ = text_.size();
    }

    [[nodiscard]] char peek(std::size_t ahead = 0) const {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }
    bool take(char c) {
        if (fault_ || peek() != c || at_ >= text_.size()) return false;
        ++at_;
        return true;
    }
    bool skip_blanks() {
        const std::size_t begin = at_;
        while (at_ < text_.size() && is_ascii_space(text_[at_])) ++at_;
        return at_ > begin;
    }

    // "h1 > .x + b": one step of XPath for each compound.
    std::string complex() {
        skip_blanks();
        std::string out = "//" + step(compound());
        while (!fault_) {
            const bool blank = skip_blanks();
            const char c = peek();
            if (at_ >= text_.size() || c == ',' || (c == ':' && peek(1) == ':')) break;
            if (c == '>' || c == '+' || c == '~') {
                ++at_;
                skip_blanks();
            } else if (!blank) {
                break;
            }
            const Compound next = compound();
            if (c == '>')
                out += "/" + step(next);
            else if (c == '+')
                out += "/following-sibling::*[1]/self::" + step(next);
            else if (c == '~')
                out += "/following-sibling::" + step(next);
            else
                out += "//" + step(next);
        }
        return out;
    }

    static std::string step(const Compound& compound) {
        std::string out = compound.name;
        for (const std::string& condition : compound.conditions) out += "[" + condition + "]";
        return out;
    }

    static std::string as_condition(const Compound& compound) {
        std::string out = "self::" + compound.name;
        for (const std::string& condition : compound.conditions) out += " and (" + condition + ")";
        return out;
    }

    Compound compound() {
        Compound out;
        const std::size_t begin = at_;
        if (++compounds_ > css_compounds_max && !fault_)
            fault_ = fail(Code::exhausted,
                          "a selector may have " + std::to_string(css_compounds_max) + " parts");
        type_.clear();
        if (!take('*') && (is_name_byte(peek()) || peek() == '\\')) type(out);
        while (!fault_ && at_ < text_.size()) {
            if (take('.'))
                out.conditions.push_back("contains(concat(' ', normalize-space(@class), ' '), " +
                                         xpath_literal(" " + name("a class") + " ") + ")");
            else if (take('#'))
                out.conditions.push_back("@id = " + xpath_literal(name("an id")));
            else if (take('['))
                out.conditions.push_back(attribute());
            else if (peek() == ':' && peek(1) != ':')
                out.conditions.push_back(pseudo_class());
            else
                break;
        }
        if (at_ == begin && !fault_) fail_here("a selector is missing");
        return out;
    }

    void type(Compound& out) {
        std::string text = name("a name");
        if (peek() == '|') fail_here("namespaces are not supported");
        if (fault_) return;
        // What is no name of XPath's own kind is compared as text.
        if (dialect_ == CssDialect::html) text = ascii_lowered(text);
        const bool plain =
            std::all_of(text.begin(), text.end(),
                        [](char c) {
                            return is_ascii_alpha(c) || is_ascii_digit(c) || c == '-' || c == '_';
                        }) &&
            is_ascii_alpha(text.front());
        if (plain && dialect_ == CssDialect::html) {
            type_ = out.name = text;
        } else {
            out.conditions.push_back("local-name() = " + xpath_literal(text));
            type_ = "*[" + out.conditions.back() + "]";
        }
    }

    std::string name(std::string_view what) {
        std::string out;
        while (!fault_ && at_ < text_.size()) {
            if (is_name_byte(peek()))
                out += text_[at_++];
            else if (peek() == '\\')
                escape(out);
            else
                break;
        }
        if (out.empty() && !fault_) fail_here(std::string(what) + " is missing");
        return out;
    }

    void escape(std::string& out) {
        constexpr std::size_t digits_max = 6;
        ++at_;
        if (at_ >= text_.size()) return fail_here("a character is missing behind \"\\\"");
        if (!is_ascii_hex(peek())) {
            out += text_[at_++];
            return;
        }
        std::uint32_t number = 0;
        for (std::size_t i = 0; i < digits_max && is_ascii_hex(peek()); ++i) {
            const char c = ascii_lower(text_[at_++]);
            number = number * 16 +
                     static_cast<std::uint32_t>(is_ascii_digit(c) ? c - '0' : c - 'a' + 10);
        }
        if (is_ascii_space(peek()) && at_ < text_.size()) ++at_;
        put_utf8(out, is_xml_character(number) ? number : 0xFFFD);
    }

    std::string quoted_or_name() {
        const char quote = peek();
        if (quote != '"' && quote != '\'') return name("a value");
        const std::size_t begin = at_++;
        std::string out;
        while (at_ < text_.size() && peek() != quote) {
            if (peek() == '\\')
                escape(out);
            else
                out += text_[at_++];
        }
        if (!take(quote)) fail_at(begin, "the quote is not closed");
        return out;
    }

    std::string attribute() {
        skip_blanks();
        std::string text = name("an attribute");
        if (dialect_ == CssDialect::html) text = ascii_lowered(text);
        std::string value = "@*[local-name() = " + xpath_literal(text) + "]";
        skip_blanks();
        if (take(']')) return value;
        const std::size_t place = at_;
        char how = '=';
        if (!take('=')) {
            how = peek();
            ++at_;
            if (how == '\0' || std::string_view("~|^$*").find(how) == std::string_view::npos ||
                !take('=')) {
                fail_at(place, "\"]\" or one of = ~= |= ^= $= *= is expected");
                return {};
            }
        }
        skip_blanks();
        std::string wanted = quoted_or_name();
        skip_blanks();
        std::string held = "string(" + value + ")";
        if ((peek() == 'i' || peek() == 'I') && !fault_) {
            ++at_;
            skip_blanks();
            wanted = ascii_lowered(wanted);
            held = "translate(" + held + ", '" + std::string(upper_letters) + "', '" +
                   std::string(lower_letters) + "')";
        }
        if (!take(']')) {
            fail_here("\"]\" is missing");
            return {};
        }
        return value + " and " + comparison(how, held, wanted);
    }

    // What can match nothing by the standard (an empty part, a word with blanks) is never true.
    static std::string comparison(char how, const std::string& held, const std::string& wanted) {
        const std::string literal = xpath_literal(wanted);
        const bool blank = std::any_of(wanted.begin(), wanted.end(), is_ascii_space);
        if (how == '=') return held + " = " + literal;
        if (how == '|')
            return "(" + held + " = " + literal + " or starts-with(" + held + ", " +
                   xpath_literal(wanted + "-") + "))";
        if (wanted.empty() || (how == '~' && blank)) return "false()";
        if (how == '~')
            return "contains(concat(' ', normalize-space(" + held + "), ' '), " +
                   xpath_literal(" " + wanted + " ") + ")";
        if (how == '^') return "starts-with(" + held + ", " + literal + ")";
        if (how == '*') return "contains(" + held + ", " + literal + ")";
        return "substring(" + held + ", string-length(" + held + ") - " +
               std::to_string(characters(wanted)) + " + 1) = " + literal;
    }

    std::string pseudo_class() {
        const std::size_t place = at_++;
        const std::string word = ascii_lowered(name("a pseudo-class"));
        if (fault_) return {};
        if (word == "first-child") return "not(preceding-sibling::*)";
        if (word == "last-child") return "not(following-sibling::*)";
        if (word == "only-child") return "not(preceding-sibling::*) and not(following-sibling::*)";
        if (word == "empty") return "not(*) and not(text())";
        if (word == "root") return "not(parent::*)";
        if (word == "first-of-type" || word == "last-of-type")
            return "not(" + siblings(word.starts_with("first"), place) + ")";
        const bool nth = word.starts_with("nth-");
        if (!nth && word != "not" && word != "contains") {
            fail_at(place, "the pseudo-class :" + word + " is not supported");
            return {};
        }
        if (!take('(')) {
            fail_here("\"(\" is missing behind :" + word);
            return {};
        }
        std::string out;
        if (word == "contains") {
            skip_blanks();
            out = "contains(., " + xpath_literal(quoted_or_name()) + ")";
        } else if (word == "not") {
            out = negation();
        } else if (word == "nth-child" || word == "nth-last-child") {
            const std::string axis =
                word == "nth-child" ? "preceding-sibling::*" : "following-sibling::*";
            out = nth_condition("(count(" + axis + ") + 1)", nth_argument());
        } else if (word == "nth-of-type" || word == "nth-last-of-type") {
            const std::string axis = siblings(word == "nth-of-type", place);
            out = nth_condition("(count(" + axis + ") + 1)", nth_argument());
        } else {
            fail_at(place, "the pseudo-class :" + word + " is not supported");
        }
        skip_blanks();
        if (!take(')')) fail_here("\")\" is missing");
        return out;
    }

    /// Siblings of the same type, before or after.
    std::string siblings(bool before, std::size_t place) {
        if (type_.empty())
            fail_at(place, "\"of-type\" needs a type before it, as in p:first-of-type");
        return (before ? "preceding-sibling::" : "following-sibling::") + type_;
    }

    std::string negation() {
        if (++nesting_ > 8) fail_here(":not() is nested too deeply");
        std::string out;
        do {
            skip_blanks();
            const std::string outer = type_;
            if (!out.empty()) out += " or ";
            out += "(" + as_condition(compound()) + ")";
            type_ = outer;
            skip_blanks();
        } while (!fault_ && take(','));
        --nesting_;
        return "not(" + out + ")";
    }

    // "odd", "even", "3", "2n", "-n+3", "2n - 1".
    Nth nth_argument() {
        skip_blanks();
        const std::size_t place = at_;
        std::string text;
        while (at_ < text_.size() && peek() != ')') {
            if (!is_ascii_space(peek())) text += ascii_lower(peek());
            ++at_;
        }
        if (text == "odd") return {2, 1};
        if (text == "even") return {2, 0};
        Nth out;
        std::string_view rest = text;
        if (const std::size_t n = text.find('n'); n != std::string::npos) {
            const std::string_view factor = rest.substr(0, n);
            if (factor.empty() || factor == "+")
                out.a = 1;
            else if (factor == "-")
                out.a = -1;
            else
                out.a = number(factor, place);
            rest.remove_prefix(n + 1);
            if (rest.empty()) return out;
            if (rest.front() != '+' && rest.front() != '-') fail_at(place, nth_hint());
        }
        out.b = number(rest, place);
        return out;
    }

    std::int64_t number(std::string_view text, std::size_t place) {
        if (text.starts_with('+')) text.remove_prefix(1);
        const bool digits = !text.empty() && (is_ascii_digit(text.front()) || text.size() > 1) &&
                            !text.starts_with("-+");
        const auto value = parse_int(text);
        if (!digits || !value || *value > nth_max || *value < -nth_max) {
            fail_at(place, nth_hint());
            return 0;
        }
        return *value;
    }
    static std::string nth_hint() { return "a number, odd, even or one like 2n+1 is expected"; }

    void suffix(CssQuery& out) {
        const std::size_t place = at_;
        at_ += 2;
        const std::string word = ascii_lowered(name("text, html or attr(NAME)"));
        if (fault_) return;
        if (word == "text") {
            out.take = Take::text;
        } else if (word == "html") {
            out.take = Take::html;
        } else if (word == "attr" && take('(')) {
            skip_blanks();
            out.take = Take::attribute;
            out.attribute = name("an attribute");
            if (dialect_ == CssDialect::html) out.attribute = ascii_lowered(out.attribute);
            skip_blanks();
            if (!take(')')) fail_here("\")\" is missing");
        } else {
            fail_at(place, "only ::text, ::html and ::attr(NAME) are supported");
        }
        skip_blanks();
        if (!fault_ && at_ < text_.size())
            fail_here("nothing may follow ::" + word + ", which is said of the whole selector");
    }

    const std::string_view text_;
    const CssDialect dialect_;
    std::size_t at_ = 0;
    std::size_t compounds_ = 0;
    std::size_t nesting_ = 0;
    std::string type_;  ///< node test of the compound's type; empty: it has none
    std::optional<Error> fault_;
};

}  // namespace

std::string xpath_literal(std::string_view text) {
    if (text.find('\'') == std::string_view::npos) return "'" + std::string(text) + "'";
    if (text.find('"') == std::string_view::npos) return "\"" + std::string(text) + "\"";
    std::string out = "concat(";
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\''), text.size());
        if (end > 0) out += "'" + std::string(text.substr(0, end)) + "', ";
        text.remove_prefix(end);
        if (!text.empty()) {
            out += "\"'\", ";
            text.remove_prefix(1);
        }
    }
    return out + "'')";
}

Result<CssQuery> parse_css(std::string_view selector, CssDialect dialect) {
    if (selector.size() > css_bytes_max)
        return fail(Code::exhausted,
                    "a selector may have " + std::to_string(css_bytes_max) + " bytes");
    if (const auto at = find_foreign_byte(selector))
        return fail(Code::invalid, "at " + std::to_string(*at + 1) + ": this is no text");
    return CssParser(selector, dialect).run();
}

}  // namespace sluice::crawl
