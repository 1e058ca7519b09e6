// SPDX-License-Identifier: Apache-2.0
// Spans: what a program did in a trace, from when to when. A Tracer makes them, a SpanExporter
// takes them when they end. Where they go is the exporter's business (span_writer.h: a file).
#pragma once

#include "kernel/base/time.h"
#include "sdk/trace_context.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::sdk {

/// What one span keeps; more is counted and left out (the defaults of OpenTelemetry).
inline constexpr std::size_t span_attributes_max = 128;
inline constexpr std::size_t span_events_max = 128;
/// Longer texts are cut.
inline constexpr std::size_t span_text_bytes_max = 4096;

/// The numbers are those of OpenTelemetry.
enum class SpanKind : std::uint8_t { internal = 1, producer = 4, consumer = 5 };

using SpanValue = std::variant<std::string, std::int64_t, double, bool>;

struct SpanEvent {
    std::string name;
    WallTime at;
};

/// A span that has ended.
struct SpanRecord {
    TraceContext context;
    std::string parent_span_id;  ///< hexadecimal; empty: a root
    std::string name;
    SpanKind kind = SpanKind::internal;
    WallTime start;
    WallTime end;
    std::vector<std::pair<std::string, SpanValue>> attributes;
    std::vector<SpanEvent> events;
    bool failed = false;
    std::string message;  ///< of the failure
    std::uint32_t dropped_attributes = 0;
    std::uint32_t dropped_events = 0;
};

/// Takes ended spans. Called from several threads at once, so it keeps no state that is not safe
/// for that; it must be quick and must not throw.
class SpanExporter {
public:
    virtual ~SpanExporter() = default;
    virtual void export_span(const SpanRecord& span) = 0;
};

struct TracerOptions {
    /// The share of new traces that is recorded, 0 to 1. Traces that come from elsewhere are
    /// recorded if they were there.
    double sampled = 1.0;
    /// For spans' times; empty: the machine's clock, which does not jump within a run.
    std::function<WallTime()> now{};
};

class Tracer;

/// A span under way. It ends when end() is called or it is destroyed. One thread.
class Span {
public:
    ~Span() { end(); }
    Span(Span&&) noexcept = default;
    Span& operator=(Span&&) = delete;
    Span(const Span&) = delete;
    Span& operator=(const Span&) = delete;

    /// What is sent on to whoever works for this span.
    [[nodiscard]] const TraceContext& context() const { return context_; }
    void set(std::string_view key, std::string_view value);
    void set(std::string_view key, const char* value) { set(key, std::string_view(value)); }
    void set(std::string_view key, std::int64_t value);
    void set(std::string_view key, int value) { set(key, std::int64_t{value}); }
    void set(std::string_view key, double value);
    void set(std::string_view key, bool value);
    void event(std::string_view name);
    /// `type` is the stable word ("error.type"), `message` is for people.
    void fail(std::string_view type, std::string_view message);
    [[nodiscard]] Span child(std::string_view name, SpanKind kind = SpanKind::internal) const;
    void end();

private:
    friend class Tracer;
    Span(const Tracer& tracer, TraceContext context, std::unique_ptr<SpanRecord> record)
        : tracer_(&tracer), context_(std::move(context)), record_(std::move(record)) {}
    void put(std::string_view key, SpanValue value);

    const Tracer* tracer_;
    TraceContext context_;
    std::unique_ptr<SpanRecord> record_;  ///< null: ended, or not recorded
};

/// Makes spans; any thread. Outlives its spans and is outlived by its exporter.
class Tracer {
public:
    explicit Tracer(SpanExporter& exporter, TracerOptions options = {});
    Tracer(const Tracer&) = delete;
    Tracer& operator=(const Tracer&) = delete;

    /// The first span of a new trace.
    [[nodiscard]] Span root(std::string_view name, SpanKind kind = SpanKind::internal) const;
    [[nodiscard]] Span child(const TraceContext& parent, std::string_view name,
                             SpanKind kind = SpanKind::internal) const;

private:
    friend class Span;
    [[nodiscard]] Span begin(TraceContext context, std::string parent, std::string_view name,
                             SpanKind kind) const;

    SpanExporter& exporter_;
    double sampled_;
    std::function<WallTime()> now_;
};

}  // namespace sluice::sdk
