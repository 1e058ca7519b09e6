// SPDX-License-Identifier: Apache-2.0
// For tests only: the table of built-in types over the sample data, and one run of a handler as a
// worker would do it.
#pragma once

#include "kernel/sync/cancel.h"
#include "kernel/wire/json_text.h"
#include "modules/work/types.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::work {

class Context final : public sdk::JobContext {
public:
    explicit Context(std::string args, CancelToken token = {}) : cancel_(std::move(token)) {
        job_.jid = "j1";
        job_.args = std::move(args);
    }
    [[nodiscard]] const sdk::Delivery& job() const override { return job_; }
    [[nodiscard]] const CancelToken& cancel() const override { return cancel_; }
    void progress(int percent, std::string_view) override {
        EXPECT_GE(percent, last);
        EXPECT_LE(percent, 100);
        last = percent;
        ++reports;
        if (on_progress) on_progress();
    }

    int last = 0;
    int reports = 0;
    std::function<void()> on_progress;

private:
    sdk::Delivery job_;
    CancelToken cancel_;
};

/// A worker's table over the sample data and a folder for outputs.
class BuiltInTypes : public testing::Test {
protected:
    void SetUp() override {
        settings.read_roots = {SLUICE_SAMPLE_DATA, folder.path()};
        settings.write_root = folder.path();
        settings.programs = {
            {.name = "sh", .path = "/bin/sh"},
            {.name = "env", .path = "/usr/bin/env", .environment = {"A=1"}, .variables = {"B"}}};
    }

    sdk::Outcome run(std::string_view type, Context& context) {
        if (types.empty()) types = built_in_types(settings).value();
        const auto found = std::find_if(types.begin(), types.end(),
                                        [type](const auto& row) { return row.name == type; });
        if (found == types.end()) return sdk::Failure{"NoSuchType", std::string(type), true, {}};
        return found->run(context);
    }
    /// The result as text; a failure as "ErrType: message".
    std::string run(std::string_view type, const std::string& args) {
        Context context(args);
        auto outcome = run(type, context);
        if (auto* failure = std::get_if<sdk::Failure>(&outcome)) {
            EXPECT_TRUE(is_valid_json(json_escape(failure->message)));
            return failure->errtype + ": " + failure->message;
        }
        EXPECT_TRUE(is_valid_json(std::get<std::string>(outcome)));
        return std::get<std::string>(outcome);
    }
    void expect_failure(std::string_view type, const std::string& args, std::string_view said) {
        const std::string got = run(type, args);
        EXPECT_NE(got.find(said), std::string::npos) << type << args << " gave " << got;
    }
    void expect_in(std::string_view type, const std::string& args, std::string_view part) {
        expect_failure(type, args, part);
    }

    ScratchFolder folder;
    WorkSettings settings;
    std::vector<sdk::JobType> types;
};

}  // namespace sluice::work
