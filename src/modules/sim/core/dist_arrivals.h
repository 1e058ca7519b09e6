// SPDX-License-Identifier: Apache-2.0
// ArrivalProcess: when things arrive, as a description that scenarios hold; Arrivals: one
// realisation of it, which draws from its own Stream.
#pragma once

#include "modules/sim/core/dist.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice::sim {

/// One state of a Markov-modulated Poisson process.
struct BurstState {
    double rate = 0;                    ///< Arrivals a second while in it; 0 is silence.
    Duration mean_stay{1'000'000'000};  ///< The stay is exponential.
};

/// One corner of a rate curve.
struct RatePoint {
    Duration from{0};  ///< Since the start of the period.
    double rate = 0;   ///< Arrivals a second from there to the next point.
};

/// How a curve goes from one point to the next.
enum class CurveShape { steps, linear };

/// A description of arrivals; a value. The factories refuse what has no meaning: Errors: invalid.
class ArrivalProcess {
public:
    static constexpr double rate_max = 1e9;
    static constexpr std::size_t points_max = 100'000;
    static constexpr std::size_t trace_max = 100'000'000;

    /// Nothing ever arrives.
    ArrivalProcess() = default;
    /// `rate` arrivals a second; 0 means never.
    static Result<ArrivalProcess> poisson(double rate);
    /// One after each `interval`, the first after one interval.
    static Result<ArrivalProcess> constant(Duration interval);
    /// Independent gaps (mean above 0).
    static Result<ArrivalProcess> renewal(Distribution gap);
    /// Markov-modulated Poisson (bursts): stays in the states in turn, from the last to the first.
    /// The realisation begins in a state drawn by its share of time.
    static Result<ArrivalProcess> bursts(std::vector<BurstState> states);
    /// Poisson with a rate that follows a curve, repeated each `period`. Points ascend and begin at
    /// 0; with CurveShape::linear the last leads to the first.
    static Result<ArrivalProcess> curve(std::vector<RatePoint> points, Duration period = 24h,
                                        CurveShape shape = CurveShape::steps);
    /// At these times since the start (ascending; equal ones allowed), then never again.
    static Result<ArrivalProcess> trace(std::vector<Duration> times);

    /// The kind as the word used in scenarios: never, poisson, constant, renewal, bursts, curve,
    /// trace.
    [[nodiscard]] std::string_view name() const;
    /// Arrivals a second in the long run; of a trace, up to its last arrival.
    [[nodiscard]] double mean_rate() const;
    /// The greatest rate it ever has (poisson, bursts, curve); otherwise mean_rate().
    [[nodiscard]] double peak_rate() const;
    /// Seconds into the run → rate, of a curve; otherwise mean_rate().
    [[nodiscard]] double rate_at(Duration time) const;
    /// For people: "poisson, 2.4/s".
    [[nodiscard]] std::string text() const;
    /// The same with every rate times `factor` (above 0; a trace is squeezed in time).
    [[nodiscard]] ArrivalProcess scaled(double factor) const;

private:
    friend class Arrivals;

    struct Never {};
    struct Poisson {
        double rate;
        Distribution gap;
    };
    struct Constant {
        Duration interval;
    };
    struct Renewal {
        Distribution gap;
    };
    struct Bursts {
        std::vector<BurstState> states;
    };
    struct Curve {
        std::vector<RatePoint> points;
        Duration period;
        CurveShape shape;
        double peak;

        [[nodiscard]] double rate_at(Duration time) const;
        [[nodiscard]] double mean_rate() const;
    };
    struct Trace {
        std::shared_ptr<const std::vector<Duration>> times;
    };
    std::variant<Never, Poisson, Constant, Renewal, Bursts, Curve, Trace> form_;
};

/// One realisation of a process: the times of its arrivals, one after the other. Holds a copy of
/// the description (a trace is shared, not copied).
class Arrivals {
public:
    Arrivals(ArrivalProcess process, Stream stream);

    /// What next_or_never() gives when no more comes.
    static constexpr Duration never = Duration::max();

    /// Time of the next arrival since the start of the run, not before the one given last; `never`
    /// when no more comes (the end of a trace, or past 100 years).
    Duration next_or_never() {
        // The commonest kind is decided here, where the compiler can see it into the caller's loop.
        if (const auto* poisson = std::get_if<ArrivalProcess::Poisson>(&process_.form_)) {
            now_ += poisson->gap.sample(stream_);
            return ended() ? never : now_;
        }
        return next_other();
    }
    /// The same; nothing when no more comes.
    std::optional<Duration> next() {
        const Duration at = next_or_never();
        return at == never ? std::nullopt : std::optional(at);
    }

private:
    static constexpr Duration end{3'155'760'000'000'000'000};  // 100 years

    [[nodiscard]] bool ended() const { return now_ >= end; }
    Duration next_other();
    void draw_first_state();
    void next_burst(const ArrivalProcess::Bursts& bursts);
    void next_on_curve(const ArrivalProcess::Curve& curve);

    ArrivalProcess process_;
    Stream stream_;
    Duration now_{0};
    std::size_t place_ = 0;    ///< State of the bursts, or index into the trace.
    Duration state_until_{0};  ///< Of the bursts.
};

}  // namespace sluice::sim
