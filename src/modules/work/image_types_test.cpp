// SPDX-License-Identifier: Apache-2.0
// The image types as a worker runs them. What is done to the pixels is tested in shell/images.
#include "modules/work/built_in_types_testing.h"

#include "kernel/sync/thread.h"

#include <filesystem>

namespace sluice::work {
namespace {

class ImageTypes : public BuiltInTypes {};

TEST_F(ImageTypes, InfoTellsWhatAFileIs) {
    const auto said = run("image.info", R"(["images/harbour.jpg"])");
    EXPECT_NE(said.find(R"("format":"jpeg","width":320,"height":480,"orientation":6,"pages":1,)"
                        R"("colours":"srgb","bands":3,"bits":8,"alpha":false)"),
              std::string::npos)
        << said;
    EXPECT_NE(said.find(R"("Model":"Lantern 2")"), std::string::npos) << said;
    EXPECT_NE(said.find(R"("xmp":null)"), std::string::npos) << said;
    EXPECT_EQ(run("image.info", R"(["images/harbour.jpg",{"metadata":false}])").find("exif"),
              std::string::npos);
    expect_in("image.info", R"(["images/blink.gif",{"page":2}])", R"("pages":3)");
    expect_failure("image.info", R"(["images/blink.gif",{"page":3}])", "CorruptInput: ");
    expect_failure("image.info", R"(["images/harbour.png",{"page":1}])", "InvalidInput: ");
}

TEST_F(ImageTypes, EachMakesAFile) {
    const struct {
        const char* type;
        const char* args;
        const char* said;
    } rows[] = {
        {"image.convert", R"(["images/harbour.jpg","a.avif"])",
         R"("output":"a.avif","format":"avif","width":480,"height":320,)"},
        {"image.convert", R"(["images/badge.png","a.jpg",{"background":"#102030","strip":true}])",
         R"("format":"jpeg","width":96,"height":96,)"},
        {"image.convert", R"(["images/pages.tiff","a.bin",{"format":"webp","page":1}])",
         R"("output":"a.bin","format":"webp","width":120,"height":80,)"},
        {"image.resize", R"(["images/photo.jpg","b/small.jpg",{"width":300,"strip":true}])",
         R"("width":300,"height":200,)"},
        {"image.resize", R"(["images/photo.jpg","b.png",{"width":50,"height":60,"fit":"cover"}])",
         R"("width":50,"height":60,)"},
        {"image.crop", R"(["images/photo.jpg","c.png",{"width":10,"height":9,"left":5,"top":6}])",
         R"("width":10,"height":9,)"},
        {"image.crop", R"(["images/harbour.jpg","c.png",{"width":400,"height":9}])",
         R"("width":400,"height":9,)"},
        {"image.filter", R"(["images/photo.jpg","d.jpg",{"steps":["greyscale","rotate 90"]}])",
         R"("width":800,"height":1200,)"},
        {"image.thumbnail", R"(["images/photo.jpg","e/{size}.webp",{"sizes":["64","200x100"]}])",
         R"({"output":"e/64.webp","format":"webp","width":64,"height":43,)"},
        {"image.contact_sheet",
         R"([["images/photo.jpg","images/badge.png","images/blink.gif"],"f.png",{"captions":true}])",
         R"("images":3,"columns":2,"rows":2,)"},
    };
    for (const auto& row : rows) expect_in(row.type, row.args, row.said);
    for (const auto* file : {"a.avif", "a.jpg", "a.bin", "b/small.jpg", "b.png", "c.png", "d.jpg",
                             "e/64.webp", "e/200x100.webp", "f.png"}) {
        EXPECT_GT(folder.get(file).size(), 50u) << file;
    }
    EXPECT_EQ(folder.entries("e"), 2u);
}

TEST_F(ImageTypes, ArgumentsThatDoNotFitAreNamed) {
    const struct {
        const char* type;
        const char* args;
        const char* said;
    } rows[] = {
        {"image.convert", R"(["a.jpg","a.gif"])", "`format` is missing, and `output` ends with"},
        {"image.convert", R"(["a.jpg","a.png",{"quality":50}])", "`quality` means nothing for PNG"},
        {"image.convert", R"(["a.jpg","a.jpg",{"background":"red"}])",
         "`background` \"red\" is no"},
        {"image.resize", R"(["a.jpg","b.jpg"])", "`width` is missing, and so is `height`"},
        {"image.resize", R"(["a.jpg","b.jpg",{"width":0}])", "`width` must be"},
        {"image.crop", R"(["a.jpg","b.jpg",{"width":1,"height":1,"left":1}])", "`top` is missing"},
        {"image.crop",
         R"(["a.jpg","b.jpg",{"width":1,"height":1,"left":1,"top":1,"gravity":"centre"}])",
         "`gravity` cannot be given"},
        {"image.filter", R"(["a.jpg","b.jpg",{"steps":["blur 2","sepia"]}])",
         "`steps` cannot be followed: \"sepia\" is no step"},
        {"image.filter", R"(["a.jpg","b.jpg",{"steps":[]}])", "`steps`"},
        {"image.thumbnail", R"(["a.jpg","b.jpg",{"sizes":["64","32"]}])",
         "`output` must hold `{size}`"},
        {"image.thumbnail", R"(["a.jpg","{size}.jpg",{"sizes":["64","64"]}])",
         "`sizes` name a size twice"},
        {"image.thumbnail", R"(["a.jpg","b.jpg",{"sizes":["5000"]}])", "`sizes` are wrong"},
        {"image.contact_sheet", R"([[],"b.jpg"])", "`paths`"},
        {"image.contact_sheet", R"([["a"],"b.jpg",{"cell":"x"}])", "`cell` is wrong"},
    };
    for (const auto& row : rows) {
        const auto got = run(row.type, row.args);
        EXPECT_TRUE(got.starts_with("InvalidArguments: ")) << row.args << got;
        EXPECT_NE(got.find(row.said), std::string::npos) << row.args << got;
    }
}

TEST_F(ImageTypes, FailuresAreFinalNameTheFileAndLeaveNothing) {
    folder.put("cut.jpg", folder.get("none") + "\xFF\xD8\xFF\xE0 and nothing more");
    folder.put("text.png", "To whom it may concern");
    folder.put("empty.webp", "");
    std::filesystem::create_symlink("/etc/passwd", folder / "link.png");
    const std::size_t before = folder.entries();
    for (const auto* name : {"cut.jpg", "text.png", "empty.webp"}) {
        const std::string path = "\"" + std::string(name) + "\"";
        for (const auto& [type, args] : std::vector<std::pair<std::string, std::string>>{
                 {"image.info", "[" + path + "]"},
                 {"image.convert", "[" + path + R"(,"out.png"])"},
                 {"image.resize", "[" + path + R"(,"out.png",{"width":9}])"},
                 {"image.crop", "[" + path + R"(,"out.png",{"width":9,"height":9}])"},
                 {"image.filter", "[" + path + R"(,"out.png",{"steps":["blur"]}])"},
                 {"image.thumbnail", "[" + path + R"(,"out.png",{"sizes":["9"]}])"},
                 {"image.contact_sheet", "[[" + path + R"(],"out.png"])"}}) {
            const auto got = run(type, args);
            EXPECT_TRUE(got.starts_with("CorruptInput: " + path)) << type << args << got;
        }
    }
    expect_failure("image.convert", R"(["link.png","out.png"])", "Denied: ");
    expect_failure("image.convert", R"(["images/photo.jpg","../out.png"])", "`..` part");
    expect_failure("image.contact_sheet", R"([["images/photo.jpg","link.png"],"out.png"])",
                   "Denied: ");
    EXPECT_EQ(folder.entries(), before);
}

TEST_F(ImageTypes, TheWorkersLimitsHold) {
    settings.limits.image_pixels_max = 500'000;
    settings.limits.sheet_images_max = 1;
    expect_failure("image.info", R"(["images/photo.jpg"])",
                   "LimitExceeded: \"images/photo.jpg\": the image has 1200x800 pixels");
    expect_failure("image.resize", R"(["images/badge.png","o.png",{"width":9000,"enlarge":true}])",
                   "LimitExceeded: ");
    expect_failure("image.contact_sheet", R"([["images/badge.png","images/badge.png"],"o.png"])",
                   "`paths` has more than 1 images");
    settings.limits = {};
    settings.limits.image_input_max = kib(1);
    settings.limits.output_max = Bytes{300};
    types.clear();
    expect_failure("image.info", R"(["images/photo.jpg"])", "LimitExceeded: ");
    expect_failure("image.convert", R"(["images/badge.png","o.png"])",
                   "the output is larger than the limit of 300 bytes");
    settings.limits = {};
    settings.limits.image_time_max = Duration{0};
    types.clear();
    expect_failure("image.info", R"(["images/photo.jpg"])", "Timeout: ");
    EXPECT_EQ(folder.entries(), 0u);
}

TEST_F(ImageTypes, ACancelledJobEndsAndLeavesNothing) {
    for (const auto& [type, args] : std::vector<std::pair<std::string, std::string>>{
             {"image.resize", R"(["images/photo.jpg","o.png",{"width":1000}])"},
             {"image.filter", R"(["images/photo.jpg","o.png",{"steps":["rotate 90","blur"]}])"},
             {"image.contact_sheet", R"([["images/photo.jpg","images/photo.webp"],"o.png"])"}}) {
        const CancelSource source;
        Context context(args, source.token());
        context.on_progress = [&source] { source.cancel(); };
        const auto outcome = run(type, context);
        const auto* failure = std::get_if<sdk::Failure>(&outcome);
        ASSERT_NE(failure, nullptr) << type;
        EXPECT_EQ(failure->errtype, "Cancelled") << failure->message;
        EXPECT_FALSE(failure->final);
        EXPECT_EQ(folder.entries(), 0u) << type;
    }
}

TEST_F(ImageTypes, JobsRunBesideEachOther) {
    types = built_in_types(settings).value();
    const auto loop = [this](int number) {
        const std::string out = "out-" + std::to_string(number) + ".jpg";
        for (int i = 0; i < 5; ++i) {
            Context context(R"(["images/harbour.png",")" + out + R"(",{"width":100}])");
            const auto outcome = run("image.resize", context);
            EXPECT_TRUE(std::holds_alternative<std::string>(outcome));
            Context broken(R"(["texts/lighthouse.txt",")" + out + R"(",{"width":100}])");
            EXPECT_TRUE(std::holds_alternative<sdk::Failure>(run("image.resize", broken)));
        }
    };
    {
        Thread first("image-a", [&loop] { loop(1); });
        Thread second("image-b", [&loop] { loop(2); });
    }
    EXPECT_EQ(folder.get("out-1.jpg"), folder.get("out-2.jpg"));
}

TEST_F(ImageTypes, NeedTheMemoryThatTheyMayHold) {
    for (const std::uint64_t limit : {64u, 512u, 2000u}) {
        settings.limits.image_memory_max = mib(limit);
        const auto table = built_in_types(settings).value();
        for (const auto& row : table) {
            if (!row.name.starts_with("image.") || row.name == "image.info") continue;
            EXPECT_EQ(row.needs.mem_mb, limit) << row.name;
        }
    }
}

TEST_F(ImageTypes, HoldNoMoreMemoryThanTheyMay) {
    settings.limits.image_memory_max = mib(8);
    // 1200 x 800 pixels of three bytes, and as much for rows on their way, twice: that fits, but
    // not beside what a WebP encoder holds.
    const std::string path = R"(["images/photo.jpg","o.png",)";
    expect_in("image.crop", path + R"({"width":9,"height":9,"gravity":"entropy"}])", "o.png");
    expect_failure("image.resize", path + R"({"width":1400,"enlarge":true,"format":"webp"}])",
                   "LimitExceeded: ");
    expect_failure("image.contact_sheet", R"([["images/badge.png"],"o.png",{"cell":"2000x1500"}])",
                   "LimitExceeded: the sheet takes ");
}

}  // namespace
}  // namespace sluice::work
