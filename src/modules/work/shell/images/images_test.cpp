// SPDX-License-Identifier: Apache-2.0
// Images through files, as the job types use them: what comes out is read again.
#include "kernel/sync/thread.h"
#include "modules/work/shell/images/image_change.h"
#include "modules/work/shell/images/image_metadata.h"
#include "modules/work/shell/images/image_output.h"
#include "modules/work/shell/images/image_sheet.h"
#include "modules/work/shell/images/images_testing.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>

#include <functional>

namespace sluice::work {
namespace {

class Images : public testing::Test {
protected:
    void SetUp() override {
        files.emplace(
            RootedFiles::open({SLUICE_SAMPLE_DATA, folder.path()}, folder.path()).value());
    }
    Result<ImageFile> open(std::string_view path, ImageRun& job, int page = 0) {
        SLUICE_TRY(InputFile file, files->open_input(path, mib(64)));
        return ImageFile::open(std::move(file), job, page);
    }
    Result<ImageFile> open(std::string_view path) { return open(path, run); }

    using Change = std::function<Result<Pixels>(Pixels, ImageRun&)>;
    /// Loads, changes and saves; gives the size of the result.
    Result<ImageSize> make(std::string_view from, std::string_view to, const Change& change,
                           SaveOptions options = {}) {
        ImageRun job({}, limits);
        SLUICE_TRY(ImageFile file, open(from, job));
        SLUICE_TRY(Pixels image, file.load());
        if (change) {
            SLUICE_TRY(image, change(std::move(image), job));
        }
        SLUICE_TRY(OutputFile output, files->open_output(to, output_max));
        options.format = format_of_name(to).value();
        SLUICE_TRY(const ImageSize size, save_image(image, output, options, job));
        SLUICE_TRY_STATUS(output.commit());
        return size;
    }

    ScratchFolder folder;
    std::optional<RootedFiles> files;
    ImageLimits limits;
    Bytes output_max = mib(64);
    ImageRun run{{}, {}};
};

TEST_F(Images, HeadersAreRead) {
    const struct {
        const char* name;
        ImageFormat format;
        ImageSize size;
        int bands;
        int pages;
        int orientation;
    } rows[] = {
        {"images/harbour.png", ImageFormat::png, {480, 320}, 3, 1, 1},
        {"images/badge.png", ImageFormat::png, {96, 96}, 4, 1, 1},
        {"images/depth16.png", ImageFormat::png, {64, 64}, 1, 1, 1},
        {"images/harbour.jpg", ImageFormat::jpeg, {320, 480}, 3, 1, 6},
        {"images/photo.webp", ImageFormat::webp, {600, 400}, 3, 1, 1},
        {"images/harbour.avif", ImageFormat::avif, {480, 320}, 3, 1, 1},
        {"images/blink.gif", ImageFormat::gif, {96, 64}, 4, 3, 1},
        {"images/pages.tiff", ImageFormat::tiff, {120, 80}, 3, 2, 1},
    };
    for (const auto& row : rows) {
        const auto file = open(row.name);
        ASSERT_TRUE(file) << row.name << ": " << file.error().text();
        const ImageAbout& about = file->about();
        EXPECT_EQ(about.format, row.format) << row.name;
        EXPECT_EQ(about.stored, row.size) << row.name;
        EXPECT_EQ(about.bands, row.bands) << row.name;
        EXPECT_EQ(about.pages, row.pages) << row.name;
        EXPECT_EQ(about.orientation, row.orientation) << row.name;
        EXPECT_EQ(about.alpha, row.bands == 4) << row.name;
    }
    EXPECT_EQ(open("images/depth16.png")->about().bits, 16);
    EXPECT_EQ(open("images/harbour.jpg")->about().upright(), (ImageSize{480, 320}));
}

TEST_F(Images, MetadataIsReadAndLimited) {
    const auto file = open("images/harbour.jpg");
    const auto metadata = read_image_metadata(file->header(), kib(64));
    const std::pair<std::string, std::string> model{"Model", "Lantern 2"};
    const std::pair<std::string, std::string> about{"ImageDescription", "The harbour (evening)"};
    EXPECT_EQ(std::count(metadata.exif.begin(), metadata.exif.end(), model), 1);
    EXPECT_EQ(std::count(metadata.exif.begin(), metadata.exif.end(), about), 1);
    EXPECT_FALSE(metadata.cut);
    const auto cut = read_image_metadata(file->header(), Bytes{40});
    EXPECT_TRUE(cut.cut);
    EXPECT_LT(cut.exif.size(), metadata.exif.size());
    EXPECT_GT(read_image_metadata(open("images/photo.jpg")->header(), kib(1)).icc_bytes, 100u);
}

TEST(ImageMetadata, GivesTheTextForPeople) {
    EXPECT_EQ(exif_value("6 (Right-top, Short, 1 components, 2 bytes)"), "Right-top");
    EXPECT_EQ(exif_value("72/1 (72, Rational, 1 components, 8 bytes)"), "72");
    EXPECT_EQ(exif_value("A (b), c (A (b), c, ASCII, 9 components, 9 bytes)"), "A (b), c");
    EXPECT_EQ(exif_value(""), "");
    EXPECT_EQ(exif_value("odd, bytes)"), "odd, bytes)");
    EXPECT_EQ(exif_value(", , , bytes)"), ", , , bytes)");
}

TEST_F(Images, EveryFormatIsConvertedToEveryOther) {
    for (const auto* from : {"harbour.png", "harbour.jpg", "badge.png", "depth16.png", "photo.webp",
                             "harbour.avif", "blink.gif", "pages.tiff"}) {
        const auto wanted = open("images/" + std::string(from))->about().stored;
        for (const auto* to : {"out.jpg", "out.png", "out.webp", "out.avif"}) {
            const auto size = make("images/" + std::string(from), to, {});
            ASSERT_TRUE(size) << from << " to " << to << ": " << size.error().text();
            const auto again = open(to);
            ASSERT_TRUE(again) << from << " to " << to << ": " << again.error().text();
            EXPECT_EQ(again->about().format, format_of_name(to)) << from;
            EXPECT_EQ(again->about().stored, *size) << from;
            EXPECT_EQ(*size, wanted) << from;
        }
    }
}

TEST_F(Images, ResizingMeetsTheSizeAndTurnsUpright) {
    const struct {
        const char* from;
        FitRequest fit;
        ImageSize size;
    } rows[] = {
        {"images/harbour.png", {.width = 100, .height = 100}, {100, 67}},
        {"images/harbour.jpg", {.width = 100, .height = 100}, {100, 67}},
        {"images/harbour.jpg", {.width = 100, .height = 100, .fit = ImageFit::cover}, {100, 100}},
        {"images/harbour.png", {.width = 33, .height = 99, .fit = ImageFit::exact}, {33, 99}},
        {"images/badge.png", {.width = 200}, {96, 96}},
        {"images/badge.png", {.width = 200, .enlarge = true}, {200, 200}},
        {"images/depth16.png", {.height = 16}, {16, 16}},
    };
    for (const auto& row : rows) {
        for (const ImageKernel kernel : {ImageKernel::lanczos3, ImageKernel::nearest}) {
            const auto size = make(row.from, "out.png", [&](Pixels image, ImageRun& job) {
                return resized(std::move(image), {row.fit, kernel}, job);
            });
            ASSERT_TRUE(size) << row.from << ": " << size.error().text();
            EXPECT_EQ(*size, row.size) << row.from;
            const auto again = open("out.png");
            EXPECT_EQ(again->about().stored, row.size) << row.from;
            EXPECT_EQ(again->about().orientation, 1) << row.from;
        }
    }
}

TEST_F(Images, CuttingStaysWithinTheImage) {
    const auto cut_out = [this](ImageBox box) {
        return make("images/harbour.png", "out.png",
                    [box](Pixels image, ImageRun& job) { return cut(std::move(image), box, job); });
    };
    EXPECT_EQ(cut_out({470, 310, {10, 10}}).value(), (ImageSize{10, 10}));
    const auto outside = cut_out({471, 310, {10, 10}});
    EXPECT_EQ(outside.error().code, Code::invalid);
    EXPECT_EQ(outside.error().message,
              "the box 10x10 at 471,310 is not within the image of 480x320");
    for (const auto gravity :
         {ImageGravity::centre, ImageGravity::attention, ImageGravity::entropy}) {
        const auto size = make("images/harbour.png", "out.png", [&](Pixels image, ImageRun& job) {
            return cut(std::move(image), ImageSize{100, 999}, gravity, job);
        });
        EXPECT_EQ(size.value(), (ImageSize{100, 320}));
    }
}

TEST_F(Images, EveryStepWorksOnEveryKindOfImage) {
    for (const auto* from : {"images/harbour.png", "images/badge.png", "images/depth16.png",
                             "images/harbour.jpg", "images/blink.gif"}) {
        for (const auto* text : {"blur 2", "sharpen", "greyscale", "rotate 90", "flip", "flop",
                                 "brightness 1.2", "contrast 0.8", "invert", "edges"}) {
            const std::vector<ImageStep> steps{parse_image_step(text).value()};
            const auto size = make(from, "out.png", [&](Pixels image, ImageRun& job) {
                return filtered(std::move(image), steps, job);
            });
            ASSERT_TRUE(size) << from << " " << text << ": " << size.error().text();
            ImageSize wanted = open(from)->about().upright();
            if (std::string_view(text) == "rotate 90") std::swap(wanted.width, wanted.height);
            EXPECT_EQ(*size, wanted) << from << " " << text;
        }
    }
}

TEST_F(Images, StepsCalculateWhatTheySay) {
    folder.put("grey.png", plain_png(4, 100));
    const auto pixel = [this](std::vector<std::string> texts) {
        std::vector<ImageStep> steps;
        for (const auto& text : texts) steps.push_back(parse_image_step(text).value());
        const auto made = make("grey.png", "out.png", [&](Pixels image, ImageRun& job) {
            return filtered(std::move(image), steps, job);
        });
        EXPECT_TRUE(made);
        return folder.get("out.png");
    };
    // Images of one grey, so the whole files tell.
    const auto grey = [this](int value) {
        folder.put("wanted-in.png", plain_png(4, static_cast<char>(value)));
        EXPECT_TRUE(make("wanted-in.png", "wanted.png", {}));
        return folder.get("wanted.png");
    };
    EXPECT_EQ(pixel({"invert"}), grey(155));
    EXPECT_EQ(pixel({"brightness 2"}), grey(200));
    EXPECT_EQ(pixel({"brightness 9"}), grey(255));
    EXPECT_EQ(pixel({"contrast 0"}), grey(127));
    EXPECT_EQ(pixel({"invert", "invert", "flip", "flop", "rotate 180"}), grey(100));
    EXPECT_EQ(pixel({"edges"}), grey(0));
}

TEST_F(Images, ThumbnailsAreNoLargerThanAsked) {
    for (const auto* from : {"images/photo.jpg", "images/photo.webp", "images/harbour.jpg",
                             "images/harbour.avif", "images/badge.png", "images/pages.tiff"}) {
        const auto file = open(from);
        const auto small = thumbnail(*file, {.box = {60, 60}}, run);
        ASSERT_TRUE(small) << from << ": " << small.error().text();
        const ImageSize size = size_of(*small);
        EXPECT_EQ(std::max(size.width, size.height), 60) << from;
        const auto square = thumbnail(*file, {.box = {60, 50}, .fit = ImageFit::cover}, run);
        EXPECT_EQ(size_of(*square), (ImageSize{60, 50})) << from;
    }
    const auto badge = open("images/badge.png");
    EXPECT_EQ(size_of(*thumbnail(*badge, {.box = {600, 600}}, run)), (ImageSize{96, 96}));
}

TEST_F(Images, ASheetHasEveryImageInItsCell) {
    const SheetStyle style{
        .cell = {60, 40}, .columns = 2, .spacing = 4, .background = {10, 20, 30}, .captions = true};
    auto sheet = ContactSheet::make(style, 3, run);
    ASSERT_TRUE(sheet);
    for (const auto* name : {"images/photo.jpg", "images/badge.png", "images/depth16.png"}) {
        const auto file = open(name);
        const auto added = sheet->add(*file, "<b>&amp;" + std::string(name));
        ASSERT_TRUE(added) << name << added.error().text();
    }
    const auto image = sheet->finish();
    ASSERT_TRUE(image);
    EXPECT_EQ(size_of(*image), (ImageSize{4 + 2 * 64, 4 + 2 * (40 + 18 + 4)}));
    auto output = files->open_output("sheet.png", mib(1)).value();
    EXPECT_TRUE(save_image(*image, output, {.format = ImageFormat::png}, run));
    EXPECT_TRUE(output.commit());
    EXPECT_TRUE(open("sheet.png"));
    ImageRun small({}, {.pixels_max = 8000});
    EXPECT_EQ(ContactSheet::make(style, 3, small).error().code, Code::exhausted);
}

}  // namespace
}  // namespace sluice::work
