// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/shell/threaded_run.h"

#include "kernel/sync/clock.h"
#include "kernel/sync/thread.h"
#include "modules/sim/shell/item_plan.h"
#include "modules/sim/shell/work_queue.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

namespace sluice::sim {

namespace {

/// What one thread adds up for itself and hands over when it has been joined.
struct Tally {
    ProducerStats producer;
    ConsumerStats consumer;
    std::uint64_t retried = 0;
    std::uint64_t left = 0;
    /// Sum of leaving times minus sum of entering times of the queue, since the begin of the run:
    /// once all threads are added up, the area below the depth of the queue.
    Duration depth_area{0};
    Histogram wait;
    Histogram work;
    std::vector<ItemResult> sample;
};

/// Everything the threads of one run share.
class Run {
public:
    Run(const ThreadedConfig& config, ThreadedControl& control)
        : config_(config),
          control_(control),
          plan_(config.seed, config.service, config.failure_rate),
          queue_(config.capacity, config.priorities),
          began_(monotonic_now()),
          producers_(config.producers),
          consumers_(config.consumers) {}

    ThreadedReport execute();

private:
    void produce(std::uint32_t index, Tally& tally);
    bool offer(std::uint64_t number, std::uint32_t producer, Tally& tally);
    void consume(std::uint32_t index, Tally& tally);
    void work_on(WorkItem item, ItemResult story, Tally& tally);
    [[nodiscard]] bool attempt(const WorkItem& item, ItemResult& story, Tally& tally);
    void end_item(ItemEnd end, ItemResult story, Tally& tally);
    void forget_one();
    void end_consumers();
    void count_leftovers();
    void add_up(Tally& tally, ThreadedReport& report);
    ThreadedReport collect();

    [[nodiscard]] Duration since_begin() const { return monotonic_now() - began_; }

    const ThreadedConfig& config_;
    ThreadedControl& control_;
    ItemPlan plan_;
    WorkQueue queue_;
    Instant began_;
    Duration elapsed_{0};
    std::uint64_t depth_max_ = 0;
    /// Items produced and not ended, and one more until all producers have ended.
    std::atomic<std::uint64_t> open_{1};
    struct AllEnded {};
    Channel<AllEnded> all_ended_{1};
    std::vector<Tally> producers_;
    std::vector<Tally> consumers_;
    Tally leftovers_;
};

void Run::produce(std::uint32_t index, Tally& tally) {
    const CancelToken stop = control_.stop_token();
    Selector pause({});
    std::optional<Arrivals> arrivals;
    if (config_.arrival) {
        arrivals.emplace(*config_.arrival,
                         Stream(config_.seed, index, purpose_of("arrivals of a producer")));
    }
    for (std::uint64_t number = index; number < config_.items; number += config_.producers) {
        if (arrivals) {
            const auto time = arrivals->next();
            if (!time) return;
            // Back-pressure shifts the rest of the schedule; being woken late does not.
            const Instant due = began_ + *time + tally.producer.blocked_on_full;
            if (pause.wait_until(due, stop).outcome == SelectOutcome::cancelled) return;
        }
        if (stop.is_cancelled() || !offer(number, index, tally)) return;
    }
}

bool Run::offer(std::uint64_t number, std::uint32_t producer, Tally& tally) {
    const WorkItem item{.number = number,
                        .producer = producer,
                        .lane = plan_.lane(number, config_.priorities),
                        .offered = monotonic_now()};
    open_.fetch_add(1, std::memory_order_relaxed);
    if (queue_.push(item, tally.producer.blocked_on_full) != ChannelStatus::ok) {
        forget_one();
        return false;
    }
    tally.depth_area -= since_begin();
    ++tally.producer.produced;
    control_.produced.fetch_add(1, std::memory_order_relaxed);
    return true;
}

void Run::consume(std::uint32_t index, Tally& tally) {
    const CancelToken cancel = control_.cancel_token();
    WorkQueue::Popper popper(queue_);
    while (!cancel.is_cancelled()) {
        const Instant deadline =
            config_.timeout == Duration{0} ? no_deadline : deadline_after(config_.timeout);
        WorkItem item;
        const ChannelStatus status =
            popper.pop_until(item, deadline, tally.consumer.blocked_on_empty);
        if (status == ChannelStatus::closed) return;
        if (status == ChannelStatus::timeout) {
            ++tally.consumer.timeouts;
            continue;
        }
        if (item.is_sentinel) return;
        const Instant taken = monotonic_now();
        tally.depth_area += taken - began_;
        tally.wait.record(taken - item.offered);
        work_on(item,
                {.item = item.number,
                 .producer = item.producer,
                 .consumer = index,
                 .priority = config_.priorities - item.lane,
                 .waited = taken - item.offered},
                tally);
    }
}

/// Attempts until the item has ended or is back in the queue.
void Run::work_on(WorkItem item, ItemResult story, Tally& tally) {
    while (true) {
        story.attempts = item.attempt;
        if (!attempt(item, story, tally)) return end_item(ItemEnd::left, story, tally);
        if (!plan_.fails(item.number, item.attempt))
            return end_item(ItemEnd::consumed, story, tally);
        if (item.attempt > config_.retries) return end_item(ItemEnd::failed, story, tally);
        ++tally.retried;
        ++item.attempt;
        item.offered = monotonic_now();
        // A consumer that waited for room might be the one that has to make it: where there is
        // none, it tries again at once.
        if (queue_.try_push(item) == ChannelStatus::ok) {
            tally.depth_area -= since_begin();
            return;
        }
        story.waited = Duration{0};
    }
}

/// Works as long as the attempt takes. False when a cancel came first.
bool Run::attempt(const WorkItem& item, ItemResult& story, Tally& tally) {
    const Duration time = plan_.work_time(item.number, item.attempt);
    const Instant began = monotonic_now();
    bool is_done = true;
    if (time > Duration{0}) {
        Selector pause({});
        is_done = pause.wait_until(began + time, control_.cancel_token()).outcome ==
                  SelectOutcome::timeout;
    }
    story.worked = monotonic_now() - began;
    tally.consumer.busy += story.worked;
    if (!is_done) return false;
    tally.work.record(story.worked);
    ++tally.consumer.attempts;
    return true;
}

void Run::end_item(ItemEnd end, ItemResult story, Tally& tally) {
    switch (end) {
        case ItemEnd::consumed: ++tally.consumer.consumed; break;
        case ItemEnd::failed: ++tally.consumer.failed; break;
        case ItemEnd::left: ++tally.left; break;
    }
    story.end = end;
    if (story.item < config_.sample) tally.sample.push_back(story);
    control_.ended.fetch_add(1, std::memory_order_relaxed);
    forget_one();
}

void Run::forget_one() {
    if (open_.fetch_sub(1, std::memory_order_acq_rel) == 1) all_ended_.try_push(AllEnded{});
}

/// Nothing is open any more (or everything is cancelled), so the queue is empty and stays so.
void Run::end_consumers() {
    depth_max_ = queue_.depth_peak();
    if (config_.shutdown == ShutdownStyle::close) return queue_.close();
    Duration ignored{0};
    for (std::uint32_t i = 0; i < config_.consumers; ++i) {
        queue_.push({.lane = config_.priorities - 1, .is_sentinel = true}, ignored);
    }
}

/// What a cancel has left in the queue.
void Run::count_leftovers() {
    WorkQueue::Popper popper(queue_);
    WorkItem item;
    while (popper.try_pop(item) == ChannelStatus::ok) {
        if (item.is_sentinel) continue;
        leftovers_.depth_area += elapsed_;
        end_item(ItemEnd::left,
                 {.item = item.number,
                  .producer = item.producer,
                  .priority = config_.priorities - item.lane,
                  .attempts = item.attempt - 1,
                  .waited = began_ + elapsed_ - item.offered},
                 leftovers_);
    }
}

ThreadedReport Run::execute() {
    {
        const CancelCallback on_cancel = control_.cancel_token().on_cancel([this] {
            queue_.close();
            all_ended_.close();
        });
        std::vector<Thread> consumers;
        for (std::uint32_t i = 0; i < config_.consumers; ++i)
            consumers.emplace_back("sim-consumer-" + std::to_string(i),
                                   [this, i] { consume(i, consumers_[i]); });
        std::vector<Thread> producers;
        for (std::uint32_t i = 0; i < config_.producers; ++i)
            producers.emplace_back("sim-producer-" + std::to_string(i),
                                   [this, i] { produce(i, producers_[i]); });
        producers.clear();  // joins
        forget_one();
        AllEnded ended;
        all_ended_.pop(ended);
        elapsed_ = since_begin();
        end_consumers();
        consumers.clear();  // joins
    }
    count_leftovers();
    return collect();
}

void Run::add_up(Tally& tally, ThreadedReport& report) {
    ThreadedStats& stats = report.stats;
    stats.produced += tally.producer.produced;
    stats.consumed += tally.consumer.consumed;
    stats.failed += tally.consumer.failed;
    stats.left += tally.left;
    stats.retried += tally.retried;
    stats.timeouts += tally.consumer.timeouts;
    stats.blocked_on_full += tally.producer.blocked_on_full;
    stats.blocked_on_empty += tally.consumer.blocked_on_empty;
    stats.queue_depth_mean += to_seconds(tally.depth_area);
    stats.wait.merge(tally.wait);
    stats.work.merge(tally.work);
    report.sample.insert(report.sample.end(), tally.sample.begin(), tally.sample.end());
}

ThreadedReport Run::collect() {
    ThreadedReport report{.config = config_, .stats = {}, .sample = {}};
    ThreadedStats& stats = report.stats;
    for (Tally& tally : producers_) {
        add_up(tally, report);
        stats.producers.push_back(tally.producer);
    }
    for (Tally& tally : consumers_) {
        add_up(tally, report);
        stats.consumers.push_back(tally.consumer);
    }
    add_up(leftovers_, report);
    stats.elapsed = elapsed_;
    stats.queue_depth_max = depth_max_;
    const double seconds = std::max(to_seconds(elapsed_), 1e-9);
    stats.queue_depth_mean = std::max(stats.queue_depth_mean, 0.0) / seconds;
    stats.throughput = static_cast<double>(stats.consumed + stats.failed) / seconds;
    if (control_.cancel_token().is_cancelled())
        stats.end = RunEnd::cancelled;
    else if (control_.stop_token().is_cancelled() && stats.produced < config_.items)
        stats.end = RunEnd::stopped;
    std::sort(report.sample.begin(), report.sample.end(),
              [](const ItemResult& a, const ItemResult& b) { return a.item < b.item; });
    return report;
}

Status out_of_range(std::string_view flag, std::string_view range, std::string_view given) {
    return fail(Code::invalid, std::string(flag) + " must be " + std::string(range) + ", not " +
                                   std::string(given));
}

std::string short_number(double number) {
    char text[32];
    std::snprintf(text, sizeof text, "%.10g", number);
    return text;
}

struct CountRange {
    std::string_view flag;
    std::uint64_t value;
    std::uint64_t least;
    std::uint64_t most;
};

}  // namespace

std::string_view to_string(ShutdownStyle style) {
    return style == ShutdownStyle::close ? "close" : "sentinel";
}

std::string_view to_string(ItemEnd end) {
    switch (end) {
        case ItemEnd::consumed: return "consumed";
        case ItemEnd::failed: return "failed";
        case ItemEnd::left: return "left";
    }
    return "";
}

std::string_view to_string(RunEnd end) {
    switch (end) {
        case RunEnd::complete: return "complete";
        case RunEnd::stopped: return "stopped";
        case RunEnd::cancelled: return "cancelled";
    }
    return "";
}

Status ThreadedConfig::check() const {
    for (const CountRange& range : {
             CountRange{"--items", items, 0, threaded_items_max},
             CountRange{"--producers", producers, 1, threaded_producers_max},
             CountRange{"--consumers", consumers, 1, threaded_consumers_max},
             CountRange{"--capacity", capacity, 1, threaded_capacity_max},
             CountRange{"--retry", retries, 0, threaded_retries_max},
             CountRange{"--priority", priorities, 1, threaded_priorities_max},
             CountRange{"--sample", sample, 0, threaded_sample_max},
         }) {
        if (range.value >= range.least && range.value <= range.most) continue;
        return out_of_range(range.flag,
                            std::to_string(range.least) + " to " + std::to_string(range.most),
                            std::to_string(range.value));
    }
    if (!(failure_rate >= 0 && failure_rate <= 1))
        return out_of_range("--failure-rate", "a share from 0 to 1", short_number(failure_rate));
    if (timeout < Duration{0})
        return out_of_range("--timeout", "0 (no limit) or longer", format_duration(timeout));
    return {};
}

Result<ThreadedReport> run_threaded(const ThreadedConfig& config, ThreadedControl& control) {
    SLUICE_TRY_STATUS(config.check());
    return Run(config, control).execute();
}

}  // namespace sluice::sim
