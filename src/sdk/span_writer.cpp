// SPDX-License-Identifier: Apache-2.0
#include "sdk/span_writer.h"

#include "kernel/wire/json_text.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace sluice::sdk {

namespace {

void put_value(JsonWriter& json, const SpanValue& value) {
    json.begin_object();
    if (const auto* text = std::get_if<std::string>(&value)) {
        json.key("stringValue").string(*text);
    } else if (const auto* whole = std::get_if<std::int64_t>(&value)) {
        json.key("intValue").string(std::to_string(*whole));  // 64-bit numbers are texts there
    } else if (const auto* number = std::get_if<double>(&value)) {
        json.key("doubleValue").number(*number);
    } else if (const auto* flag = std::get_if<bool>(&value)) {
        json.key("boolValue").boolean(*flag);
    }
    json.end_object();
}

void put_attribute(JsonWriter& json, std::string_view key, const SpanValue& value) {
    json.begin_object().key("key").string(key).key("value");
    put_value(json, value);
    json.end_object();
}

void put_time(JsonWriter& json, std::string_view key, WallTime time) {
    json.key(key).string(std::to_string(to_ns(time)));
}

void put_span(JsonWriter& json, const SpanRecord& span) {
    json.begin_object();
    json.key("traceId").string(trace_id_text(span.context));
    json.key("spanId").string(span_id_text(span.context));
    if (!span.context.state.empty()) json.key("traceState").string(span.context.state);
    if (!span.parent_span_id.empty()) json.key("parentSpanId").string(span.parent_span_id);
    json.key("flags").integer((span.context.sampled ? 1 : 0) | (span.context.random ? 2 : 0));
    json.key("name").string(span.name);
    json.key("kind").integer(static_cast<int>(span.kind));
    put_time(json, "startTimeUnixNano", span.start);
    put_time(json, "endTimeUnixNano", span.end);
    json.key("attributes").begin_array();
    for (const auto& [key, value] : span.attributes) put_attribute(json, key, value);
    json.end_array();
    if (span.dropped_attributes > 0) {
        json.key("droppedAttributesCount").integer(span.dropped_attributes);
    }
    if (!span.events.empty()) json.key("events").begin_array();
    for (const SpanEvent& event : span.events) {
        json.begin_object();
        put_time(json, "timeUnixNano", event.at);
        json.key("name").string(event.name).end_object();
    }
    if (!span.events.empty()) json.end_array();
    if (span.dropped_events > 0) json.key("droppedEventsCount").integer(span.dropped_events);
    json.key("status").begin_object();
    // 1 is Ok, 2 is Error.
    json.key("code").integer(span.failed ? 2 : 1);
    if (span.failed) json.key("message").string(span.message);
    json.end_object().end_object();
}

}  // namespace

std::string span_line(const SpanRecord& span, std::string_view service) {
    std::string line;
    JsonWriter json(line);
    json.begin_object().key("resourceSpans").begin_array().begin_object();
    json.key("resource").begin_object().key("attributes").begin_array();
    put_attribute(json, "service.name", std::string(service));
    json.end_array().end_object();
    json.key("scopeSpans").begin_array().begin_object();
    json.key("scope").begin_object().key("name").string("sluice").end_object();
    json.key("spans").begin_array();
    put_span(json, span);
    json.end_array().end_object().end_array().end_object().end_array().end_object();
    return line;
}

Result<std::unique_ptr<SpanFile>> SpanFile::open(const std::string& path, std::string service) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) return fail(Code::io, path + ": " + std::strerror(errno));
    return std::unique_ptr<SpanFile>(new SpanFile(descriptor, std::move(service)));
}

SpanFile::~SpanFile() { ::close(descriptor_); }

void SpanFile::export_span(const SpanRecord& span) {
    const std::string line = span_line(span, service_) + '\n';
    ssize_t written = -1;
    do {
        written = ::write(descriptor_, line.data(), line.size());
    } while (written < 0 && errno == EINTR);
    if (written != static_cast<ssize_t>(line.size())) {
        lost_.fetch_add(1, std::memory_order_relaxed);
    }
}

}  // namespace sluice::sdk
