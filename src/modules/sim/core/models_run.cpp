// SPDX-License-Identifier: Apache-2.0
// One run of a plain model. All of it stands in one file and the small steps are inlined by order:
// a customer then moves in registers. Copied through memory right after its fields were written one
// by one, it costs a third of the speed (stalled store forwarding).
#include "modules/sim/core/event_loop.h"
#include "modules/sim/core/event_slots.h"
#include "modules/sim/core/models.h"
#include "modules/sim/core/models_parts.h"

#include <algorithm>
#include <bit>

#define SLUICE_STEP [[gnu::always_inline]] inline

namespace sluice::sim {
namespace {

constexpr double ns = 1e9;

/// One run. Construct, call run() once.
class ModelRun {
public:
    ModelRun(const QueueModel& model, const RunPlan& plan);
    Result<ModelResult> run();

private:
    static constexpr std::size_t away_max = std::size_t{1} << 22U;

    struct ClassState {
        Arrivals arrivals;
        Distribution service;
        Stream service_stream;
        std::int64_t next_arrival = EventSlots::never;  ///< After the scheduled one.
        ModelLevel system;
        ModelLevel queue;
        ClassResult result;
        std::uint64_t seen = 0;  ///< Over the whole run, warm-up included, as are these:
        std::uint64_t turned_away = 0;
        std::uint64_t left = 0;
        Area spent = 0;        ///< Sojourn of those that left.
        Area wait_sum = 0;     ///< Of those that count.
        Area sojourn_sum = 0;  ///< The same.
    };
    struct Server {
        Customer customer;
        std::int64_t started = 0;
        bool busy = false;
    };

    SLUICE_STEP void take();
    SLUICE_STEP void draw_arrival(ClassState& state);
    SLUICE_STEP void schedule_arrival(std::uint32_t kind);
    SLUICE_STEP void on_arrival(std::uint32_t kind);
    SLUICE_STEP void on_departure(std::uint32_t index);
    void on_retry();
    SLUICE_STEP void admit(const Customer& customer);
    SLUICE_STEP void start(std::uint32_t server, const Customer& customer);
    SLUICE_STEP void wait_at_end(const Customer& customer);
    SLUICE_STEP bool displace(const Customer& customer);
    SLUICE_STEP void serve_next(std::uint32_t server);
    bool fails_and_returns(Customer& customer);
    SLUICE_STEP void leave(const Customer& customer);
    void begin_window();
    [[nodiscard]] CustomerRing& ring_of(std::uint32_t kind) {
        return rings_[one_queue_ ? 0 : kind];
    }
    [[nodiscard]] std::int64_t next_retry() {
        return std::min(retries_.next_time().count(), EventSlots::never);
    }
    void check_laws() const;
    ModelResult finish();

    const QueueModel& model_;
    const RunPlan& plan_;
    // Slots: a departure for each server, an arrival for each class, the first of the retries. So a
    // server that becomes free at the moment of an arrival is found free.
    const std::uint32_t first_class_;
    const std::uint32_t retry_slot_;
    EventSlots slots_;
    EventLoop retries_;
    std::uint64_t taken_ = 0;
    std::int64_t now_ = 0;
    std::int64_t window_start_ = std::numeric_limits<std::int64_t>::max();
    bool one_queue_;
    bool failing_;
    bool preemptive_;
    bool overflow_ = false;
    std::uint64_t offered_ = 0;
    std::uint64_t in_system_ = 0;
    std::uint64_t waiting_ = 0;
    std::uint64_t capacity_;
    std::uint64_t nonempty_ = 0;  ///< Bit for each ring.
    std::vector<ClassState> classes_;
    std::vector<CustomerRing> rings_;
    std::vector<Server> servers_;
    std::vector<std::uint32_t> free_;  ///< The one freed last is taken first.
    ModelLevel busy_;
    Stream failures_;
    Stream delays_;
    std::vector<Customer> away_;  ///< Between failure and retry.
    std::vector<std::uint32_t> away_free_;
    std::vector<float> series_;
};

ModelRun::ModelRun(const QueueModel& model, const RunPlan& plan)
    : model_(model),
      plan_(plan),
      first_class_(model.servers),
      retry_slot_(first_class_ + static_cast<std::uint32_t>(model.classes.size())),
      slots_(std::size_t{retry_slot_} + (model.retry.failure > 0 ? 1 : 0)),
      one_queue_(model.discipline == Discipline::fifo),
      failing_(model.retry.failure > 0),
      preemptive_(model.discipline == Discipline::preemptive),
      capacity_(model.capacity.value_or(std::numeric_limits<std::uint64_t>::max())),
      rings_(one_queue_ ? 1 : model.classes.size()),
      servers_(model.servers),
      failures_(plan.seed, plan.replication, purpose_of("failures")),
      delays_(plan.seed, plan.replication, purpose_of("retry delays")) {
    classes_.reserve(model.classes.size());
    for (std::size_t i = 0; i < model.classes.size(); ++i) {
        const CustomerClass& one = model.classes[i];
        const auto stream = [&](std::string_view purpose) {
            return Stream(plan.seed, plan.replication, purpose_of(purpose) + i);
        };
        classes_.push_back({.arrivals = Arrivals(one.arrivals, stream("arrivals")),
                            .service = one.service,
                            .service_stream = stream("services"),
                            .system = {},
                            .queue = {},
                            .result = {}});
    }
    free_.reserve(model.servers);
    for (std::uint32_t i = model.servers; i-- > 0;) free_.push_back(i);
    series_.reserve(std::min<std::uint64_t>(plan.series_max, plan.customers + plan.warmup));
}

Result<ModelResult> ModelRun::run() {
    for (std::uint32_t kind = 0; kind < classes_.size(); ++kind) {
        draw_arrival(classes_[kind]);
        schedule_arrival(kind);
    }
    if (plan_.warmup == 0) begin_window();
    const std::uint64_t wanted = plan_.warmup + plan_.customers;
    while (offered_ < wanted && !slots_.empty()) {
        take();
        if (overflow_)
            return fail(Code::exhausted, "more than " + std::to_string(model_.waiting_max) +
                                             " customers wait after " +
                                             format_duration(Duration{now_}) +
                                             ": the servers cannot keep up");
    }
    check_laws();
    return finish();
}

void ModelRun::take() {
    now_ = slots_.time();
    ++taken_;
    const std::uint32_t slot = slots_.slot();
    if (slot < first_class_) {
        on_departure(slot);
    } else if (slot < retry_slot_) {
        on_arrival(slot - first_class_);
    } else {
        on_retry();
    }
}

void ModelRun::draw_arrival(ClassState& state) {
    const Duration at = state.arrivals.next_or_never();
    state.next_arrival = at == Arrivals::never ? EventSlots::never : at.count();
}

// One arrival is drawn ahead: which event comes next then waits for no random number.
void ModelRun::schedule_arrival(std::uint32_t kind) {
    ClassState& state = classes_[kind];
    slots_.set(first_class_ + kind, state.next_arrival);
    if (state.next_arrival != EventSlots::never) draw_arrival(state);
}

void ModelRun::on_arrival(std::uint32_t kind) {
    schedule_arrival(kind);
    ClassState& state = classes_[kind];
    ++offered_;
    ++state.seen;
    if (offered_ == plan_.warmup + 1 && plan_.warmup > 0) begin_window();
    const Customer customer{.arrived = now_,
                            .service_left = state.service.sample(state.service_stream).count(),
                            .kind = kind};
    const std::uint64_t counts = window_start_ <= now_ ? 1 : 0;
    state.result.arrivals += counts;
    if (in_system_ >= capacity_) {
        ++state.turned_away;
        state.result.lost += counts;
        return;
    }
    ++in_system_;
    state.system.up(now_);
    if (free_.empty()) state.result.had_to_wait += counts;
    admit(customer);
}

void ModelRun::admit(const Customer& customer) {
    if (!free_.empty()) {
        const std::uint32_t server = free_.back();
        free_.pop_back();
        busy_.up(now_);
        start(server, customer);
    } else if (!preemptive_ || !displace(customer)) {
        wait_at_end(customer);
    }
}

void ModelRun::start(std::uint32_t server, const Customer& customer) {
    Server& place = servers_[server];
    place.started = now_;
    place.busy = true;
    slots_.set(server, now_ + customer.service_left);
    place.customer = customer;
}

void ModelRun::wait_at_end(const Customer& customer) {
    classes_[customer.kind].queue.up(now_);
    Customer waiting = customer;
    waiting.waited -= now_;
    ring_of(customer.kind).push_back(waiting);
    nonempty_ |= std::uint64_t{1} << (one_queue_ ? 0 : customer.kind);
    if (++waiting_ > model_.waiting_max) overflow_ = true;
}

// The victim is the lowest class in service, of that the one begun last; it goes to the front of
// its own queue with the rest of its service.
bool ModelRun::displace(const Customer& customer) {
    // All servers are busy. No jumps: which of them it is cannot be guessed.
    const Server* victim = servers_.data();
    for (const Server& other : servers_) {
        const bool lower =
            (other.customer.kind > victim->customer.kind) |
            ((other.customer.kind == victim->customer.kind) & (other.started > victim->started));
        victim = lower ? &other : victim;
    }
    if (victim->customer.kind <= customer.kind) return false;
    Customer displaced = victim->customer;
    displaced.service_left -= now_ - victim->started;
    displaced.waited -= now_;
    classes_[displaced.kind].queue.up(now_);
    ring_of(displaced.kind).push_front(displaced);
    nonempty_ |= std::uint64_t{1} << displaced.kind;
    if (++waiting_ > model_.waiting_max) overflow_ = true;
    start(static_cast<std::uint32_t>(victim - servers_.data()), customer);
    return true;
}

void ModelRun::on_departure(std::uint32_t index) {
    Customer customer = servers_[index].customer;
    const bool returns = failing_ && fails_and_returns(customer);
    serve_next(index);
    if (!returns) leave(customer);
}

void ModelRun::serve_next(std::uint32_t server) {
    if (nonempty_ == 0) {
        free_.push_back(server);
        servers_[server].busy = false;
        slots_.set(server, EventSlots::never);
        busy_.down(now_);
        return;
    }
    const auto which = static_cast<std::uint32_t>(std::countr_zero(nonempty_));
    CustomerRing& ring = rings_[which];
    Customer customer = ring.pop_front();
    if (ring.size() == 0) nonempty_ &= ~(std::uint64_t{1} << which);
    --waiting_;
    classes_[customer.kind].queue.down(now_);
    customer.waited += now_;
    start(server, customer);
}

// True when the attempt failed and another one follows: the customer joins the queue or the delay.
bool ModelRun::fails_and_returns(Customer& customer) {
    ClassState& state = classes_[customer.kind];
    if (!failures_.chance(model_.retry.failure)) return false;
    if (customer.attempts >= model_.retry.attempts_max) {
        if (window_start_ <= customer.arrived) ++state.result.failed;
        return false;
    }
    ++customer.attempts;
    customer.service_left = state.service.sample(state.service_stream).count();
    const Duration delay = model_.retry.delay.sample(delays_);
    if (delay == Duration::zero()) {
        wait_at_end(customer);
        return true;
    }
    if (away_free_.empty()) {
        if (away_.size() == away_max) {
            overflow_ = true;
            return true;
        }
        away_free_.push_back(static_cast<std::uint32_t>(away_.size()));
        away_.emplace_back();
    }
    const std::uint32_t slot = away_free_.back();
    away_free_.pop_back();
    away_[slot] = customer;
    retries_.at(Duration{now_} + delay, slot);
    slots_.set(retry_slot_, next_retry());
    return true;
}

void ModelRun::on_retry() {
    const std::uint32_t slot = retries_.take().payload;
    slots_.set(retry_slot_, next_retry());
    away_free_.push_back(slot);
    admit(away_[slot]);
}

void ModelRun::leave(const Customer& customer) {
    ClassState& state = classes_[customer.kind];
    --in_system_;
    state.system.down(now_);
    ++state.left;
    const std::int64_t sojourn = now_ - customer.arrived;
    state.spent += static_cast<std::uint64_t>(sojourn);
    if (series_.size() < plan_.series_max)
        series_.push_back(static_cast<float>(static_cast<double>(customer.waited) / ns));
    if (customer.arrived < window_start_) return;
    ClassResult& result = state.result;
    ++result.finished;
    result.services += customer.attempts;
    state.wait_sum += static_cast<std::uint64_t>(customer.waited);
    state.sojourn_sum += static_cast<std::uint64_t>(sojourn);
    result.waits.record(Duration{customer.waited});
    result.sojourns.record(Duration{sojourn});
}

void ModelRun::begin_window() {
    window_start_ = now_;
    busy_.begin_window(now_);
    for (ClassState& state : classes_) {
        state.system.begin_window(now_);
        state.queue.begin_window(now_);
    }
}

// Flow: whoever came was turned away, has left, or is here. Little, exact: the area under the
// number in the system is the time spent by those that left and, so far, by those still here.
void ModelRun::check_laws() const {
    std::uint64_t present = 0;
    Area area = 0;
    Area spent = 0;
    std::uint64_t waiting = 0;
    for (const ClassState& state : classes_) {
        SLUICE_CHECK(state.seen == state.turned_away + state.left + state.system.value);
        present += state.system.value;
        waiting += state.queue.value;
        area += state.system.area(now_);
        spent += state.spent;
    }
    SLUICE_CHECK(present == in_system_ && waiting == waiting_);
    const std::size_t away = away_.size() - away_free_.size();
    SLUICE_CHECK(in_system_ == waiting_ + (servers_.size() - free_.size()) + away);
    const auto add = [&](const Customer& customer) {
        spent += static_cast<std::uint64_t>(now_ - customer.arrived);
    };
    for (const CustomerRing& ring : rings_)
        for (std::size_t i = 0; i < ring.size(); ++i) add(ring.peek(i));
    for (const Server& server : servers_)
        if (server.busy) add(server.customer);
    std::vector<bool> unused(away_.size(), false);
    for (const std::uint32_t slot : away_free_) unused[slot] = true;
    for (std::size_t i = 0; i < away_.size(); ++i)
        if (!unused[i]) add(away_[i]);
    SLUICE_CHECK(area == spent);
}

ModelResult ModelRun::finish() {
    ModelResult made;
    if (window_start_ > now_) begin_window();  // an ending process may stop within the warm-up
    const auto window = static_cast<double>(now_ - window_start_);
    const double divisor = std::max(window, 1.0);
    for (ClassState& state : classes_) {
        ClassResult& one = state.result;
        one.in_system = state.system.average(now_, divisor);
        one.in_queue = state.queue.average(now_, divisor);
        const double finished = std::max(static_cast<double>(one.finished), 1.0) * ns;
        one.wait = static_cast<double>(state.wait_sum) / finished;
        one.sojourn = static_cast<double>(state.sojourn_sum) / finished;
        made.all.add(one);
        made.classes.push_back(one);
    }
    made.utilisation = busy_.average(now_, divisor) / static_cast<double>(model_.servers);
    made.seconds = window / ns;
    made.events = taken_;
    made.series = std::move(series_);
    return made;
}

}  // namespace

Result<ModelResult> run_model(const QueueModel& model, const RunPlan& plan) {
    SLUICE_TRY_STATUS(model.check());
    return ModelRun(model, plan).run();
}

}  // namespace sluice::sim
