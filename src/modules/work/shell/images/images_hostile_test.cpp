// SPDX-License-Identifier: Apache-2.0
// Image files that are not what they say, and limits: every one a clear error, and no file.
#include "modules/work/shell/images/image_change.h"
#include "modules/work/shell/images/image_output.h"
#include "modules/work/shell/images/image_sheet.h"
#include "modules/work/shell/images/images_testing.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

namespace sluice::work {
namespace {

class HostileImages : public testing::Test {
protected:
    void SetUp() override {
        files.emplace(
            RootedFiles::open({SLUICE_SAMPLE_DATA, folder.path()}, folder.path()).value());
    }
    /// Reads the whole image and writes it as PNG, in the ways that the job types have.
    Result<ImageSize> convert(std::string_view path, ImageRun& job) {
        SLUICE_TRY(InputFile input, files->open_input(path, mib(64)));
        SLUICE_TRY(ImageFile file, ImageFile::open(std::move(input), job));
        SLUICE_TRY(Pixels image, file.load());
        SLUICE_TRY(OutputFile output, files->open_output("out/result.png", output_max));
        SLUICE_TRY(const ImageSize size,
                   save_image(image, output, {.format = ImageFormat::png}, job));
        SLUICE_TRY_STATUS(output.commit());
        return size;
    }
    Result<ImageSize> small(std::string_view path, ImageRun& job) {
        SLUICE_TRY(InputFile input, files->open_input(path, mib(64)));
        SLUICE_TRY(const ImageFile file, ImageFile::open(std::move(input), job));
        SLUICE_TRY(const Pixels image, thumbnail(file, {.box = {32, 32}}, job));
        SLUICE_TRY(OutputFile output, files->open_output("out/result.png", output_max));
        return save_image(image, output, {.format = ImageFormat::png}, job);
    }
    void expect_error(const std::string& content, Code code, std::string_view said,
                      std::string_view about = "") {
        folder.put("in.png", content);
        for (const auto way : {&HostileImages::convert, &HostileImages::small}) {
            ImageRun job({}, limits);
            const auto got = (this->*way)("in.png", job);
            ASSERT_FALSE(got) << said << about << " of " << content.size() << " bytes became "
                              << to_string(*got);
            EXPECT_EQ(got.error().code, code) << got.error().text();
            EXPECT_NE(got.error().message.find(said), std::string::npos) << got.error().text();
        }
        std::error_code none;
        std::filesystem::create_directory(folder / "out", none);
        EXPECT_EQ(folder.entries("out"), 0u) << said;
    }

    ScratchFolder folder;
    std::optional<RootedFiles> files;
    ImageLimits limits;
    Bytes output_max = mib(64);
};

TEST_F(HostileImages, WhatIsNoImageIsToldSo) {
    expect_error("", Code::corrupt, "the file is empty");
    expect_error("\x89", Code::corrupt, "the content is no JPEG, PNG");
    expect_error("To whom it may concern: not an image.\n", Code::corrupt,
                 "the content is no JPEG");
    expect_error("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>",
                 Code::corrupt, "the content is no JPEG");
    expect_error("%PDF-1.4\n", Code::corrupt, "the content is no JPEG");
    expect_error("P5 2 2 255\nabcd", Code::corrupt, "the content is no JPEG");
}

TEST_F(HostileImages, TheNameDoesNotDecide) {
    folder.put("photo.png", sample("photo.jpg"));
    ImageRun job({}, limits);
    EXPECT_EQ(convert("photo.png", job).value(), (ImageSize{1200, 800}));
}

TEST_F(HostileImages, CutOffFilesFailWhereverTheyEnd) {
    for (const auto* name : {"harbour.png", "harbour.jpg", "photo.jpg", "photo.webp",
                             "harbour.avif", "blink.gif", "pages.tiff"}) {
        const std::string whole = sample(name);
        // GIF and TIFF may end after what the first page needs.
        for (const std::size_t percent : {1u, 10u, 30u}) {
            expect_error(whole.substr(0, std::max<std::size_t>(16, whole.size() * percent / 100)),
                         Code::corrupt, "", name);
        }
    }
    for (const auto* name : {"harbour.png", "photo.jpg", "photo.webp"}) {
        const std::string whole = sample(name);
        expect_error(whole.substr(0, whole.size() * 9 / 10), Code::corrupt, "", name);
    }
}

TEST_F(HostileImages, DamagedBytesNeverCrash) {
    for (const auto* name : {"harbour.png", "harbour.jpg", "photo.webp", "harbour.avif",
                             "blink.gif", "pages.tiff", "badge.png", "depth16.png"}) {
        const std::string whole = sample(name);
        for (std::size_t i = 0; i < 7; ++i) {
            std::string damaged = whole;
            const std::size_t at = 8 + i * i * (whole.size() - 16) / 49;
            for (std::size_t j = 0; j < 6; ++j)
                damaged[at + j] = static_cast<char>(~damaged[at + j]);
            folder.put("in.png", damaged);
            ImageRun job({}, limits);
            const auto got = convert("in.png", job);
            if (!got) {
                EXPECT_TRUE(got.error().code == Code::corrupt ||
                            got.error().code == Code::exhausted)
                    << name << ": " << got.error().text();
            }
        }
    }
}

TEST_F(HostileImages, BombsAreRefusedByTheirHeader) {
    expect_error(grey_png({50'000, 50'000}, std::string(1000, '\0')), Code::exhausted,
                 "the image has 50000x50000 pixels; the limit is 100000000");
    std::string jpeg = sample("photo.jpg");
    // The frame header (SOF0) says 65,500 x 65,500.
    const auto frame = jpeg.find("\xFF\xC0");
    ASSERT_NE(frame, std::string::npos);
    jpeg.replace(frame + 5, 4, "\xFF\xDC\xFF\xDC");
    expect_error(jpeg, Code::exhausted, "65500x65500");
    // What fits by its pixels, but is decoded in one piece.
    limits.memory_max = 700'000;
    expect_error(grey_png({1001, 1001, true}, std::string(1000, '\0')), Code::exhausted,
                 "decoding the image takes ");
    expect_error(sample("photo.webp"), Code::exhausted, "decoding the image takes ");
    limits.memory_max = 300'000;
    expect_error(sample("harbour.avif"), Code::exhausted, "decoding the image takes");
    limits.memory_max = 20'000;
    expect_error(sample("pages.tiff"), Code::exhausted, "decoding the image takes ");
}

TEST_F(HostileImages, TiffTilesLargerThanTheImageAreRefused) {
    // 16 x 16 grey pixels in one tile of 65,520 x 65,520: entries of tag, type, count and value.
    const auto little = [](std::uint64_t value, int bytes) {
        std::string out;
        for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i);
        return out;
    };
    const std::pair<std::uint64_t, std::uint64_t> entries[] = {
        {256, 16}, {257, 16},     {258, 8},      {259, 1}, {262, 1},
        {277, 1},  {322, 65'520}, {323, 65'520}, {324, 0}, {325, 256}};
    std::string tiff = "II*" + std::string(1, '\0') + little(8, 4) + little(std::size(entries), 2);
    for (const auto& [tag, value] : entries) {
        tiff += little(tag, 2) + little(4, 2) + little(1, 4) + little(value, 4);
    }
    expect_error(tiff + little(0, 4) + std::string(300, 'x'), Code::corrupt, "tiff");
}

TEST_F(HostileImages, FramesAreLimited) {
    // The library stops counting there, and so does the limit that is the default.
    expect_error(gif_of_frames(10'001), Code::exhausted, "4097 pages");
    limits.pages_max = 100;
    expect_error(gif_of_frames(101), Code::exhausted, "101 pages or frames; the limit is 100");
    folder.put("in.gif", gif_of_frames(100));
    ImageRun job({}, limits);
    EXPECT_EQ(convert("in.gif", job).value(), (ImageSize{1, 1}));
}

TEST_F(HostileImages, BrokenExifIsLeftOut) {
    std::string jpeg = sample("harbour.jpg");
    const auto exif = jpeg.find("Exif");
    ASSERT_NE(exif, std::string::npos);
    // Its entries are replaced by ones that lead far outside of it.
    for (std::size_t i = exif + 16; i < exif + 60; ++i) jpeg[i] = '\xFF';
    folder.put("in.jpg", jpeg);
    ImageRun job({}, limits);
    EXPECT_EQ(convert("in.jpg", job).value(), (ImageSize{320, 480}));
}

TEST_F(HostileImages, OutputsHaveLimits) {
    output_max = Bytes{500};
    expect_error(sample("photo.jpg"), Code::exhausted, "the output is larger than the limit");
}

TEST_F(HostileImages, FormatsHaveTheirSides) {
    ImageRun job({}, limits);
    std::string rows;
    for (int y = 0; y < 17'000; ++y) rows += std::string(2, '\0');
    folder.put("tall.png", grey_png({1, 17'000}, rows));
    auto file = ImageFile::open(files->open_input("tall.png", mib(1)).value(), job);
    const auto image = file->load();
    auto output = files->open_output("tall.webp", mib(1)).value();
    const auto got = save_image(*image, output, {.format = ImageFormat::webp}, job);
    EXPECT_EQ(got.error().code, Code::invalid);
    EXPECT_EQ(got.error().message,
              "the image would have 1x17000 pixels; a side of webp has at most 16383");
    EXPECT_EQ(save_image(*image, output, {.format = ImageFormat::avif}, job).error().code,
              Code::invalid);
}

TEST_F(HostileImages, ACancelledJobStopsAndLeavesNothing) {
    for (const auto* name : {"images/photo.jpg", "images/photo.webp", "images/harbour.png"}) {
        const CancelSource source;
        int reports = 0;
        ImageRun job(source.token(), limits, [&](int) {
            if (++reports == 2) source.cancel();
        });
        const auto got = convert(name, job);
        ASSERT_FALSE(got) << name;
        EXPECT_EQ(got.error().code, Code::cancelled) << name << got.error().text();
        EXPECT_LE(reports, 3) << name;
        EXPECT_EQ(folder.entries("out"), 0u) << name;
    }
    const CancelSource before;
    before.cancel();
    ImageRun job(before.token(), limits);
    EXPECT_EQ(convert("images/photo.jpg", job).error().code, Code::cancelled);
}

TEST_F(HostileImages, ATimeThatIsOverStopsTheJob) {
    const CancelSource source(monotonic_now() - 1s);
    ImageRun job(source.token(), limits);
    EXPECT_EQ(convert("images/photo.jpg", job).error().code, Code::timeout);
}

TEST_F(HostileImages, PathsStayBelowTheirFolders) {
    std::filesystem::create_symlink("/etc/passwd", folder / "link.jpg");
    ImageRun job({}, limits);
    EXPECT_EQ(convert("link.jpg", job).error().code, Code::denied);
    EXPECT_EQ(convert("../harbour.png", job).error().code, Code::invalid);
    EXPECT_EQ(convert("images", job).error().code, Code::denied);
}

}  // namespace
}  // namespace sluice::work
