// SPDX-License-Identifier: Apache-2.0
#include "sdk/capacity.h"

#include "kernel/base/check.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::sdk {

namespace {

constexpr std::uint64_t boundless = std::numeric_limits<std::uint64_t>::max() / 2;

std::uint64_t thousandths(double value) {
    if (!(value > 0)) return 0;
    return static_cast<std::uint64_t>(std::llround(std::min(value, 1e9) * 1000));
}

std::string in_words(std::size_t kind, std::uint64_t amount) {
    if (kind != 0) return std::to_string(amount);
    std::string text = std::to_string(amount / 1000);
    if (amount % 1000 == 0) return text;
    std::string rest = std::to_string(1000 + amount % 1000).substr(1);
    rest.erase(rest.find_last_not_of('0') + 1);
    return text + '.' + rest;
}

constexpr const char* kind_names[] = {"cpu", "mem_mb", "gpu"};

}  // namespace

Admission::Amounts Admission::amounts(const JobNeeds& needs) {
    return {thousandths(needs.cpu), std::min(needs.mem_mb, boundless), needs.gpu};
}

bool Admission::share(const Amounts& a, const Amounts& b) {
    for (std::size_t i = 0; i < kinds; ++i) {
        if (a[i] > 0 && b[i] > 0) return true;
    }
    return false;
}

Admission::Admission(const Capacity& capacity)
    : total_{capacity.cpu ? thousandths(*capacity.cpu) : boundless,
             std::min(capacity.mem_mb.value_or(boundless), boundless), capacity.gpu},
      labels_(capacity.labels) {}

Admission::Type Admission::add_type(const TypeTerms& terms) {
    TypeState type;
    type.needs = amounts(terms.needs);
    type.concurrency_max = terms.concurrency_max;
    std::string lacks;
    for (std::size_t i = 0; i < kinds; ++i) {
        if (type.needs[i] <= total_[i]) continue;
        lacks += (lacks.empty() ? "" : ", ") + std::string(kind_names[i]) + ' ' +
                 in_words(i, type.needs[i]) + " (this worker has " + in_words(i, total_[i]) + ')';
    }
    for (const std::string& label : terms.needs.labels) {
        if (std::find(labels_.begin(), labels_.end(), label) != labels_.end()) continue;
        lacks +=
            (lacks.empty() ? "" : ", ") + ("the label \"" + label + "\" (this worker lacks it)");
    }
    if (!lacks.empty()) type.misfit = "needs " + lacks;
    types_.push_back(std::move(type));
    return types_.size() - 1;
}

std::optional<std::string> Admission::misfit(Type type) const { return types_[type].misfit; }

void Admission::wait(Type type, Ticket ticket) {
    TypeState& state = types_[type];
    SLUICE_CHECK(!state.misfit);
    state.waiting.push_back({.ticket = ticket, .number = arrivals_++});
    ++waiting_;
}

bool Admission::fits(const Amounts& needs) const {
    for (std::size_t i = 0; i < kinds; ++i) {
        if (needs[i] > total_[i] - used_[i]) return false;
    }
    return true;
}

bool Admission::is_full(const TypeState& type) const {
    return type.concurrency_max != 0 && type.running >= type.concurrency_max;
}

std::optional<Admission::Ticket> Admission::next() {
    if (waiting_ == 0) return std::nullopt;
    heads_.clear();
    blocked_.clear();
    for (Type type = 0; type < types_.size(); ++type) {
        // A type at its own limit waits for its own jobs; it keeps nothing from others.
        if (!types_[type].waiting.empty() && !is_full(types_[type])) heads_.push_back(type);
    }
    std::sort(heads_.begin(), heads_.end(), [this](Type a, Type b) {
        return types_[a].waiting.front().number < types_[b].waiting.front().number;
    });
    Amounts kept{};  // of what nothing is given to those behind
    for (const Type type : heads_) {
        TypeState& state = types_[type];
        if (!fits(state.needs) || share(state.needs, kept)) {
            blocked_.push_back(type);
            if (state.overtaken < admission_overtakes_max) continue;
            for (std::size_t i = 0; i < kinds; ++i) kept[i] += state.needs[i] > 0 ? 1 : 0;
            continue;
        }
        for (const Type older : blocked_) {
            types_[older].overtaken += share(types_[older].needs, state.needs) ? 1 : 0;
        }
        const Ticket ticket = state.waiting.front().ticket;
        state.waiting.pop_front();
        state.overtaken = 0;
        ++state.running;
        --waiting_;
        for (std::size_t i = 0; i < kinds; ++i) used_[i] += state.needs[i];
        return ticket;
    }
    return std::nullopt;
}

bool Admission::withdraw(Type type, Ticket ticket) {
    TypeState& state = types_[type];
    const auto found = std::find_if(state.waiting.begin(), state.waiting.end(),
                                    [ticket](const Waiting& one) { return one.ticket == ticket; });
    if (found == state.waiting.end()) return false;
    if (found == state.waiting.begin()) state.overtaken = 0;
    state.waiting.erase(found);
    --waiting_;
    return true;
}

void Admission::finish(Type type) {
    TypeState& state = types_[type];
    SLUICE_CHECK(state.running > 0);
    --state.running;
    for (std::size_t i = 0; i < kinds; ++i) used_[i] -= state.needs[i];
}

JobNeeds Admission::used() const {
    return {.cpu = static_cast<double>(used_[0]) / 1000,
            .mem_mb = used_[1],
            .gpu = static_cast<std::uint32_t>(used_[2])};
}

}  // namespace sluice::sdk
