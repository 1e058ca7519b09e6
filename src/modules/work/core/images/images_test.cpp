// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/images/image_geometry.h"
#include "modules/work/core/images/image_steps.h"

#include <gtest/gtest.h>

namespace sluice::work {
namespace {

TEST(ImageGeometry, FitsAnImageIntoWhatIsWanted) {
    const struct {
        const char* about;
        ImageSize from;
        FitRequest request;
        FitPlan plan;
    } rows[] = {
        {"the width decides",
         {4000, 3000},
         {.width = 400, .height = 400},
         {{400, 300}, {400, 300}}},
        {"the height decides",
         {3000, 4000},
         {.width = 400, .height = 400},
         {{300, 400}, {300, 400}}},
        {"only a width", {4000, 3000}, {.width = 1000}, {{1000, 750}, {1000, 750}}},
        {"only a height", {4000, 3000}, {.height = 30}, {{40, 30}, {40, 30}}},
        {"smaller stays", {100, 50}, {.width = 400, .height = 400}, {{100, 50}, {100, 50}}},
        {"smaller grows when asked",
         {100, 50},
         {.width = 400, .height = 400, .enlarge = true},
         {{400, 200}, {400, 200}}},
        {"cover cuts the sides",
         {4000, 3000},
         {.width = 300, .height = 300, .fit = ImageFit::cover},
         {{400, 300}, {300, 300}}},
        {"cover of a smaller one cuts only",
         {400, 100},
         {.width = 200, .height = 200, .fit = ImageFit::cover},
         {{400, 100}, {200, 100}}},
        {"cover with one side is inside",
         {400, 100},
         {.width = 200, .fit = ImageFit::cover},
         {{200, 50}, {200, 50}}},
        {"exact ignores proportions",
         {400, 100},
         {.width = 50, .height = 60, .fit = ImageFit::exact},
         {{50, 60}, {50, 60}}},
        {"exact does not enlarge either side",
         {400, 100},
         {.width = 500, .height = 60, .fit = ImageFit::exact},
         {{400, 60}, {400, 60}}},
        {"a side never vanishes", {10000, 3}, {.width = 10}, {{10, 1}, {10, 1}}},
        {"a third is met exactly", {1000, 333}, {.width = 333}, {{333, 111}, {333, 111}}},
    };
    for (const auto& row : rows) {
        const FitPlan got = plan_fit(row.from, row.request);
        EXPECT_EQ(got, row.plan) << row.about << ": " << to_string(got.scaled) << ", "
                                 << to_string(got.cut);
    }
}

TEST(ImageGeometry, NoPlanLeavesWhatWasAskedFor) {
    for (std::int64_t width = 1; width < 60; width += 7) {
        for (std::int64_t height = 1; height < 60; height += 5) {
            for (const ImageFit fit : {ImageFit::inside, ImageFit::cover, ImageFit::exact}) {
                for (const bool enlarge : {false, true}) {
                    const FitRequest request{31, 17, fit, enlarge};
                    const auto plan = plan_fit({width, height}, request);
                    EXPECT_LE(plan.cut.width, 31);
                    EXPECT_LE(plan.cut.height, 17);
                    EXPECT_LE(plan.cut.width, plan.scaled.width);
                    EXPECT_LE(plan.cut.height, plan.scaled.height);
                    EXPECT_GE(plan.cut.width, 1);
                    EXPECT_GE(plan.cut.height, 1);
                    if (!enlarge) {
                        EXPECT_LE(plan.scaled.width, width);
                        EXPECT_LE(plan.scaled.height, height);
                    }
                    if (enlarge && fit != ImageFit::inside) {
                        EXPECT_EQ(plan.cut, (ImageSize{31, 17}));
                    }
                }
            }
        }
    }
}

TEST(ImageGeometry, LaysOutASheet) {
    const auto square = plan_sheet({.images = 10, .cell = {100, 80}, .spacing = 10});
    EXPECT_EQ(square.columns, 4);
    EXPECT_EQ(square.rows, 3);
    EXPECT_EQ(square.size, (ImageSize{450, 280}));
    const auto row = plan_sheet({.images = 2, .cell = {100, 80}, .columns = 5});
    EXPECT_EQ(row.columns, 2);
    EXPECT_EQ(row.rows, 1);
    EXPECT_EQ(row.size, (ImageSize{200, 80}));
}

TEST(ImageGeometry, ReadsSizes) {
    EXPECT_EQ(parse_image_size("640x480", 1000).value(), (ImageSize{640, 480}));
    EXPECT_EQ(parse_image_size("64", 1000).value(), (ImageSize{64, 64}));
    for (const auto* text : {"", "x", "0", "0x5", "5x", "5x0", "1001", "-3x4", "3x4x5", "3 x 4"}) {
        EXPECT_EQ(parse_image_size(text, 1000).error().code, Code::invalid) << text;
    }
}

TEST(ImageSteps, AreRead) {
    EXPECT_EQ(parse_image_step("blur 2.5").value(), (ImageStep{ImageStepKind::blur, 2.5}));
    EXPECT_EQ(parse_image_step(" sharpen ").value(), (ImageStep{ImageStepKind::sharpen, 1}));
    EXPECT_EQ(parse_image_step("rotate 270").value(), (ImageStep{ImageStepKind::rotate, 270}));
    EXPECT_EQ(parse_image_step("invert").value(), (ImageStep{ImageStepKind::invert, 0}));
    const struct {
        const char* text;
        const char* said;
    } rows[] = {
        {"", "is no step; steps are blur, sharpen"},
        {"emboss 3", "\"emboss 3\" is no step"},
        {"rotate", "\"rotate\" needs a value"},
        {"rotate 45", "takes 90, 180 or 270, not \"45\""},
        {"blur 0", "takes a number from 0.3 to 100, not \"0\""},
        {"blur nan", "takes a number"},
        {"blur 1e999", "takes a number"},
        {"blur 2 3", "more than one value"},
        {"invert 1", "\"invert\" takes no value"},
        {"contrast much", "takes a number from 0 to 10, not \"much\""},
    };
    for (const auto& row : rows) {
        const auto got = parse_image_step(row.text);
        ASSERT_FALSE(got) << row.text;
        EXPECT_NE(got.error().message.find(row.said), std::string::npos) << got.error().message;
    }
    EXPECT_TRUE(needs_whole_image(ImageStepKind::rotate));
    EXPECT_FALSE(needs_whole_image(ImageStepKind::blur));
}

TEST(ImageColour, IsRead) {
    EXPECT_EQ(parse_image_colour("#ff00A0").value(), (ImageColour{255, 0, 160}));
    for (const auto* text : {"", "#", "ff00a0", "#ff00a", "#ff00a00", "#gg0000", "#-10000"}) {
        EXPECT_FALSE(parse_image_colour(text)) << text;
    }
}

}  // namespace
}  // namespace sluice::work
