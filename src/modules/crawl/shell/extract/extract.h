// SPDX-License-Identifier: Apache-2.0
// What a user wants out of pages, as CSS selectors and XPath: rules, and the JSON that they make of
// a page. Reads with libxml2, without network, files or entities; what a page can cost is bounded
// by its size and by steps, not by time, so that the same page always gives the same.
#pragma once

#include "kernel/base/result.h"
#include "modules/crawl/shell/extract/css_selector.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

inline constexpr std::size_t extract_rules_max = 64;
inline constexpr std::size_t extract_rule_bytes_max = 2'000;
inline constexpr std::size_t extract_body_max = 4U << 20U;          ///< of a page, as UTF-8
inline constexpr std::size_t extract_matches_max = 1'000;           ///< of one rule on one page
inline constexpr std::size_t extract_value_bytes_max = 64U << 10U;  ///< of one value; cut
inline constexpr std::size_t extract_result_bytes_max = 1U << 20U;  ///< of one page's JSON
inline constexpr unsigned long extract_steps_max = 5'000'000;       ///< of XPath, of one rule

/// A page to be read.
struct ExtractPage {
    std::string_view url;
    std::string_view body;      ///< content coding undone
    std::string_view encoding;  ///< its label; empty or unknown: UTF-8
    bool xml = false;           ///< read as XML; else as HTML
};

/// Immutable; any number of threads may use it at once.
class ExtractRules {
public:
    /// Each is "NAME=css:SELECTOR" or "NAME=xpath:EXPRESSION"; "NAME[]=…" takes all that match, not
    /// the first; "url~PATTERN NAME=…" holds for URLs in which RE2 finds the pattern (without
    /// blanks). A name has letters, digits, "_", "-" and "."; of several rules with one name the
    /// first that holds for a URL counts. Errors: invalid (says which rule and where), exhausted.
    static Result<ExtractRules> parse(const std::vector<std::string>& rules);

    ExtractRules(ExtractRules&& other) noexcept;
    ExtractRules& operator=(ExtractRules&& other) noexcept;
    ~ExtractRules();

    /// Does any rule hold for this URL?
    [[nodiscard]] bool matches(std::string_view url) const;
    [[nodiscard]] std::size_t size() const;

    /// A JSON object with a member for each rule that holds: a string (white space collapsed), a
    /// number or a boolean as XPath says, null if nothing matches; with "[]" an array. Empty if no
    /// rule holds. Errors: exhausted (page, result or steps), invalid (no document can be read).
    [[nodiscard]] Result<std::string> extract(const ExtractPage& page) const;

private:
    struct Compiled;
    explicit ExtractRules(std::unique_ptr<const Compiled> compiled);
    std::unique_ptr<const Compiled> compiled_;
};

}  // namespace sluice::crawl
