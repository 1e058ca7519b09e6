// SPDX-License-Identifier: Apache-2.0
// Every queue of the benchmark under one face: put() on a Producer, take() on a Consumer, which
// returns how many items it took (0: closed and empty) and adds them up, and close(). "Sleeps" says
// what an idle consumer does: sleep in the kernel, or spin.
#pragma once

#include "kernel/sync/channel.h"
#include "kernel/sync/mpmc_ring.h"
#include "kernel/sync/spsc_ring.h"

#include <concurrentqueue/blockingconcurrentqueue.h>
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace sluice::bench {

using Item = std::uint64_t;
constexpr std::size_t capacity = 1024;
constexpr std::size_t batch = 64;

/// The textbook: a ring, a std::mutex, two std::condition_variable. `drain`: all items at once.
template <bool drain>
struct StdRing {
    static constexpr bool sleeps = true;
    struct Producer {
        explicit Producer(StdRing& queue) : queue_(queue) {}
        void put(Item item) {
            {
                std::unique_lock lock(queue_.mutex_);
                while (queue_.tail_ - queue_.head_ == capacity) queue_.room_.wait(lock);
                queue_.ring_[queue_.tail_++ % capacity] = item;
            }
            queue_.items_.notify_one();
        }
        void finish() {}
        StdRing& queue_;
    };
    struct Consumer {
        explicit Consumer(StdRing& queue) : queue_(queue) {}
        std::size_t take(Item& sum) {
            std::unique_lock lock(queue_.mutex_);
            while (queue_.tail_ == queue_.head_ && !queue_.closed_) queue_.items_.wait(lock);
            const std::size_t count = drain ? queue_.tail_ - queue_.head_
                                            : std::min<std::size_t>(1, queue_.tail_ - queue_.head_);
            taken_.clear();
            for (std::size_t i = 0; i < count; ++i)
                taken_.push_back(queue_.ring_[queue_.head_++ % capacity]);
            lock.unlock();
            drain ? queue_.room_.notify_all() : queue_.room_.notify_one();
            for (const Item item : taken_) sum += item;
            return count;
        }
        StdRing& queue_;
        std::vector<Item> taken_;
    };
    void close() {
        std::unique_lock lock(mutex_);
        closed_ = true;
        items_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable room_, items_;
    std::vector<Item> ring_ = std::vector<Item>(capacity);
    std::size_t head_ = 0, tail_ = 0;
    bool closed_ = false;
};

/// The channel on the locks of the standard library.
struct StandardLocks : StdAtomics {
    class SLUICE_CAPABILITY("mutex") Mutex {
    public:
        void lock() SLUICE_ACQUIRE() { mutex.lock(); }
        void unlock() SLUICE_RELEASE() { mutex.unlock(); }
        std::mutex mutex;
    };
    class SLUICE_SCOPED_CAPABILITY MutexLock {
    public:
        explicit MutexLock(Mutex& mutex) SLUICE_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
        ~MutexLock() SLUICE_RELEASE() { mutex_.unlock(); }

    private:
        Mutex& mutex_;
    };
    class CondVar {
    public:
        void notify_one() noexcept { condition_.notify_one(); }
        void notify_all() noexcept { condition_.notify_all(); }
        /// Without deadlines: the benchmark has none.
        bool wait_until(Mutex& mutex, Instant) SLUICE_REQUIRES(mutex) {
            std::unique_lock lock(mutex.mutex, std::adopt_lock);
            condition_.wait(lock);
            lock.release();
            return true;
        }

    private:
        std::condition_variable condition_;
    };
};

enum class How { single, drain, batches };

/// Our Channel: item by item; pushed one by one and drained; pushed in batches and drained.
template <How how, class Sync = StdSync>
struct Ours {
    static constexpr bool sleeps = true;
    using Queue = BasicChannel<Item, Sync>;
    struct Producer {
        explicit Producer(Ours& queue) : queue_(queue.queue_) {}
        void put(Item item) {
            if constexpr (how == How::batches) {
                batch_.push_back(item);
                if (batch_.size() == batch) queue_.push_all(batch_);
            } else {
                queue_.push(std::move(item));
            }
        }
        void finish() { queue_.push_all(batch_); }
        Queue& queue_;
        std::vector<Item> batch_;
    };
    struct Consumer {
        explicit Consumer(Ours& queue) : queue_(queue.queue_) {}
        std::size_t take(Item& sum) {
            if constexpr (how == How::single) {
                Item item = 0;
                if (queue_.pop(item) != ChannelStatus::ok) return 0;
                sum += item;
                return 1;
            } else {
                taken_.clear();
                queue_.pop_all(taken_, capacity);
                for (const Item item : taken_) sum += item;
                return taken_.size();
            }
        }
        Queue& queue_;
        std::vector<Item> taken_;
    };
    void close() { queue_.close(); }
    Queue queue_{capacity};
};

/// A queue that only tries: both sides spin, and yield when they have tried for a while.
template <class Queue, bool (*push)(Queue&, Item), bool (*pop)(Queue&, Item&)>
struct Spinning {
    static constexpr bool sleeps = false;
    struct Pauses {
        void operator()() {
            if (++tries_ % 64 == 0) std::this_thread::yield();
        }
        unsigned tries_ = 0;
    };
    struct Producer {
        explicit Producer(Spinning& queue) : queue_(queue) {}
        void put(Item item) {
            Pauses pause;
            while (!push(queue_.queue_, item)) pause();
        }
        void finish() {}
        Spinning& queue_;
    };
    struct Consumer {
        explicit Consumer(Spinning& queue) : queue_(queue) {}
        std::size_t take(Item& sum) {
            Pauses pause;
            while (true) {
                const bool closed = queue_.closed_.load(std::memory_order_acquire);
                Item item = 0;
                if (pop(queue_.queue_, item)) {
                    sum += item;
                    return 1;
                }
                if (closed) return 0;
                pause();
            }
        }
        Spinning& queue_;
    };
    void close() { closed_.store(true, std::memory_order_release); }
    Queue queue_{capacity};
    std::atomic<bool> closed_{false};
};

template <class Queue>
bool ring_push(Queue& queue, Item item) {
    return queue.try_push(std::move(item));
}
template <class Queue>
bool ring_pop(Queue& queue, Item& item) {
    return queue.try_pop(item);
}
template <class Queue>
bool boost_push(Queue& queue, Item item) {
    return queue.push(item);
}
template <class Queue>
bool boost_pop(Queue& queue, Item& item) {
    return queue.pop(item);
}
template <class Queue>
using OurRing = Spinning<Queue, ring_push<Queue>, ring_pop<Queue>>;
template <class Queue>
using BoostRing = Spinning<Queue, boost_push<Queue>, boost_pop<Queue>>;

using OurSpsc = OurRing<SpscRing<Item>>;
using OurMpmc = OurRing<MpmcRing<Item>>;
using BoostSpsc = BoostRing<boost::lockfree::spsc_queue<Item>>;
using BoostMpmc = BoostRing<boost::lockfree::queue<Item, boost::lockfree::fixed_sized<true>>>;

/// moodycamel's blocking queue; unbounded: its producers never wait.
template <bool tokens>
struct Moody {
    static constexpr bool sleeps = true;
    using Queue = moodycamel::BlockingConcurrentQueue<Item>;
    struct Producer {
        explicit Producer(Moody& queue) : queue_(queue.queue_), token_(queue.queue_) {}
        void put(Item item) { tokens ? queue_.enqueue(token_, item) : queue_.enqueue(item); }
        void finish() {}
        Queue& queue_;
        moodycamel::ProducerToken token_;
    };
    struct Consumer {
        explicit Consumer(Moody& queue) : owner_(queue), token_(queue.queue_) {}
        std::size_t take(Item& sum) {
            while (true) {
                const bool closed = owner_.closed_.load(std::memory_order_acquire);
                Item item = 0;
                // It knows no closing, hence the time; it is met only at the end.
                const bool got = tokens ? owner_.queue_.wait_dequeue_timed(token_, item, 200)
                                        : owner_.queue_.wait_dequeue_timed(item, 200);
                if (got) {
                    sum += item;
                    return 1;
                }
                if (closed) return 0;
            }
        }
        Moody& owner_;
        moodycamel::ConsumerToken token_;
    };
    void close() { closed_.store(true, std::memory_order_release); }
    Queue queue_{capacity};
    std::atomic<bool> closed_{false};
};

}  // namespace sluice::bench
