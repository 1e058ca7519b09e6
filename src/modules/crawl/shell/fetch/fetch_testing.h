// SPDX-License-Identifier: Apache-2.0
// For tests only: a fetch loop whose answers are waited for.
#pragma once

#include "kernel/net/loopback_server_testing.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/clock.h"
#include "modules/crawl/shell/fetch/fetch_loop.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sluice::crawl {

/// Loopback is allowed, limits of time are far away.
inline FetchConfig loopback_config() {
    FetchConfig config;
    config.rules = AddressRules::make({"*"}, {"127.0.0.0/8", "::1"}).value();
    config.connect_timeout = 10min;
    config.first_byte_timeout = 10min;
    config.idle_timeout = 10min;
    config.total_timeout = 10min;
    config.speed_min = 0;
    return config;
}

class Fetcher {
public:
    explicit Fetcher(FetchConfig config = loopback_config()) {
        auto loop =
            FetchLoop::start(std::move(config), "crawl-fetch-0", [this](FetchAnswer&& answer) {
                EXPECT_EQ(answers_.push(std::move(answer)), ChannelStatus::ok);
            });
        EXPECT_TRUE(loop) << (loop ? "" : loop.error().text());
        if (loop) loop_ = *std::move(loop);
    }

    /// A ticket for each order, from 1 on.
    bool order(const std::string& url, FetchLoop::Extra extra = {},
               const std::string& address = "127.0.0.1", std::uint64_t body_max = 1 << 20) {
        FetchOrder order;
        order.ticket = Ticket(++tickets_);
        order.url = url;
        order.address = address;
        order.body_max = body_max;
        return loop_->fetch(std::move(order), std::move(extra));
    }
    /// The next answer; the test fails if none comes.
    FetchAnswer next() {
        FetchAnswer answer;
        EXPECT_EQ(answers_.pop_until(answer, deadline_after(100s)), ChannelStatus::ok);
        return answer;
    }
    FetchAnswer get(const std::string& url, FetchLoop::Extra extra = {},
                    const std::string& address = "127.0.0.1", std::uint64_t body_max = 1 << 20) {
        EXPECT_TRUE(order(url, std::move(extra), address, body_max));
        return next();
    }
    FetchLoop& loop() { return *loop_; }
    [[nodiscard]] std::size_t answers_left() const { return answers_.counters().depth; }

private:
    Channel<FetchAnswer> answers_{4096};
    std::uint64_t tickets_ = 0;
    std::unique_ptr<FetchLoop> loop_;
};

}  // namespace sluice::crawl
