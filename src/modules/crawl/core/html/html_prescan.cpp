// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/html/html_prescan.h"

#include "modules/crawl/core/html/html_chars.h"
#include "modules/crawl/core/html/html_values.h"

#include <optional>

namespace sluice::crawl {
namespace {

struct PrescanAttribute {
    std::string name;
    std::string value;
};

// The bytes, read from the front.
class Prescan {
public:
    Prescan(std::string_view bytes, LabelTest is_known) : rest_(bytes), is_known_(is_known) {}

    std::string run() {
        while (!rest_.empty()) {
            if (rest_.starts_with("<!--")) {
                // The dashes of the beginning may be those of the end.
                const std::size_t end = rest_.find("-->", 2);
                rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 3);
            } else if (starts_meta()) {
                rest_.remove_prefix(5);
                std::string label = read_meta();
                if (!label.empty()) return label;
            } else if (starts_tag()) {
                skip_tag();
            } else if (rest_.size() > 1 && rest_[0] == '<' &&
                       (rest_[1] == '!' || rest_[1] == '/' || rest_[1] == '?')) {
                const std::size_t end = rest_.find('>');
                rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
            } else {
                rest_.remove_prefix(1);
            }
        }
        return {};
    }

private:
    [[nodiscard]] bool starts_meta() const {
        return rest_.size() > 5 && starts_with_ignoring_case(rest_, "<meta") &&
               (is_html_space(rest_[5]) || rest_[5] == '/');
    }
    [[nodiscard]] bool starts_tag() const {
        if (rest_.size() < 2 || rest_[0] != '<') return false;
        if (is_ascii_alpha(rest_[1])) return true;
        return rest_.size() > 2 && rest_[1] == '/' && is_ascii_alpha(rest_[2]);
    }
    void skip_tag() {
        while (!rest_.empty() && !is_html_space(rest_[0]) && rest_[0] != '>')
            rest_.remove_prefix(1);
        while (read_attribute()) {
        }
    }
    std::string read_meta() {
        std::string seen = " ";
        bool got_pragma = false;
        std::optional<bool> need_pragma;
        std::string charset;
        while (const std::optional<PrescanAttribute> attribute = read_attribute()) {
            if (seen.find(' ' + attribute->name + ' ') != std::string::npos) continue;
            seen += attribute->name + ' ';
            if (attribute->name == "http-equiv") {
                got_pragma = got_pragma || attribute->value == "content-type";
            } else if (attribute->name == "content") {
                const std::string_view label = charset_of_content(attribute->value);
                if (label.empty() || !charset.empty()) continue;
                charset = label;
                need_pragma = true;
            } else if (attribute->name == "charset") {
                charset = attribute->value;
                need_pragma = false;
            }
        }
        if (!need_pragma || (*need_pragma && !got_pragma)) return {};
        charset = meta_encoding(charset);
        return charset.empty() || (is_known_ != nullptr && !is_known_(charset)) ? std::string()
                                                                                : charset;
    }

    // "Get an attribute" of the same section.
    std::optional<PrescanAttribute> read_attribute() {
        while (!rest_.empty() && (is_html_space(rest_[0]) || rest_[0] == '/'))
            rest_.remove_prefix(1);
        if (rest_.empty()) return std::nullopt;
        if (rest_[0] == '>') {
            rest_.remove_prefix(1);
            return std::nullopt;
        }
        PrescanAttribute out;
        while (!rest_.empty() && !is_html_space(rest_[0]) && rest_[0] != '/' && rest_[0] != '>' &&
               !(rest_[0] == '=' && !out.name.empty()))
            take(out.name);
        while (!rest_.empty() && is_html_space(rest_[0])) rest_.remove_prefix(1);
        if (rest_.empty() || rest_[0] != '=') return end_with(out);
        rest_.remove_prefix(1);
        while (!rest_.empty() && is_html_space(rest_[0])) rest_.remove_prefix(1);
        if (rest_.empty()) return std::nullopt;
        if (rest_[0] == '"' || rest_[0] == '\'') {
            const char quote = rest_[0];
            rest_.remove_prefix(1);
            while (!rest_.empty() && rest_[0] != quote) take(out.value);
            if (!rest_.empty()) rest_.remove_prefix(1);
            return end_with(out);
        }
        while (!rest_.empty() && !is_html_space(rest_[0]) && rest_[0] != '>') take(out.value);
        return end_with(out);
    }
    // An attribute that the bytes end in is none.
    std::optional<PrescanAttribute> end_with(PrescanAttribute& attribute) const {
        if (rest_.empty()) return std::nullopt;
        return std::move(attribute);
    }
    void take(std::string& part) {
        part += ascii_lower(rest_[0]);
        rest_.remove_prefix(1);
    }

    std::string_view rest_;
    LabelTest is_known_;
};

}  // namespace

std::string meta_encoding(std::string_view label) {
    std::string out = ascii_lowered(trim_ascii(label));
    if (out == "utf-16" || out == "utf-16le" || out == "utf-16be") return "utf-8";
    if (out == "x-user-defined") return "windows-1252";
    return out;
}

std::string prescan_encoding(std::string_view bytes, LabelTest is_known) {
    return Prescan(bytes.substr(0, prescan_bytes), is_known).run();
}

}  // namespace sluice::crawl
