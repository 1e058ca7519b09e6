// SPDX-License-Identifier: Apache-2.0
// SpanFile: spans as lines of JSON in a file, each line a whole OpenTelemetry "TracesData" in its
// JSON encoding (OTLP file exporter specification), so that collectors read it as it is.
#pragma once

#include "kernel/base/result.h"
#include "sdk/tracer.h"

#include <atomic>
#include <cstdint>
#include <string>

namespace sluice::sdk {

/// The span as one line without its end.
std::string span_line(const SpanRecord& span, std::string_view service);

/// Appends to a file. Every line is one write, so several threads and processes may share a file.
class SpanFile final : public SpanExporter {
public:
    /// Makes the file if it is not there. `service` is the name of the program ("service.name").
    /// Errors: io.
    static Result<std::unique_ptr<SpanFile>> open(const std::string& path, std::string service);
    ~SpanFile() override;
    SpanFile(const SpanFile&) = delete;
    SpanFile& operator=(const SpanFile&) = delete;

    void export_span(const SpanRecord& span) override;
    /// Spans that could not be written, as the disk was full or the like.
    [[nodiscard]] std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

private:
    SpanFile(int descriptor, std::string service)
        : descriptor_(descriptor), service_(std::move(service)) {}

    int descriptor_;
    std::string service_;
    std::atomic<std::uint64_t> lost_{0};
};

}  // namespace sluice::sdk
