// SPDX-License-Identifier: Apache-2.0
// For tests: a job with arguments and nothing behind it.
#pragma once

#include "sdk/handler.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace sluice::crawl {

class Context final : public sdk::JobContext {
public:
    explicit Context(std::string args, CancelToken token = {}) : cancel_(std::move(token)) {
        job_.args = std::move(args);
    }
    [[nodiscard]] const sdk::Delivery& job() const override { return job_; }
    [[nodiscard]] const CancelToken& cancel() const override { return cancel_; }
    void progress(int percent, std::string_view) override {
        EXPECT_GE(percent, 0);
        EXPECT_LE(percent, 100);
    }

private:
    sdk::Delivery job_;
    CancelToken cancel_;
};

}  // namespace sluice::crawl
