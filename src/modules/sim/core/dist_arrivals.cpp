// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/dist_arrivals.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace sluice::sim {
namespace {

template <class... F>
struct Overloaded : F... {
    using F::operator()...;
};

bool is_rate(double rate) { return rate >= 0 && rate <= ArrivalProcess::rate_max; }

Error bad_rate(std::string_view kind) {
    return fail(Code::invalid, std::string(kind) + ": rates must be 0 to 1e9 a second");
}

double time_in_all(const std::vector<BurstState>& states) {
    double all = 0;
    for (const BurstState& state : states) all += to_seconds(state.mean_stay);
    return all;
}

}  // namespace

Result<ArrivalProcess> ArrivalProcess::poisson(double rate) {
    if (!is_rate(rate)) return bad_rate("poisson");
    ArrivalProcess made;
    if (rate == 0) return made;
    SLUICE_TRY(auto unit, Distribution::exponential(1s));
    made.form_ = Poisson{rate, unit.scaled(1 / rate)};
    return made;
}

Result<ArrivalProcess> ArrivalProcess::constant(Duration interval) {
    if (interval <= Duration::zero())
        return fail(Code::invalid, "constant: the interval must be above 0");
    ArrivalProcess made;
    made.form_ = Constant{interval};
    return made;
}

Result<ArrivalProcess> ArrivalProcess::renewal(Distribution gap) {
    if (gap.mean() <= Duration::zero())
        return fail(Code::invalid, "renewal: the mean gap must be above 0");
    ArrivalProcess made;
    made.form_ = Renewal{std::move(gap)};
    return made;
}

Result<ArrivalProcess> ArrivalProcess::bursts(std::vector<BurstState> states) {
    if (states.empty() || states.size() > points_max)
        return fail(Code::invalid, "bursts: 1 to 100000 states are wanted");
    for (const BurstState& state : states) {
        if (!is_rate(state.rate)) return bad_rate("bursts");
        if (state.mean_stay <= Duration::zero())
            return fail(Code::invalid, "bursts: the mean stay must be above 0");
    }
    if (std::none_of(states.begin(), states.end(), [](const BurstState& s) { return s.rate > 0; }))
        return fail(Code::invalid, "bursts: one state at least needs a rate above 0");
    ArrivalProcess made;
    made.form_ = Bursts{std::move(states)};
    return made;
}

Result<ArrivalProcess> ArrivalProcess::curve(std::vector<RatePoint> points, Duration period,
                                             CurveShape shape) {
    if (points.empty() || points.size() > points_max || points.front().from != Duration::zero())
        return fail(Code::invalid, "curve: 1 to 100000 points are wanted, the first from 0");
    double peak = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (!is_rate(points[i].rate)) return bad_rate("curve");
        const Duration upto = i + 1 < points.size() ? points[i + 1].from : period;
        if (upto <= points[i].from)
            return fail(Code::invalid, "curve: points must ascend and end before the period");
        peak = std::max(peak, points[i].rate);
    }
    if (peak == 0) return fail(Code::invalid, "curve: one point at least needs a rate above 0");
    ArrivalProcess made;
    made.form_ = Curve{std::move(points), period, shape, peak};
    return made;
}

Result<ArrivalProcess> ArrivalProcess::trace(std::vector<Duration> times) {
    if (times.size() > trace_max) return fail(Code::invalid, "trace: at most 100000000 arrivals");
    if (!std::is_sorted(times.begin(), times.end()) ||
        (!times.empty() && times.front() < Duration::zero()))
        return fail(Code::invalid, "trace: times must be 0 or more and ascend");
    ArrivalProcess made;
    made.form_ = Trace{std::make_shared<const std::vector<Duration>>(std::move(times))};
    return made;
}

std::string_view ArrivalProcess::name() const {
    constexpr std::string_view names[] = {"never",  "poisson", "constant", "renewal",
                                          "bursts", "curve",   "trace"};
    return names[form_.index()];
}

double ArrivalProcess::Curve::rate_at(Duration time) const {
    const Duration within = time % period;
    auto after = std::upper_bound(points.begin(), points.end(), within,
                                  [](Duration t, const RatePoint& p) { return t < p.from; });
    const RatePoint& here = *(after - 1);
    if (shape == CurveShape::steps) return here.rate;
    const bool last = after == points.end();
    const double width = to_seconds((last ? period : after->from) - here.from);
    const double target = last ? points.front().rate : after->rate;
    return here.rate + (target - here.rate) * to_seconds(within - here.from) / width;
}

double ArrivalProcess::Curve::mean_rate() const {
    double arrivals = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const bool last = i + 1 == points.size();
        const RatePoint& next = last ? points.front() : points[i + 1];
        const double width = to_seconds((last ? period : next.from) - points[i].from);
        const double end = shape == CurveShape::steps ? points[i].rate : next.rate;
        arrivals += width * (points[i].rate + end) / 2;
    }
    return arrivals / to_seconds(period);
}

double ArrivalProcess::mean_rate() const {
    return std::visit(
        Overloaded{[](const Never&) { return 0.0; }, [](const Poisson& p) { return p.rate; },
                   [](const Constant& c) { return 1 / to_seconds(c.interval); },
                   [](const Renewal& r) { return 1 / to_seconds(r.gap.mean()); },
                   [](const Bursts& b) {
                       double arrivals = 0;
                       for (const BurstState& state : b.states)
                           arrivals += state.rate * to_seconds(state.mean_stay);
                       return arrivals / time_in_all(b.states);
                   },
                   [](const Curve& c) { return c.mean_rate(); },
                   [](const Trace& t) {
                       if (t.times->empty() || t.times->back() == Duration::zero()) return 0.0;
                       return static_cast<double>(t.times->size()) / to_seconds(t.times->back());
                   }},
        form_);
}

double ArrivalProcess::peak_rate() const {
    if (const auto* curve = std::get_if<Curve>(&form_)) return curve->peak;
    if (const auto* bursts = std::get_if<Bursts>(&form_)) {
        double peak = 0;
        for (const BurstState& state : bursts->states) peak = std::max(peak, state.rate);
        return peak;
    }
    return mean_rate();
}

double ArrivalProcess::rate_at(Duration time) const {
    const auto* curve = std::get_if<Curve>(&form_);
    return curve != nullptr ? curve->rate_at(time) : mean_rate();
}

std::string ArrivalProcess::text() const {
    char rate[48];
    std::snprintf(rate, sizeof rate, ", %.4g/s", mean_rate());
    return std::string(name()) + rate;
}

ArrivalProcess ArrivalProcess::scaled(double factor) const {
    SLUICE_CHECK(factor > 0);
    ArrivalProcess made = *this;
    std::visit(Overloaded{[](Never&) {},
                          [factor](Poisson& p) {
                              p.rate *= factor;
                              p.gap = p.gap.scaled(1 / factor);
                          },
                          [factor](Constant& c) {
                              c.interval = std::max(from_seconds(to_seconds(c.interval) / factor),
                                                    Duration{1});
                          },
                          [factor](Renewal& r) { r.gap = r.gap.scaled(1 / factor); },
                          [factor](Bursts& b) {
                              for (BurstState& state : b.states) state.rate *= factor;
                          },
                          [factor](Curve& c) {
                              for (RatePoint& point : c.points) point.rate *= factor;
                              c.peak *= factor;
                          },
                          [factor](Trace& t) {
                              std::vector<Duration> times = *t.times;
                              for (Duration& time : times)
                                  time = from_seconds(to_seconds(time) / factor);
                              t.times =
                                  std::make_shared<const std::vector<Duration>>(std::move(times));
                          }},
               made.form_);
    return made;
}

Arrivals::Arrivals(ArrivalProcess process, Stream stream)
    : process_(std::move(process)), stream_(stream) {
    if (std::holds_alternative<ArrivalProcess::Bursts>(process_.form_)) draw_first_state();
}

void Arrivals::draw_first_state() {
    const auto& states = std::get<ArrivalProcess::Bursts>(process_.form_).states;
    double left = stream_.unit() * time_in_all(states);
    while (place_ + 1 < states.size() && left >= to_seconds(states[place_].mean_stay))
        left -= to_seconds(states[place_++].mean_stay);
    state_until_ = from_seconds(stream_.exponential() * to_seconds(states[place_].mean_stay));
}

// Within a state the gap is exponential; where it leads past the end of the state, the rest is
// drawn anew in the next state, which loses nothing because the exponential has no memory.
void Arrivals::next_burst(const ArrivalProcess::Bursts& bursts) {
    while (!ended()) {
        const BurstState& state = bursts.states[place_];
        if (state.rate > 0) {
            const Duration at = now_ + from_seconds(stream_.exponential() / state.rate);
            if (at <= state_until_) {
                now_ = at;
                return;
            }
        }
        now_ = state_until_;
        place_ = (place_ + 1) % bursts.states.size();
        const double stay = to_seconds(bursts.states[place_].mean_stay);
        state_until_ = now_ + std::max(from_seconds(stream_.exponential() * stay), Duration{1});
    }
}

// Thinning (Lewis and Shedler 1979): candidates at the peak rate, each kept by its rate's share.
void Arrivals::next_on_curve(const ArrivalProcess::Curve& curve) {
    do {
        now_ += from_seconds(stream_.exponential() / curve.peak);
    } while (!ended() && !stream_.chance(curve.rate_at(now_) / curve.peak));
}

Duration Arrivals::next_other() {
    if (ended()) return never;
    const bool more = std::visit(Overloaded{[](const ArrivalProcess::Never&) { return false; },
                                            [](const ArrivalProcess::Poisson&) { return false; },
                                            [this](const ArrivalProcess::Constant& c) {
                                                now_ += c.interval;
                                                return true;
                                            },
                                            [this](const ArrivalProcess::Renewal& r) {
                                                now_ += r.gap.sample(stream_);
                                                return true;
                                            },
                                            [this](const ArrivalProcess::Bursts& b) {
                                                next_burst(b);
                                                return true;
                                            },
                                            [this](const ArrivalProcess::Curve& c) {
                                                next_on_curve(c);
                                                return true;
                                            },
                                            [this](const ArrivalProcess::Trace& t) {
                                                if (place_ == t.times->size()) return false;
                                                now_ = (*t.times)[place_++];
                                                return true;
                                            }},
                                 process_.form_);
    return more && !ended() ? now_ : never;
}

}  // namespace sluice::sim
