// SPDX-License-Identifier: Apache-2.0
#include "validation.h"

#include "modules/sim/core/models_exact.h"
#include "modules/sim/shell/replications.h"
#include "modules/sim/shell/study.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>

namespace sluice::bench {
namespace {

using namespace sluice::sim;
using Measure = std::function<double(const ModelResult&)>;

constexpr double level = 0.999;

ArrivalProcess poisson(double rate) { return ArrivalProcess::poisson(rate).value(); }
Distribution exponential() { return Distribution::exponential(1s).value(); }

QueueModel mmc(double rate, std::uint32_t servers) {
    return QueueModel::of(poisson(rate), exponential(), servers);
}
QueueModel mmck(double rate, std::uint32_t servers, std::uint64_t capacity) {
    QueueModel model = mmc(rate, servers);
    model.capacity = capacity;
    return model;
}
QueueModel two_classes(double urgent, double plain, std::uint32_t servers, Discipline discipline) {
    QueueModel model;
    model.classes = {{"urgent", poisson(urgent), exponential()},
                     {"plain", poisson(plain), exponential()}};
    model.servers = servers;
    model.discipline = discipline;
    return model;
}

const Measure in_queue = [](const ModelResult& one) { return one.all.in_queue; };
const Measure wait = [](const ModelResult& one) { return one.all.wait; };
const Measure p_wait = [](const ModelResult& one) { return one.all.p_wait(); };
const Measure p_lost = [](const ModelResult& one) { return one.all.p_lost(); };
const Measure load_factor = [](const ModelResult& one) { return one.all.load_factor(); };

Measure class_wait(std::size_t index) {
    return [index](const ModelResult& one) { return one.classes[index].wait; };
}
Measure class_sojourn(std::size_t index) {
    return [index](const ModelResult& one) { return one.classes[index].sojourn; };
}

struct Expected {
    const char* measure;
    double exact;
    Measure of;
    bool is_bound = false;
};

/// Runs models and collects rows.
class Validation {
public:
    explicit Validation(const ValidationPlan& plan) { report_.plan = plan; }

    /// `weight`: how many times the plan's customers; heavy loads need more for a narrow interval.
    void hold_against(const char* name, const QueueModel& model,
                      const std::vector<Expected>& expected, std::uint64_t weight = 1) {
        const StudyRuns runs = run_study(model, plan_of(weight)).value();
        for (const ModelResult& one : runs.results) report_.events += one.events;
        for (const Expected& each : expected)
            report_.rows.push_back({.model = name,
                                    .measure = each.measure,
                                    .exact = each.exact,
                                    .simulated = interval_of(runs.results, each.of, level),
                                    .is_bound = each.is_bound});
        for (const ModelResult& one : runs.results) {
            ++report_.runs;
            report_.little_off = std::max(report_.little_off, std::abs(one.little() - 1));
        }
    }

    void markov_models();
    void limited_models();
    void general_models();
    void priority_models();
    void bounds();
    void staffing();
    void coverage();
    ValidationReport take() { return std::move(report_); }

private:
    [[nodiscard]] StudyPlan plan_of(std::uint64_t weight) const {
        StudyPlan plan;
        plan.seed = report_.plan.seed;
        plan.replications = report_.plan.replications;
        plan.customers = report_.plan.customers * weight;
        plan.level = level;
        return plan;
    }

    ValidationReport report_;
};

void Validation::markov_models() {
    const exact::Steady one = exact::mmc({.9, 1}, 1);
    hold_against("M/M/1 λ=.9", mmc(.9, 1), {{"Lq", one.in_queue, in_queue}, {"Wq", one.wait, wait}},
                 4);
    struct Row {
        const char* name;
        double rate;
        std::uint32_t servers;
    };
    for (const Row& row :
         {Row{"M/M/3 λ=2.4", 2.4, 3}, Row{"M/M/10 λ=9", 9, 10}, Row{"M/M/100 λ=95", 95, 100}}) {
        const exact::Steady truth = exact::mmc({row.rate, 1}, row.servers);
        hold_against(row.name, mmc(row.rate, row.servers),
                     {{"P(wait)", truth.p_wait, p_wait},
                      {"Wq", truth.wait, wait},
                      {"Lq", truth.in_queue, in_queue}},
                     row.servers == 3 ? 1 : 4);
    }
}

void Validation::limited_models() {
    hold_against("Erlang B c=10 a=9", mmck(9, 10, 10),
                 {{"P(lost)", exact::erlang_b(9, 10), p_lost}});
    struct Row {
        const char* name;
        double rate;
        std::uint32_t servers;
        std::uint32_t capacity;
    };
    for (const Row& row : {Row{"M/M/3/10 λ=2.4", 2.4, 3, 10}, Row{"M/M/1/5 λ=1.2", 1.2, 1, 5}}) {
        const exact::Steady truth = exact::mmck({row.rate, 1}, row.servers, row.capacity);
        hold_against(row.name, mmck(row.rate, row.servers, row.capacity),
                     {{"P(lost)", truth.p_lost, p_lost},
                      {"Lq", truth.in_queue, in_queue},
                      {"Wq", truth.wait, wait}});
    }
    QueueModel retries = mmc(1.6, 3);
    retries.retry = {.failure = .2, .attempts_max = 5, .delay = {}};
    hold_against("M/M/3, retries p=.2, ≤ 5 attempts", retries,
                 {{"load factor", exact::retry_load_factor(.2, 5), load_factor}});
}

void Validation::general_models() {
    const auto mg1 = [](Distribution service) {
        return QueueModel::of(poisson(.8), std::move(service), 1);
    };
    hold_against("M/D/1 ρ=.8", mg1(Distribution::constant(1s).value()),
                 {{"Wq", exact::mg1(.8, 1, 0).wait, wait}});
    hold_against("M/M/1 ρ=.8", mg1(exponential()), {{"Wq", exact::mg1(.8, 1, 1).wait, wait}});
    hold_against("M/G/1 lognormal cv 2, ρ=.8", mg1(Distribution::lognormal(1s, 2).value()),
                 {{"Wq", exact::mg1(.8, 1, 2).wait, wait}}, 4);
}

void Validation::priority_models() {
    const double rates[] = {.3, .5};
    const auto waits = exact::cobham_waits(rates, 1, 1);
    hold_against(
        "M/M/1 priorities λ=(.3, .5)", two_classes(.3, .5, 1, Discipline::priority),
        {{"Wq of class 1", waits[0], class_wait(0)}, {"Wq of class 2", waits[1], class_wait(1)}});
    const auto sojourns = exact::preemptive_sojourns(rates, 1);
    hold_against("same, preemptive-resume", two_classes(.3, .5, 1, Discipline::preemptive),
                 {{"T of class 1", sojourns[0], class_sojourn(0)},
                  {"T of class 2", sojourns[1], class_sojourn(1)}});
    const double three[] = {.8, 1.6};
    const auto three_waits = exact::cobham_waits(three, 1, 3);
    hold_against("M/M/3 priorities λ=(.8, 1.6)", two_classes(.8, 1.6, 3, Discipline::priority),
                 {{"Wq of class 1", three_waits[0], class_wait(0)},
                  {"Wq of class 2", three_waits[1], class_wait(1)}});
}

void Validation::bounds() {
    struct Row {
        const char* name;
        Distribution gap;
        Distribution service;
    };
    const Row rows[] = {
        {"E4/lognormal(cv 1.5)/1 ρ=.8", Distribution::erlang(4, 1s).value(),
         Distribution::lognormal(800ms, 1.5).value()},
        {"H2(cv 2)/uniform/1 ρ=.9", Distribution::hyperexponential(1s, 2).value(),
         Distribution::uniform(0s, 1800ms).value()},
        {"gamma(cv .5)/D/1 ρ=.7", Distribution::gamma(1s, .5).value(),
         Distribution::constant(700ms).value()},
    };
    for (const Row& row : rows) {
        const exact::GapsAndServices queue{.arrivals = 1,
                                           .arrival_cv = row.gap.cv(),
                                           .service_mean = to_seconds(row.service.mean()),
                                           .service_cv = row.service.cv()};
        hold_against(row.name,
                     QueueModel::of(ArrivalProcess::renewal(row.gap).value(), row.service, 1),
                     {{"Wq ≤ Kingman", exact::kingman_bound(queue), wait, true}});
    }
}

void Validation::staffing() {
    StudyPlan plan = plan_of(1);
    plan.warmup = plan.customers / 10;
    const auto found = find_servers(mmc(50, 1), plan, {.measure = p_wait, .at_most = .2});
    report_.staffing = found.value().servers;
    report_.staffing_exact = exact::servers_for(50, .2);
    hold_against("staffing 50 Erlang, c=58", mmc(50, 58),
                 {{"P(wait)", exact::erlang_c(50, 58), p_wait}});
}

// Every interval has replications of its own, in one long numbering. Warm-up and length are fixed;
// what remains of the bias of the empty start is far below an interval's width.
void Validation::coverage() {
    struct Row {
        const char* name;
        QueueModel model;
        double truth;
        Measure of;
    };
    const Row rows[] = {
        {"M/M/1 ρ=.5, Wq", mmc(.5, 1), exact::mmc({.5, 1}, 1).wait, wait},
        {"M/M/3/10 λ=2.4, P(lost)", mmck(2.4, 3, 10), exact::mmck({2.4, 1}, 3, 10).p_lost, p_lost}};
    const ValidationPlan& plan = report_.plan;
    for (const Row& row : rows) {
        const auto intervals = run_replications(
            {.count = plan.coverage_intervals}, [&](std::uint64_t number) -> Interval {
                Summary summary;
                for (std::uint64_t i = 0; i < plan.coverage_replications; ++i)
                    summary.add(
                        row.of(run_model(row.model,
                                         {.seed = plan.seed + 1'000'000,
                                          .replication = number * plan.coverage_replications + i,
                                          .customers = plan.coverage_customers,
                                          .warmup = 500})
                                   .value()));
                return interval_of(summary, 0.95);
            });
        report_.coverage.emplace_back(row.name, coverage_of(*intervals, row.truth));
    }
}

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
}

}  // namespace

bool ValidationReport::is_good() const {
    const auto good = [](const auto& row) { return row.is_good(); };
    const auto fits = [](const auto& one) { return one.second.fits(); };
    return std::all_of(rows.begin(), rows.end(), good) &&
           std::all_of(coverage.begin(), coverage.end(), fits) && staffing == staffing_exact &&
           little_off <= .01;
}

std::string ValidationReport::markdown() const {
    std::string text =
        "| model | measure | exact | simulated | 99.9 % interval | verdict |\n"
        "|---|---|---|---|---|---|\n";
    for (const ValidationRow& row : rows)
        text += "| " + row.model + " | " + row.measure + " | " + number(row.exact) + " | " +
                number(row.simulated.mean) + " | " + number(row.simulated.low()) + " – " +
                number(row.simulated.high()) + " | " + (row.is_good() ? "inside" : "OUTSIDE") +
                " |\n";
    text += "| staffing 50 Erlang | fewest servers, P(wait) ≤ .2 | " +
            std::to_string(staffing_exact) + " | " + std::to_string(staffing) + " | – | " +
            (staffing == staffing_exact ? "same" : "DIFFERENT") + " |\n";
    text += "| all of them | Little's law and flow, exact to the nanosecond | equal | equal | " +
            std::to_string(runs) + " of " + std::to_string(runs) + " runs | holds |\n";
    text += "| all of them | largest distance of L / λW from 1 after the warm-up | 0 | " +
            number(little_off) + " | at most .01 | " +
            (little_off <= .01 ? "holds" : "DOES NOT HOLD") + " |\n";
    for (const auto& [name, one] : coverage)
        text += "| " + name + " | 95 % intervals that contain the truth | 95 % | " +
                number(100 * one.share()) + " % | " + std::to_string(one.containing) + " of " +
                std::to_string(one.intervals) + " | " + (one.fits() ? "fits" : "DOES NOT FIT") +
                " |\n";
    char last[160];
    std::snprintf(
        last, sizeof last,
        "\nSeed %llu, %llu replications of %llu or more customers, %.3g events, %.0f s.\n",
        static_cast<unsigned long long>(plan.seed),
        static_cast<unsigned long long>(plan.replications),
        static_cast<unsigned long long>(plan.customers), static_cast<double>(events), seconds);
    return text + last;
}

ValidationReport validate(const ValidationPlan& plan) {
    const auto began = std::chrono::steady_clock::now();
    Validation validation(plan);
    validation.markov_models();
    validation.limited_models();
    validation.general_models();
    validation.priority_models();
    validation.bounds();
    validation.staffing();
    validation.coverage();
    ValidationReport report = validation.take();
    report.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return report;
}

}  // namespace sluice::bench
