// SPDX-License-Identifier: Apache-2.0
#include "swarm.h"

namespace sluice::jobs::sim {

namespace {

/// Draws numbers for one seed.
struct Draw {
    Random& random;

    /// A chance in thousandths: off in half of the seeds, else 1..most.
    std::uint32_t chance(std::uint64_t most) {
        const std::uint64_t value = 1 + random.below(most);
        return random.below(2) == 0 ? 0 : static_cast<std::uint32_t>(value);
    }
    std::uint32_t between(std::uint64_t low, std::uint64_t high) {
        return static_cast<std::uint32_t>(low + random.below(high - low + 1));
    }
    Duration time(Duration low, Duration high) {
        const auto span = static_cast<std::uint64_t>((high - low).count());
        return low + Duration(static_cast<Duration::rep>(random.below(span + 1)));
    }
};

void draw_clients(Draw& draw, Swarm& swarm) {
    swarm.producers = draw.between(1, 4);
    swarm.plain_workers = draw.between(1, 3);
    swarm.bare_workers = draw.between(0, 2);
    swarm.extended_workers = draw.between(0, 3);
    swarm.queues = draw.between(1, 4);
    swarm.slots = draw.between(1, 6);
    swarm.bulk = draw.chance(400);
    swarm.scheduled = draw.chance(400);
    swarm.priorities = draw.chance(700);
    swarm.short_keep = draw.chance(500);
    swarm.once = draw.chance(500);
    swarm.odd_retries = draw.chance(600);
    swarm.odd_backoff = draw.chance(900);
    swarm.wait_when_lost = draw.chance(300);
    swarm.same_jid = draw.chance(150);
    swarm.repeats_max = draw.between(1, 5);
    swarm.think_max = draw.time(1ms, 8ms);
    swarm.fail = draw.chance(300);
    swarm.final_fail = draw.chance(200);
    swarm.retry_in = draw.chance(300);
    swarm.release = draw.chance(100);
    swarm.extend = draw.chance(100);
    swarm.ack_twice = draw.chance(100);
    swarm.stale_answer = draw.chance(60);
    swarm.stranger_answer = draw.chance(60);
    swarm.stall = draw.chance(60);
    swarm.die = draw.chance(30);
    swarm.deaf = draw.chance(100);
    swarm.leave = draw.chance(20);
    swarm.work_max = draw.time(500us, 30ms);
}

void draw_faults(Draw& draw, Swarm& swarm) {
    swarm.sweeps = draw.chance(600);
    swarm.filters = draw.chance(300);
    swarm.queue_changes = draw.chance(300);
    swarm.removals = draw.chance(60);
    swarm.flush = draw.random.below(10) == 0 ? draw.chance(10) : 0;
    swarm.queries = draw.chance(500);
    swarm.disk_guard = draw.chance(60);
    swarm.signals = draw.chance(50);
    swarm.async = draw.random.below(4) == 0 ? draw.chance(100) : 0;
    swarm.operator_pause = draw.time(2ms, 50ms);
    swarm.loss = draw.chance(20);
    swarm.duplicate = draw.chance(30);
    swarm.reorder = draw.chance(200);
    swarm.breaks = draw.chance(10);
    swarm.silent_breaks = draw.chance(500);
    swarm.tells_undelivered = draw.random.below(2) == 0;
    swarm.delay_max = draw.time(100us, 4ms);
    swarm.write_failure = draw.random.below(3) == 0 ? draw.chance(4) : 0;
    swarm.sync_failure = draw.random.below(3) == 0 ? draw.chance(10) : 0;
    if (draw.random.below(3) != 0) swarm.crash_mean = draw.time(100ms, 2s);
    if (draw.random.below(3) == 0) swarm.jump_mean = draw.time(200ms, 2s);
    swarm.sync_max = draw.time(50us, 5ms);
    swarm.drain_max = draw.time(10us, 1ms);
    swarm.batch_max = draw.between(1, 32);
}

}  // namespace

void draw_limits(Random& random, EngineConfig& config) {
    Draw draw{random};
    const bool roomy = random.below(4) == 0;
    config.ready_window_jobs = roomy ? 64 : draw.between(1, 8);
    config.due_window_jobs = roomy ? 64 : draw.between(1, 8);
    if (random.below(4) == 0) config.ready_window_bytes = draw.between(200, 2000);
    if (random.below(4) == 0) config.due_window_bytes = draw.between(200, 2000);
    config.sweep_page = draw.between(1, 12);
    config.timers_per_tick = draw.between(1, 10);
}

namespace {

/// A third of the seeds has jobs so big that the windows' and pages' bytes count. Drawn apart, so
/// that the other seeds are what they were.
void draw_big(std::uint64_t seed, Swarm& swarm) {
    if (seed % 3 != 0) return;
    Random random(seed * 2 + 0x9e3779b97f4a7c15ULL);
    Draw draw{random};
    swarm.big = draw.between(50, 900);
    EngineConfig& engine = swarm.engine;
    engine.ready_window_jobs = draw.between(4, 32);
    engine.due_window_jobs = draw.between(4, 32);
    engine.ready_window_bytes = draw.between(500, 8000);
    engine.due_window_bytes = draw.between(500, 8000);
    engine.sweep_page_bytes = draw.between(1, 6000);
    engine.list_bytes = draw.between(1, 6000);
}

}  // namespace

Swarm draw_swarm(std::uint64_t seed) {
    Random random(seed * 2 + 1);
    Draw draw{random};
    Swarm swarm;
    swarm.early_deliveries = seed % 4 < 2;
    swarm.chaos_events = 2000 + random.below(6000);
    draw_clients(draw, swarm);
    draw_faults(draw, swarm);
    EngineConfig& engine = swarm.engine;
    engine.seed = random.next();
    draw_limits(random, engine);
    engine.reserve_default = draw.time(300ms, 2s);
    engine.reserve_min = 200ms;
    engine.reserve_max = 5s;
    engine.beat_lease = draw.time(100ms, 600ms);
    engine.extended_silence = draw.time(150ms, 600ms);
    engine.worker_silence = engine.extended_silence + draw.time(50ms, 500ms);
    engine.restart_grace = draw.time(100ms, 800ms);
    engine.losses_max = static_cast<std::uint8_t>(draw.between(2, 4));
    engine.losses_window = random.below(2) == 0 ? Duration(1s) : Duration(1h);
    engine.finished_keep = random.below(2) == 0 ? draw.time(50ms, 1s) : Duration(1h);
    engine.finished_max = random.below(2) == 0 ? draw.between(5, 60) : 100'000;
    engine.dead_keep = random.below(2) == 0 ? draw.time(50ms, 2s) : Duration(24h);
    engine.dead_max = random.below(2) == 0 ? draw.between(2, 30) : 100'000;
    engine.sweeps_max = draw.between(1, 8);
    engine.waits_max = draw.between(1, 8);
    draw_big(seed, swarm);
    return swarm;
}

}  // namespace sluice::jobs::sim
