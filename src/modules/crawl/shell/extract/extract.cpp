// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/extract/extract.h"

#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "kernel/wire/json_text.h"
#include "modules/crawl/core/text/text_decoder.h"

#include <libxml/HTMLparser.h>
#include <libxml/HTMLtree.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <re2/re2.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace sluice::crawl {
namespace {

constexpr std::size_t name_bytes_max = 64;
constexpr std::int64_t pattern_memory_max = 1 << 20;

template <auto free_function>
struct Free {
    template <class T>
    void operator()(T* what) const {
        free_function(what);
    }
};
void free_text(xmlChar* text) { xmlFree(text); }

using Document = std::unique_ptr<xmlDoc, Free<xmlFreeDoc>>;
using XPathContext = std::unique_ptr<xmlXPathContext, Free<xmlXPathFreeContext>>;
using XPathExpression = std::unique_ptr<xmlXPathCompExpr, Free<xmlXPathFreeCompExpr>>;
using XPathObject = std::unique_ptr<xmlXPathObject, Free<xmlXPathFreeObject>>;
using XmlText = std::unique_ptr<xmlChar, Free<free_text>>;
using XmlBuffer = std::unique_ptr<xmlBuffer, Free<xmlBufferFree>>;
using HtmlContext = std::unique_ptr<htmlParserCtxt, Free<htmlFreeParserCtxt>>;
using XmlContext = std::unique_ptr<xmlParserCtxt, Free<xmlFreeParserCtxt>>;

const xmlChar* xml_text(const std::string& text) {
    return reinterpret_cast<const xmlChar*>(text.c_str());
}
std::string_view view_of(const xmlChar* text) {
    return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

/// Keeps what libxml2 says out of stderr.
void ignore_error(void* /*context*/, xmlErrorPtr /*error*/) {}

void begin_library() {
    static const bool begun = [] {
        xmlInitParser();
        return true;
    }();
    static_cast<void>(begun);
}

// An expression is compiled anew for each page: evaluating writes into it.
XPathExpression compile(xmlXPathContext& context, const std::string& xpath) {
    context.error = ignore_error;
    context.opLimit = extract_steps_max;
    context.opCount = 0;
    return XPathExpression(xmlXPathCtxtCompile(&context, xml_text(xpath)));
}

std::string collapsed(std::string_view text) {
    std::string out;
    bool space = false;
    for (const char c : text) {
        if (is_ascii_space(c)) {
            space = !out.empty();
            continue;
        }
        if (out.size() >= extract_value_bytes_max + 8) break;
        if (space) out += ' ';
        space = false;
        out += c;
    }
    out.resize(truncate_utf8(out, extract_value_bytes_max).size());
    return out;
}

std::string markup_of(xmlDoc& document, xmlNode& node, bool xml) {
    const XmlBuffer buffer(xmlBufferCreate());
    if (!buffer) return {};
    if (xml)
        xmlNodeDump(buffer.get(), &document, &node, 0, 0);
    else
        htmlNodeDump(buffer.get(), &document, &node);
    return std::string(
        truncate_utf8(view_of(xmlBufferContent(buffer.get())), extract_value_bytes_max));
}

std::string text_of(xmlNode& node) {
    const XmlText text(xmlNodeGetContent(&node));
    return collapsed(view_of(text.get()));
}

// As UTF-8 and without NUL, which ends every text for libxml2.
Result<std::string> text_of(const ExtractPage& page) {
    const Encoding encoding = encoding_of_label(page.encoding).value_or(Encoding::utf_8);
    auto text = decode_text(page.body, encoding, extract_body_max);
    if (!text)
        return fail(Code::exhausted, "nothing is extracted from pages of more than " +
                                         std::to_string(extract_body_max) + " bytes");
    std::replace(text->begin(), text->end(), '\0', ' ');
    return text;
}

Document read_html(const std::string& text) {
    const HtmlContext context(htmlNewParserCtxt());
    if (!context) return nullptr;
    constexpr int options = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
                            HTML_PARSE_NONET | HTML_PARSE_COMPACT | HTML_PARSE_IGNORE_ENC;
    return Document(htmlCtxtReadMemory(context.get(), text.data(), static_cast<int>(text.size()),
                                       nullptr, "UTF-8", options));
}

Document read_xml(const std::string& text) {
    const XmlContext context(xmlNewParserCtxt());
    if (!context) return nullptr;
    constexpr int options = XML_PARSE_RECOVER | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                            XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_COMPACT |
                            XML_PARSE_IGNORE_ENC;
    // No entity is ever declared, so none can grow.
    context->sax->entityDecl = nullptr;
    context->sax->externalSubset = nullptr;
    Document document(xmlCtxtReadMemory(context.get(), text.data(), static_cast<int>(text.size()),
                                        nullptr, "UTF-8", options));
    // What libxml2 keeps beside the result belongs to nobody else.
    return document;
}

}  // namespace

struct ExtractRules::Compiled {
    struct Rule {
        std::string name;
        bool all = false;
        std::string html_xpath, xml_xpath;
        Take take = Take::text;
        std::string attribute;
        std::unique_ptr<RE2> pattern;  ///< null: every URL

        [[nodiscard]] bool holds(std::string_view url) const {
            return !pattern ||
                   RE2::PartialMatch(re2::StringPiece(url.data(), url.size()), *pattern);
        }
    };
    std::vector<Rule> rules;

    [[nodiscard]] static Result<Rule> parse(std::string_view text);
    [[nodiscard]] static Status parse_query(Rule& rule, std::string_view query);
    [[nodiscard]] static Status apply(const Rule& rule, xmlDoc& document, bool xml,
                                      JsonWriter& json);
};

namespace {

Status check_xpath(const std::string& xpath) {
    begin_library();
    const XPathContext context(xmlXPathNewContext(nullptr));
    if (!context) return fail(Code::internal, "libxml2 did not start");
    if (compile(*context, xpath)) return {};
    std::string message = "it is no XPath 1.0";
    if (context->lastError.int1 > 0)
        message += "; it cannot be read from character " +
                   std::to_string(context->lastError.int1 + 1) + " on";
    return fail(Code::invalid, message);
}

Status check_name(std::string_view name) {
    const bool known = std::all_of(name.begin(), name.end(), [](char c) {
        return is_ascii_alpha(c) || is_ascii_digit(c) || c == '_' || c == '-' || c == '.';
    });
    if (!name.empty() && name.size() <= name_bytes_max && known) return {};
    return fail(Code::invalid, "a name has 1 to " + std::to_string(name_bytes_max) +
                                   " letters, digits, \"_\", \"-\" and \".\"");
}

}  // namespace

Status ExtractRules::Compiled::parse_query(Rule& rule, std::string_view query) {
    if (query.starts_with("xpath:")) {
        query.remove_prefix(6);
        rule.html_xpath = rule.xml_xpath = query;
        return check_xpath(rule.html_xpath);
    }
    if (!query.starts_with("css:"))
        return fail(Code::invalid, "\"css:\" or \"xpath:\" must stand behind \"=\"");
    query.remove_prefix(4);
    auto html = parse_css(query, CssDialect::html);
    if (!html) return std::move(html).error();
    auto xml = parse_css(query, CssDialect::xml);
    if (!xml) return std::move(xml).error();
    rule.html_xpath = std::move(html->xpath);
    rule.xml_xpath = std::move(xml->xpath);
    rule.take = html->take;
    rule.attribute = std::move(xml->attribute);
    return {};
}

Result<ExtractRules::Compiled::Rule> ExtractRules::Compiled::parse(std::string_view text) {
    Rule rule;
    if (text.size() > extract_rule_bytes_max)
        return fail(Code::exhausted,
                    "it has more than " + std::to_string(extract_rule_bytes_max) + " bytes");
    if (text.starts_with("url~")) {
        const std::size_t end = std::min(text.find(' '), text.size());
        RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(pattern_memory_max);
        const std::string_view pattern = text.substr(4, end - 4);
        rule.pattern =
            std::make_unique<RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
        if (!rule.pattern->ok())
            return fail(Code::invalid, "its pattern is not one of RE2: " + rule.pattern->error());
        text.remove_prefix(end);
        text = trim_ascii(text);
    }
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos)
        return fail(Code::invalid, "it is not NAME=css:SELECTOR or NAME=xpath:EXPRESSION");
    std::string_view name = trim_ascii(text.substr(0, equals));
    rule.all = name.ends_with("[]");
    if (rule.all) name.remove_suffix(2);
    rule.name = name;
    if (Status status = check_name(name); !status) return std::move(status).error();
    Status status = parse_query(rule, trim_ascii(text.substr(equals + 1)));
    if (!status) return std::move(status).error();
    return rule;
}

namespace {

/// Writes one node as the rule wants it; false if it has nothing of the kind.
bool put_node(const std::string& attribute, Take take, xmlDoc& document, xmlNode& node, bool xml,
              JsonWriter& json) {
    if (node.type == XML_NAMESPACE_DECL) return false;
    if (take == Take::attribute) {
        const XmlText value(xmlGetProp(&node, xml_text(attribute)));
        if (!value) return false;
        json.string(collapsed(view_of(value.get())));
    } else if (take == Take::html && node.type == XML_ELEMENT_NODE) {
        json.string(markup_of(document, node, xml));
    } else {
        json.string(text_of(node));
    }
    return true;
}

}  // namespace

Status ExtractRules::Compiled::apply(const Rule& rule, xmlDoc& document, bool xml,
                                     JsonWriter& json) {
    const XPathContext context(xmlXPathNewContext(&document));
    if (!context) return fail(Code::internal, "libxml2 did not start");
    const XPathExpression expression = compile(*context, xml ? rule.xml_xpath : rule.html_xpath);
    if (!expression) return fail(Code::invalid, rule.name + ": it is no XPath");
    context->opCount = 0;
    const XPathObject found(xmlXPathCompiledEval(expression.get(), context.get()));
    if (!found) {
        const bool steps = context->opCount >= context->opLimit;
        return fail(steps ? Code::exhausted : Code::invalid,
                    rule.name + (steps ? ": it takes too many steps on this page"
                                       : ": it cannot be evaluated"));
    }
    json.key(rule.name);
    if (rule.all) json.begin_array();
    std::size_t written = 0;
    const std::size_t wanted = rule.all ? extract_matches_max : 1;
    if (found->type == XPATH_NODESET) {
        xmlNodeSet* nodes = found->nodesetval;
        if (nodes != nullptr) xmlXPathNodeSetSort(nodes);
        const int count = nodes == nullptr ? 0 : nodes->nodeNr;
        for (int i = 0; i < count && written < wanted; ++i) {
            if (put_node(rule.attribute, rule.take, document, *nodes->nodeTab[i], xml, json))
                ++written;
        }
    } else {
        ++written;
        if (found->type == XPATH_BOOLEAN)
            json.boolean(found->boolval != 0);
        else if (found->type == XPATH_NUMBER)
            json.number(found->floatval);
        else
            json.string(collapsed(view_of(found->stringval)));
    }
    if (rule.all)
        json.end_array();
    else if (written == 0)
        json.null();
    return {};
}

ExtractRules::ExtractRules(std::unique_ptr<const Compiled> compiled)
    : compiled_(std::move(compiled)) {}
ExtractRules::ExtractRules(ExtractRules&&) noexcept = default;
ExtractRules& ExtractRules::operator=(ExtractRules&&) noexcept = default;
ExtractRules::~ExtractRules() = default;

Result<ExtractRules> ExtractRules::parse(const std::vector<std::string>& rules) {
    if (rules.size() > extract_rules_max)
        return fail(Code::exhausted,
                    "there may be " + std::to_string(extract_rules_max) + " rules of extraction");
    auto compiled = std::make_unique<Compiled>();
    for (const std::string& text : rules) {
        auto rule = Compiled::parse(text);
        if (!rule)
            return fail(rule.error().code, "the rule \"" + std::string(truncate_utf8(text, 200)) +
                                               "\": " + rule.error().message);
        compiled->rules.push_back(*std::move(rule));
    }
    return ExtractRules(std::move(compiled));
}

bool ExtractRules::matches(std::string_view url) const {
    return std::any_of(compiled_->rules.begin(), compiled_->rules.end(),
                       [&](const auto& rule) { return rule.holds(url); });
}

std::size_t ExtractRules::size() const { return compiled_->rules.size(); }

Result<std::string> ExtractRules::extract(const ExtractPage& page) const {
    if (!matches(page.url)) return std::string();
    begin_library();
    auto text = text_of(page);
    if (!text) return std::move(text).error();
    const Document document = page.xml ? read_xml(*text) : read_html(*text);
    if (!document) return fail(Code::invalid, "no document can be read from it");
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    std::unordered_set<std::string_view> written;
    for (const Compiled::Rule& rule : compiled_->rules) {
        if (!rule.holds(page.url) || !written.insert(rule.name).second) continue;
        Status status = Compiled::apply(rule, *document, page.xml, json);
        if (!status) return std::move(status).error();
        if (out.size() > extract_result_bytes_max)
            return fail(Code::exhausted, "what is extracted has more than " +
                                             std::to_string(extract_result_bytes_max) + " bytes");
    }
    json.end_object();
    return out;
}

}  // namespace sluice::crawl
