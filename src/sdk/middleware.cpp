// SPDX-License-Identifier: Apache-2.0
#include "sdk/middleware.h"

#include "kernel/base/text.h"
#include "kernel/sync/clock.h"
#include "sdk/error_codes.h"
#include "sdk/protocol/request.h"

#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <typeinfo>

#include <cxxabi.h>

namespace sluice::sdk {

namespace {

/// The type of the exception in hand as people write it.
std::string thrown_type() {
    const std::type_info* type = abi::__cxa_current_exception_type();
    if (type == nullptr) return "Exception";
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> name(
        abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), &std::free);
    return std::string(
        truncate_utf8(status == 0 && name ? name.get() : type->name(), errtype_bytes_max));
}

std::string_view outcome_word(const Outcome& outcome) {
    return std::holds_alternative<Failure>(outcome) ? "failed" : "succeeded";
}

/// Puts the span into the context while the handler runs.
class SpanInPlace {
public:
    SpanInPlace(JobContext& context, Span& span) : context_(context), before_(context.span()) {
        context.set_span(&span);
    }
    ~SpanInPlace() { context_.set_span(before_); }
    SpanInPlace(const SpanInPlace&) = delete;
    SpanInPlace& operator=(const SpanInPlace&) = delete;

private:
    JobContext& context_;
    Span* before_;
};

/// The names are those of OpenTelemetry's conventions for messaging.
void describe(Span& span, const Delivery& job) {
    span.set("messaging.system", "sluice");
    span.set("messaging.operation.type", "process");
    span.set("messaging.destination.name", job.queue);
    span.set("messaging.message.id", job.jid);
    span.set("sluice.job.type", job.type);
    span.set("sluice.job.attempt", job.attempt);
}

}  // namespace

Outcome call_guarded(const Handler& handler, JobContext& context) {
    try {
        return handler(context);
    } catch (const std::exception& thrown) {
        return Failure{.errtype = thrown_type(), .message = thrown.what()};
    } catch (...) {
        return Failure{.errtype = thrown_type(), .message = "the handler threw it"};
    }
}

Handler with_middleware(Handler handler, std::span<const Middleware> middleware) {
    for (std::size_t i = middleware.size(); i-- > 0;) {
        const Handler guarded = [inner = std::move(handler)](JobContext& context) {
            return call_guarded(inner, context);
        };
        handler = [around = middleware[i], guarded](JobContext& context) {
            return around(context, guarded);
        };
    }
    return handler;
}

Middleware log_jobs(std::function<void(std::string_view)> say) {
    return [say = std::move(say)](JobContext& context, const Handler& next) {
        const Instant begin = monotonic_now();
        Outcome outcome = next(context);
        const auto took = std::chrono::round<std::chrono::microseconds>(monotonic_now() - begin);
        const Delivery& job = context.job();
        std::string line = job.type + ' ' + job.jid + ' ' + std::string(outcome_word(outcome)) +
                           " in " + format_duration(took) + ", attempt " +
                           std::to_string(job.attempt);
        if (const auto* failure = std::get_if<Failure>(&outcome)) {
            line += ": " + text_of(error_code(*failure)) + ' ' + failure->errtype + ": " +
                    failure->message;
        }
        say(line);
        return outcome;
    };
}

Middleware trace_jobs(const Tracer& tracer) {
    return [&tracer](JobContext& context, const Handler& next) {
        const Delivery& job = context.job();
        const std::string name = "process " + job.type;
        const auto parent = trace_of_custom(job.custom);
        Span span = parent ? tracer.child(*parent, name, SpanKind::consumer)
                           : tracer.root(name, SpanKind::consumer);
        describe(span, job);
        const SpanInPlace in_place(context, span);
        Outcome outcome = next(context);
        if (const auto* failure = std::get_if<Failure>(&outcome)) {
            span.fail(failure->errtype, failure->message);
            span.set("sluice.error.code", text_of(error_code(*failure)));
        }
        return outcome;
    };
}

void pass_trace_on(const JobContext& context, std::span<JobSpec> jobs) {
    std::optional<TraceContext> trace;
    if (const Span* span = context.span()) {
        trace = span->context();
    } else {
        trace = trace_of_custom(context.job().custom);
    }
    if (!trace) return;
    for (JobSpec& job : jobs) {
        if (!job.trace) job.trace = trace;
    }
}

Status HandlerSet::add(std::string name, HandlerEntry entry) {
    if (name.empty() || !entry.run) {
        return fail(Code::invalid, "a job type needs a name and a handler");
    }
    const auto [at, added] = handlers_.try_emplace(std::move(name), std::move(entry));
    if (!added) return fail(Code::exists, "the job type \"" + at->first + "\" is there already");
    return {};
}

void HandlerSet::use(Middleware middleware) {
    if (middleware) {
        middleware_.push_back(std::move(middleware));
    } else if (status_) {
        status_ = fail(Code::invalid, "an empty middleware");
    }
}

void HandlerSet::handle(std::string name, HandlerEntry entry) {
    Status added = add(std::move(name), std::move(entry));
    if (status_) status_ = std::move(added);
}

Result<HandlerTable> HandlerSet::finish() const {
    SLUICE_TRY_STATUS(status_);
    HandlerTable out;
    for (const auto& [name, entry] : handlers_) {
        out.emplace(name, HandlerEntry{.run = with_middleware(entry.run, middleware_),
                                       .terms = entry.terms});
    }
    return out;
}

}  // namespace sluice::sdk
