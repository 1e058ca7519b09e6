// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/sitemap/sitemap.h"

#include "kernel/base/ascii.h"
#include "modules/crawl/core/sitemap/markup.h"
#include "modules/crawl/core/text/text_decoder.h"
#include "modules/crawl/core/unpack/unpack.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace sluice::crawl {

namespace {

/// Enough to see the encoding of an XML declaration.
constexpr std::size_t sniff_bytes = 1024;

ChangeFrequency frequency_of(std::string_view text) {
    constexpr std::array<std::string_view, 8> words = {"",       "always",  "hourly", "daily",
                                                       "weekly", "monthly", "yearly", "never"};
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (equals_ignoring_case(text, words[i])) return static_cast<ChangeFrequency>(i);
    }
    return ChangeFrequency::unknown;
}

std::optional<float> priority_of(std::string_view text) {
    float out = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (!(out >= 0.0F && out <= 1.0F)) return std::nullopt;
    return out;
}

bool is_http_url(std::string_view text) {
    return starts_with_ignoring_case(text, "http://") ||
           starts_with_ignoring_case(text, "https://");
}

struct Root {
    std::string_view name;
    std::string_view entry;
    SitemapKind kind;
};
constexpr std::array roots = {
    Root{"urlset", "url", SitemapKind::urls}, Root{"sitemapindex", "sitemap", SitemapKind::index},
    Root{"rss", "item", SitemapKind::rss}, Root{"rdf", "item", SitemapKind::rss},
    Root{"feed", "entry", SitemapKind::atom}};

/// The encoding that bytes say they are in: byte order mark, then the XML declaration.
Encoding sniff(std::string_view bytes) {
    if (const auto mark = find_byte_order_mark(bytes)) return mark->encoding;
    using namespace std::string_view_literals;
    if (bytes.starts_with("<\0?\0"sv)) return Encoding::utf_16le;
    if (bytes.starts_with("\0<\0?"sv)) return Encoding::utf_16be;
    if (!bytes.starts_with("<?xml")) return Encoding::utf_8;
    const std::string_view head = bytes.substr(0, bytes.find('>'));
    std::size_t at = head.find("encoding");
    if (at == std::string_view::npos) return Encoding::utf_8;
    at = head.find_first_of("\"'", at);
    if (at == std::string_view::npos) return Encoding::utf_8;
    const std::string_view label = head.substr(at + 1, head.find(head[at], at + 1) - at - 1);
    const Encoding named = encoding_of_label(label).value_or(Encoding::utf_8);
    // It could be read as ASCII, so it is none of these.
    const bool is_wide = named == Encoding::utf_16be || named == Encoding::utf_16le ||
                         named == Encoding::replacement;
    return is_wide ? Encoding::utf_8 : named;
}

/// The elements of a file become entries.
class EntryBuilder final : public MarkupSink {
public:
    EntryBuilder(SitemapReader::Sink sink, const SitemapLimits& limits)
        : sink_(std::move(sink)), limits_(limits) {}

    Status begin(std::string_view name, const std::vector<MarkupAttribute>& attributes) override {
        if (stack_.size() >= limits_.depth_max) {
            return fail(Code::exhausted, "the elements of the sitemap lie too deep");
        }
        const std::string lower = ascii_lowered(name);
        if (stack_.empty()) SLUICE_TRY_STATUS(take_root(lower));
        stack_.push_back(lower);
        value_.clear();
        value_too_long_ = false;
        if (entry_depth_ == 0 && lower == root_.entry) {
            entry_depth_ = stack_.size();
            entry_ = {};
            is_good_ = true;
            has_loc_ = false;
        } else if (entry_depth_ > 0 && lower == "link") {
            take_link(attributes);
        }
        return {};
    }

    Status end(std::string_view name) override {
        const std::string lower = ascii_lowered(name);
        const auto found = std::find(stack_.rbegin(), stack_.rend(), lower);
        if (found == stack_.rend()) return {};
        // What somebody forgot to close ends here as well.
        const auto keep = static_cast<std::size_t>(stack_.rend() - found) - 1;
        Status status;
        while (status && stack_.size() > keep) {
            if (entry_depth_ > 0 && stack_.size() == entry_depth_) {
                // Some files have the URL of an entry without an element of its own.
                if (entry_.url.empty() && !value_too_long_) take_bare_url(trim_ascii(value_));
                entry_depth_ = 0;
                status = give();
            } else if (entry_depth_ > 0 && !value_too_long_) {
                take_value(trim_ascii(value_));
            } else if (entry_depth_ > 0 && is_url_element()) {
                is_good_ = false;
            }
            stack_.pop_back();
            value_.clear();
            value_too_long_ = false;
        }
        return status;
    }

    void text(std::string_view part) override {
        if (entry_depth_ == 0) return;
        if (value_.empty()) {
            while (!part.empty() && is_ascii_space(part.front())) part.remove_prefix(1);
        }
        value_too_long_ = value_too_long_ || value_.size() + part.size() > limits_.value_bytes_max;
        if (!value_too_long_) value_ += part;
    }

    /// A line of a text file.
    Status take_line(std::string_view line) {
        line = trim_ascii(line);
        if (!is_http_url(line) || line.size() > limits_.value_bytes_max) return {};
        entry_ = {};
        entry_.url = line;
        is_good_ = true;
        return give();
    }

    [[nodiscard]] SitemapKind kind() const { return kind_; }
    void set_kind(SitemapKind kind) { kind_ = kind; }
    [[nodiscard]] std::size_t count() const { return count_; }

private:
    Status take_root(const std::string& name) {
        for (const Root& root : roots) {
            if (name != root.name) continue;
            // Some files have several roots in a row; the first one says what they are.
            if (kind_ == SitemapKind::unknown) {
                root_ = root;
                kind_ = root.kind;
            }
            return {};
        }
        if (kind_ != SitemapKind::unknown) return {};
        return fail(Code::invalid, "this is no sitemap: its first element is " + name);
    }

    [[nodiscard]] bool is_direct() const { return stack_.size() == entry_depth_ + 1; }
    [[nodiscard]] std::string_view parent() const {
        return stack_.size() >= 2 ? std::string_view(stack_[stack_.size() - 2]) : "";
    }
    [[nodiscard]] bool is_url_element() const {
        return is_direct() && (stack_.back() == "loc" || stack_.back() == "link");
    }

    /// Atom's links and the alternates of sitemaps have their URL in an attribute.
    void take_link(const std::vector<MarkupAttribute>& attributes) {
        std::string_view rel = "alternate";
        std::string url;
        std::string language;
        for (const MarkupAttribute& attribute : attributes) {
            if (attribute.name == "rel") rel = attribute.value;
            if (attribute.name == "href") url = trim_ascii(attribute.value);
            if (attribute.name == "hreflang") language = attribute.value;
        }
        if (url.empty() || url.size() > limits_.value_bytes_max) return;
        if (!equals_ignoring_case(rel, "alternate")) return;
        if (kind_ == SitemapKind::atom) {
            if (entry_.url.empty()) entry_.url = std::move(url);
        } else if (entry_.alternates.size() < limits_.parts_max) {
            entry_.alternates.push_back({std::move(language), std::move(url)});
        }
    }

    void take_value(std::string_view value) {
        const std::string_view name = stack_.back();
        if (value.empty()) return;
        if (is_direct()) {
            take_direct(name, value);
        } else if (parent() == "image" && name == "loc") {
            add(entry_.images, value);
        } else if (parent() == "video" && (name == "content_loc" || name == "player_loc")) {
            add(entry_.videos, value);
        } else if (parent() == "news" && name == "title") {
            entry_.news_title = value;
        } else if (parent() == "news" && name == "publication_date") {
            if (const auto date = parse_sitemap_date(value)) entry_.news_date = *date;
        }
    }

    void take_direct(std::string_view name, std::string_view value) {
        const bool feed = kind_ == SitemapKind::rss || kind_ == SitemapKind::atom;
        if ((name == "loc" && !feed) || (name == "link" && kind_ == SitemapKind::rss)) {
            // The first one counts, but a link before any guid.
            if (!has_loc_) entry_.url = value;
            has_loc_ = true;
        } else if (name == "guid" && kind_ == SitemapKind::rss) {
            if (entry_.url.empty()) take_bare_url(value);
        } else if (name == "lastmod" || name == "updated" || name == "pubdate" || name == "date" ||
                   (name == "published" && !entry_.last_modified)) {
            if (const auto date = parse_sitemap_date(value)) entry_.last_modified = *date;
        } else if (name == "changefreq") {
            entry_.change_frequency = frequency_of(value);
        } else if (name == "priority") {
            entry_.priority = priority_of(value);
        }
    }

    void take_bare_url(std::string_view value) {
        if (is_http_url(value)) entry_.url = value;
    }

    void add(std::vector<std::string>& list, std::string_view value) const {
        if (list.size() < limits_.parts_max) list.emplace_back(value);
    }

    Status give() {
        if (entry_.url.empty() || !is_good_) return {};
        if (count_ >= limits_.entries_max) {
            return fail(Code::exhausted, "the sitemap has too many entries");
        }
        ++count_;
        sink_(std::move(entry_));
        entry_ = {};
        return {};
    }

    SitemapReader::Sink sink_;
    SitemapLimits limits_;
    SitemapKind kind_ = SitemapKind::unknown;
    Root root_{};
    std::vector<std::string> stack_;
    std::size_t entry_depth_ = 0;  ///< Of the entry's element; 0: in none.
    SitemapEntry entry_;
    std::string value_;
    bool value_too_long_ = false;
    bool is_good_ = true;
    bool has_loc_ = false;
    std::size_t count_ = 0;
};

}  // namespace

std::string_view to_string(SitemapKind kind) {
    switch (kind) {
        case SitemapKind::unknown: return "unknown";
        case SitemapKind::urls: return "urls";
        case SitemapKind::index: return "index";
        case SitemapKind::text: return "text";
        case SitemapKind::rss: return "rss";
        case SitemapKind::atom: return "atom";
    }
    return {};
}

/// Bytes → unpacked → UTF-8 → lines or markup.
class SitemapReader::Body {
public:
    Body(Sink sink, const SitemapLimits& limits)
        : builder(std::move(sink), limits), limits_(limits), scanner_(builder) {}

    Status feed(std::string_view bytes) {
        if (!failed_) return failed_;
        failed_ = take(bytes);
        return failed_;
    }

    Status finish() {
        if (!failed_) return failed_;
        failed_ = end();
        return failed_;
    }

    EntryBuilder builder;

private:
    Status take(std::string_view bytes) {
        if (!unpacker_) {
            front_ += bytes;
            if (front_.size() < 2) return {};
            start();
            const std::string front = std::exchange(front_, {});
            return unpack_part(front);
        }
        return unpack_part(bytes);
    }

    void start() {
        std::vector<Packing> layers;
        if (looks_like_gzip(front_)) layers.push_back(Packing::gzip);
        unpacker_.emplace(layers, UnpackLimits{.output_bytes_max = limits_.bytes_max});
    }

    Status unpack_part(std::string_view bytes) {
        Status status;
        const Status unpacked = unpacker_->feed(bytes, [&](std::string_view part) {
            if (status) status = take_bytes(part);
        });
        return status ? unpacked : status;
    }

    Status take_bytes(std::string_view bytes) {
        if (decoder_) return decode(bytes);
        head_ += bytes;
        return head_.size() < sniff_bytes ? Status{} : start_text();
    }

    Status start_text() {
        decoder_.emplace(sniff(std::string_view(head_).substr(0, sniff_bytes)));
        const std::string head = std::exchange(head_, {});
        return decode(head);
    }

    Status decode(std::string_view bytes) {
        std::string text;
        SLUICE_TRY_STATUS(decoder_->feed(bytes, text));
        return take_text(text);
    }

    Status take_text(std::string_view text) {
        if (builder.kind() == SitemapKind::text) return take_lines(text);
        if (!is_markup_) {
            while (!text.empty() && is_ascii_space(text.front())) text.remove_prefix(1);
            if (text.empty()) return {};
            is_markup_ = text.front() == '<';
            if (!is_markup_) {
                builder.set_kind(SitemapKind::text);
                return take_lines(text);
            }
        }
        return scanner_.feed(text);
    }

    Status take_lines(std::string_view text) {
        while (true) {
            const std::size_t end = text.find_first_of("\r\n");
            const std::string_view part = text.substr(0, end);
            // One byte more than the limit is enough to know that a line is too long.
            line_ += part.substr(0, limits_.value_bytes_max + 1 -
                                        std::min(line_.size(), limits_.value_bytes_max + 1));
            if (end == std::string_view::npos) return {};
            SLUICE_TRY_STATUS(builder.take_line(line_));
            line_.clear();
            text.remove_prefix(end + 1);
        }
    }

    Status end() {
        if (!unpacker_) {
            start();
            const std::string front = std::exchange(front_, {});
            SLUICE_TRY_STATUS(unpack_part(front));
        }
        // What came is used even if the packing ends too early; the fault is said all the same.
        Status unpacked = unpacker_->finish([](std::string_view) {});
        if (!decoder_) SLUICE_TRY_STATUS(start_text());
        std::string text;
        SLUICE_TRY_STATUS(decoder_->finish(text));
        SLUICE_TRY_STATUS(take_text(text));
        if (builder.kind() == SitemapKind::text) SLUICE_TRY_STATUS(builder.take_line(line_));
        if (!unpacked) return unpacked;
        if (is_markup_) SLUICE_TRY_STATUS(scanner_.finish());
        if (builder.kind() == SitemapKind::unknown)
            return fail(Code::invalid, "this is no sitemap");
        if (builder.kind() == SitemapKind::text && builder.count() == 0) {
            return fail(Code::invalid, "this is no sitemap: no line is a URL");
        }
        return {};
    }

    SitemapLimits limits_;
    MarkupScanner scanner_;
    std::string front_;  ///< Before it is known whether it is gzip.
    std::optional<Unpacker> unpacker_;
    std::string head_;  ///< Before its encoding is known.
    std::optional<TextDecoder> decoder_;
    bool is_markup_ = false;
    std::string line_;
    Status failed_;
};

SitemapReader::SitemapReader(Sink sink, SitemapLimits limits)
    : body_(std::make_unique<Body>(std::move(sink), limits)) {}
SitemapReader::~SitemapReader() = default;

Status SitemapReader::feed(std::string_view bytes) { return body_->feed(bytes); }
Status SitemapReader::finish() { return body_->finish(); }
SitemapKind SitemapReader::kind() const { return body_->builder.kind(); }
std::size_t SitemapReader::entries() const { return body_->builder.count(); }

}  // namespace sluice::crawl
