// SPDX-License-Identifier: Apache-2.0
// What a scrape takes out of a page: names, selectors, and what is done to the texts found.
#pragma once

#include "kernel/base/result.h"
#include "kernel/wire/json_reader.h"
#include "modules/crawl/shell/extract/extract.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

/// Immutable; any number of threads may use it at once.
class ScrapeFields {
public:
    /// `{"title": "h1", "prices": {"css": ".price", "all": true, "pattern": "([0-9.,]+)", "as":
    /// "number"}, "next": {"xpath": "//a[@rel='next']/@href"}}`. A text is a CSS selector, or one
    /// with "css:" or "xpath:" before it. `urls`: a pattern of RE2, without blanks, of the URLs
    /// that it is for; empty: all. Errors: invalid (names the field), exhausted (too many).
    static Result<ScrapeFields> parse(JsonView object, std::string_view urls);
    ScrapeFields(ScrapeFields&&) noexcept;
    ScrapeFields& operator=(ScrapeFields&&) noexcept;
    ~ScrapeFields();

    [[nodiscard]] const ExtractRules& rules() const;
    /// What the rules found, with patterns and numbers applied. `found` is a JSON object.
    [[nodiscard]] std::string clean(const std::string& found) const;

private:
    struct Parts;
    explicit ScrapeFields(std::unique_ptr<const Parts> parts);
    std::unique_ptr<const Parts> parts_;
};

}  // namespace sluice::crawl
