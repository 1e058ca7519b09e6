// SPDX-License-Identifier: Apache-2.0
#include "modules/work/image_job.h"

#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"

#include <iterator>
#include <utility>

namespace sluice::work {

namespace {

ImageLimits limits_of(const WorkLimits& limits) {
    return {.pixels_max = limits.image_pixels_max,
            .memory_max = limits.image_memory_max.count,
            .pages_max = limits.image_pages_max,
            .avif_pixels_max = limits.image_avif_pixels_max};
}

}  // namespace

ImageJob::ImageJob(Task& task)
    : task_(task),
      source_(task.cancel(), deadline_after(task.services.settings.limits.image_time_max)),
      run_(source_.token(), limits_of(task.services.settings.limits),
           [&task](int percent) { task.progress(percent, "of the pixels"); }) {}

Result<ImageFile> ImageJob::open(const std::string& path, int page) {
    SLUICE_TRY(InputFile file, task_.services.files.open_input(
                                   path, task_.services.settings.limits.image_input_max));
    auto image = ImageFile::open(std::move(file), run_, page);
    if (!image) return std::move(image).error().in("\"" + path + "\"");
    return image;
}

Result<WrittenImage> ImageJob::write(const Pixels& image, const SaveRequest& request) {
    SLUICE_TRY(OutputFile file, task_.services.files.open_output(
                                    request.output, task_.services.settings.limits.output_max));
    SLUICE_TRY(const ImageSize size, save_image(image, file, request.options, run_));
    return WrittenImage{std::move(file), request.output, request.options.format, size};
}

std::vector<sdk::Argument> save_arguments(bool strip_fallback) {
    return {output_argument(),
            {.name = "format",
             .choices = {"jpeg", "png", "webp", "avif"},
             .help = "by default what the name of `output` ends with"},
            {.name = "quality",
             .kind = ArgumentKind::integer,
             .range = {1, 100},
             .help = "by default 80, and 55 for AVIF; PNG has none"},
            {.name = "strip",
             .kind = ArgumentKind::boolean,
             .fallback = strip_fallback ? "true" : "false",
             .help = "whether EXIF, XMP, IPTC and the colour profile are left out; colours are "
                     "brought to sRGB first"},
            {.name = "background",
             .fallback = "#ffffff",
             .help = "the colour behind a transparent image in JPEG, `#rrggbb`"}};
}

SaveRequest read_save(Arguments& arguments) {
    SaveRequest request;
    request.output = arguments.text("output");
    auto format = format_of_name(request.output);
    if (arguments.has("format")) {
        static constexpr ImageFormat formats[] = {ImageFormat::jpeg, ImageFormat::png,
                                                  ImageFormat::webp, ImageFormat::avif};
        format = formats[arguments.choice("format")];
    }
    if (!format) {
        arguments.refuse("format",
                         "is missing, and `output` ends with none of .jpg, .jpeg, .png, .webp and "
                         ".avif");
    }
    request.options.format = format.value_or(ImageFormat::png);
    if (const auto quality = arguments.integer_if_given("quality")) {
        if (format == ImageFormat::png) arguments.refuse("quality", "means nothing for PNG");
        request.options.quality = static_cast<int>(*quality);
    }
    request.options.strip = arguments.boolean("strip");
    if (const auto colour = parse_image_colour(arguments.text("background"))) {
        request.options.background = *colour;
    } else {
        arguments.refuse("background", colour.error().message);
    }
    return request;
}

sdk::Argument page_argument() {
    return {.name = "page",
            .kind = ArgumentKind::integer,
            .range = {0, 100'000},
            .fallback = "0",
            .help = "which page of a TIFF, or frame of a GIF or WebP; the first is 0"};
}

std::vector<sdk::Argument> joined(std::vector<sdk::Argument> first,
                                  std::vector<sdk::Argument> second) {
    first.insert(first.end(), std::make_move_iterator(second.begin()),
                 std::make_move_iterator(second.end()));
    return first;
}

std::string image_result(const WrittenImage& written, const ImageAbout& from) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("output").string(written.name);
    json.key("format").string(to_string(written.format));
    json.key("width").integer(written.size.width);
    json.key("height").integer(written.size.height);
    json.key("output_bytes").unsigned_integer(written.file.bytes());
    json.key("input_format").string(to_string(from.format));
    json.key("input_width").integer(from.upright().width);
    json.key("input_height").integer(from.upright().height);
    json.key("input_bytes").unsigned_integer(from.bytes).end_object();
    return out;
}

sdk::JobNeeds image_needs(const WorkLimits& limits) {
    constexpr std::uint64_t mebibyte = mib(1).count;
    return {.mem_mb = (limits.image_memory_max.count + mebibyte - 1) / mebibyte};
}

std::vector<sdk::JobType> image_types(const SharedServices& services) {
    return {image_contact_sheet(services), image_convert(services), image_crop(services),
            image_filter(services),        image_info(services),    image_resize(services),
            image_thumbnail(services)};
}

}  // namespace sluice::work
