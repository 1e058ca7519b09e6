// SPDX-License-Identifier: Apache-2.0
#include "sdk/tracer.h"

#include "kernel/base/text.h"
#include "kernel/sync/clock.h"

#include <algorithm>

namespace sluice::sdk {

namespace {

/// The wall clock as it was once, going on with the monotonic one: spans never end before they
/// began.
std::function<WallTime()> steady_wall_clock() {
    return
        [wall = wall_now(), begin = monotonic_now()] { return wall + (monotonic_now() - begin); };
}

std::string cut(std::string_view text) {
    return std::string(truncate_utf8(text, span_text_bytes_max));
}

/// Uniform in [0, 1), from the last seven bytes of the trace id: everybody who decides by them
/// decides alike.
double share_of(const TraceContext& context) {
    double share = 0;
    for (std::size_t i = context.trace_id.size(); i-- > context.trace_id.size() - 7;) {
        share = (share + context.trace_id[i]) / 256.0;
    }
    return share;
}

}  // namespace

Tracer::Tracer(SpanExporter& exporter, TracerOptions options)
    : exporter_(exporter),
      sampled_(std::clamp(options.sampled, 0.0, 1.0)),
      now_(options.now ? std::move(options.now) : steady_wall_clock()) {}

Span Tracer::begin(TraceContext context, std::string parent, std::string_view name,
                   SpanKind kind) const {
    std::unique_ptr<SpanRecord> record;
    if (context.sampled) {
        record = std::make_unique<SpanRecord>();
        record->context = context;
        record->parent_span_id = std::move(parent);
        record->name = cut(name);
        record->kind = kind;
        record->start = now_();
    }
    return {*this, std::move(context), std::move(record)};
}

Span Tracer::root(std::string_view name, SpanKind kind) const {
    TraceContext context = new_trace();
    context.sampled = share_of(context) < sampled_;
    return begin(std::move(context), {}, name, kind);
}

Span Tracer::child(const TraceContext& parent, std::string_view name, SpanKind kind) const {
    return begin(child_of(parent), span_id_text(parent), name, kind);
}

void Span::put(std::string_view key, SpanValue value) {
    if (!record_) return;
    auto& attributes = record_->attributes;
    const auto same = std::find_if(attributes.begin(), attributes.end(),
                                   [key](const auto& one) { return one.first == key; });
    if (same != attributes.end()) {
        same->second = std::move(value);
    } else if (attributes.size() < span_attributes_max) {
        attributes.emplace_back(cut(key), std::move(value));
    } else {
        ++record_->dropped_attributes;
    }
}

void Span::set(std::string_view key, std::string_view value) { put(key, cut(value)); }
void Span::set(std::string_view key, std::int64_t value) { put(key, value); }
void Span::set(std::string_view key, double value) { put(key, value); }
void Span::set(std::string_view key, bool value) { put(key, value); }

void Span::event(std::string_view name) {
    if (!record_) return;
    if (record_->events.size() < span_events_max) {
        record_->events.push_back({.name = cut(name), .at = tracer_->now_()});
    } else {
        ++record_->dropped_events;
    }
}

void Span::fail(std::string_view type, std::string_view message) {
    if (!record_) return;
    put("error.type", cut(type));
    record_->failed = true;
    record_->message = cut(message);
}

Span Span::child(std::string_view name, SpanKind kind) const {
    return tracer_->child(context_, name, kind);
}

void Span::end() {
    if (!record_) return;
    record_->end = tracer_->now_();
    tracer_->exporter_.export_span(*record_);
    record_.reset();
}

}  // namespace sluice::sdk
