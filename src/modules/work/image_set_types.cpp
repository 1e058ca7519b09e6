// SPDX-License-Identifier: Apache-2.0
// The image types that make several images of one, or one of several: image.thumbnail and
// image.contact_sheet.
#include "kernel/base/text.h"
#include "kernel/wire/json_text.h"
#include "modules/work/image_job.h"
#include "modules/work/shell/images/image_sheet.h"

#include <algorithm>
#include <utility>

namespace sluice::work {

namespace {

constexpr std::int64_t thumbnail_side_max = 4096;
constexpr std::size_t thumbnails_max = 20;
constexpr std::string_view size_mark = "{size}";

// --- image.thumbnail ----------------------------------------------------------------------------

struct ThumbnailRequest {
    std::string path;
    SaveRequest save;  ///< Its output is the pattern.
    std::vector<ImageSize> sizes;
    std::vector<std::string> names;  ///< Of the sizes, as they were given.
    ImageFit fit;
    ImageGravity gravity;
};

std::string named(const std::string& pattern, const std::string& size) {
    std::string name = pattern;
    if (const auto at = name.find(size_mark); at != std::string::npos) {
        name.replace(at, size_mark.size(), size);
    }
    return name;
}

Result<ThumbnailRequest> read_thumbnail(Arguments& arguments, const Services&) {
    ThumbnailRequest request;
    request.path = arguments.text("path");
    request.save = read_save(arguments);
    request.names = arguments.texts("sizes");
    for (const auto& text : request.names) {
        const auto size = parse_image_size(text, thumbnail_side_max);
        if (!size) {
            arguments.refuse("sizes", "are wrong: " + size.error().message);
            break;
        }
        request.sizes.push_back(*size);
    }
    auto sorted = request.names;
    std::sort(sorted.begin(), sorted.end());
    if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
        arguments.refuse("sizes", "name a size twice");
    }
    if (request.names.size() > 1 && request.save.output.find(size_mark) == std::string::npos) {
        arguments.refuse("output", "must hold `{size}` when there are several sizes");
    }
    request.fit = static_cast<ImageFit>(arguments.choice("fit"));
    request.gravity = static_cast<ImageGravity>(arguments.choice("gravity"));
    return request;
}

std::string thumbnails_result(const std::vector<WrittenImage>& written, const ImageAbout& from) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("input_format").string(to_string(from.format));
    json.key("input_width").integer(from.upright().width);
    json.key("input_height").integer(from.upright().height);
    json.key("input_bytes").unsigned_integer(from.bytes);
    json.key("thumbnails").begin_array();
    for (const auto& each : written) {
        json.begin_object().key("output").string(each.name);
        json.key("format").string(to_string(each.format));
        json.key("width").integer(each.size.width).key("height").integer(each.size.height);
        json.key("output_bytes").unsigned_integer(each.file.bytes()).end_object();
    }
    json.end_array().end_object();
    return out;
}

Result<std::string> run_thumbnail(const ThumbnailRequest& request, Task& task) {
    ImageJob job(task);
    SLUICE_TRY(const ImageFile file, job.open(request.path));
    std::vector<WrittenImage> written;
    const auto make = [&](std::size_t i) -> Result<WrittenImage> {
        SLUICE_TRY(const Pixels image,
                   thumbnail(file, {request.sizes[i], request.fit, request.gravity}, job.run()));
        SaveRequest save = request.save;
        save.output = named(request.save.output, request.names[i]);
        return job.write(image, save);
    };
    const std::size_t count = request.sizes.size();
    for (std::size_t i = 0; i < count; ++i) {
        job.run().stage(static_cast<int>(100 * i / count), static_cast<int>(100 * (i + 1) / count));
        auto one = make(i);
        if (!one) return std::move(one).error().in("\"" + request.path + "\"");
        written.push_back(*std::move(one));
    }
    // Only when all of them are there.
    for (auto& each : written) SLUICE_TRY_STATUS(each.file.commit());
    return thumbnails_result(written, file.about());
}

// --- image.contact_sheet ------------------------------------------------------------------------

struct SheetOrder {
    std::vector<std::string> paths;
    SaveRequest save;
    SheetStyle style;
};

Result<SheetOrder> read_sheet(Arguments& arguments, const Services& services) {
    SheetOrder order;
    order.paths = arguments.texts("paths");
    const std::uint64_t images_max = services.settings.limits.sheet_images_max;
    if (order.paths.size() > images_max) {
        arguments.refuse("paths", "has more than " + std::to_string(images_max) + " images");
    }
    order.save = read_save(arguments);
    const auto cell = parse_image_size(arguments.text("cell"), thumbnail_side_max);
    if (!cell) arguments.refuse("cell", "is wrong: " + cell.error().message);
    if (cell) order.style.cell = *cell;
    order.style.columns = arguments.integer("columns");
    order.style.spacing = arguments.integer("spacing");
    order.style.background = order.save.options.background;
    order.style.captions = arguments.boolean("captions");
    return order;
}

std::string_view file_name(std::string_view path) {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

Result<std::string> run_sheet(const SheetOrder& order, Task& task) {
    ImageJob job(task);
    SLUICE_TRY(ContactSheet sheet, ContactSheet::make(order.style, order.paths.size(), job.run()));
    std::uint64_t input_bytes = 0;
    for (std::size_t i = 0; i < order.paths.size(); ++i) {
        const auto percent = static_cast<int>(90 * i / order.paths.size());
        job.run().stage(percent, percent);
        SLUICE_TRY(const ImageFile file, job.open(order.paths[i]));
        if (auto added = sheet.add(file, file_name(order.paths[i])); !added) {
            return std::move(added).error().in("\"" + order.paths[i] + "\"");
        }
        input_bytes += file.about().bytes;
        task.progress(percent, std::to_string(i + 1) + " of " + std::to_string(order.paths.size()) +
                                   " images");
    }
    job.run().stage(90, 100);
    SLUICE_TRY(const Pixels image, sheet.finish());
    SLUICE_TRY(WrittenImage written, job.write(image, order.save));
    SLUICE_TRY_STATUS(written.file.commit());
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("output").string(written.name);
    json.key("format").string(to_string(written.format));
    json.key("width").integer(written.size.width).key("height").integer(written.size.height);
    json.key("output_bytes").unsigned_integer(written.file.bytes());
    json.key("images").unsigned_integer(order.paths.size());
    json.key("columns").integer(sheet.plan().columns).key("rows").integer(sheet.plan().rows);
    json.key("input_bytes").unsigned_integer(input_bytes).end_object();
    return out;
}

}  // namespace

sdk::JobType image_thumbnail(const SharedServices& services) {
    auto row = with_handler(
        {
            .name = "image.thumbnail",
            .summary = "Makes small images of one, in several sizes.",
            .schema =
                {.arguments = joined(
                     joined({path_argument()}, save_arguments(true)),
                     {{.name = "sizes",
                       .kind = ArgumentKind::texts,
                       .required = true,
                       .range = {1, thumbnails_max},
                       .help = "such as `320x200`, or `64` for 64x64; sides up to 4,096"},
                      {.name = "fit",
                       .choices = {"inside", "cover"},
                       .fallback = "inside",
                       .help =
                           "the whole image within a size, or an image that fills it and is cut "
                           "where it sticks out"},
                      {.name = "gravity",
                       .choices = {"centre", "attention", "entropy"},
                       .fallback = "centre",
                       .help =
                           "what stays when it is cut: the middle, what the eye goes to, or the "
                           "part with most detail"}}),
                 .positions = 2,
                 .notes = "`{size}` in `output` becomes the size, and must be there when there are "
                          "several. JPEG and WebP are decoded only as far as the sizes need. "
                          "Nothing becomes larger than it was. The outputs are put in their places "
                          "when all of them are written."},
            .result_help = "`input_format`, `input_width` and `input_height` (upright), "
                           "`input_bytes`, and `thumbnails`: `output`, `format`, `width`, "
                           "`height`, `output_bytes` of each.",
            .example =
                R"(sluice push image.thumbnail images/photo.jpg 'thumbs/photo-{size}.webp' '{"sizes": ["64", "320x200"]}')",
        },
        services, &read_thumbnail, &run_thumbnail);
    row.needs = image_needs(services->settings.limits);
    return row;
}

sdk::JobType image_contact_sheet(const SharedServices& services) {
    auto row = with_handler(
        {
            .name = "image.contact_sheet",
            .summary = "Puts many images into one, in rows.",
            .schema =
                {.arguments = joined(
                     joined({{.name = "paths",
                              .kind = ArgumentKind::texts,
                              .required = true,
                              .range = {1, 100'000},
                              .help = "the images in their order, below a folder for reading"}},
                            save_arguments(true)),
                     {{.name = "cell",
                       .fallback = "200x150",
                       .help = "the size that each image must fit into"},
                      {.name = "columns",
                       .kind = ArgumentKind::integer,
                       .range = {0, 1000},
                       .fallback = "0",
                       .help = "0: about as many as rows"},
                      {.name = "spacing",
                       .kind = ArgumentKind::integer,
                       .range = {0, 500},
                       .fallback = "8",
                       .help = "pixels between and around the images"},
                      {.name = "captions",
                       .kind = ArgumentKind::boolean,
                       .fallback = "false",
                       .help = "whether the name of each file stands below its image"}}),
                 .positions = 2,
                 .notes =
                     "A worker takes up to 500 images. `background` is also the colour between "
                     "them. An image that cannot be read fails the job."},
            .result_help = "`output`, `format`, `width`, `height`, `output_bytes`, `images`, "
                           "`columns`, `rows`, `input_bytes` of all images.",
            .example =
                R"(sluice push image.contact_sheet '["images/photo.jpg", "images/badge.png"]' sheet.png '{"captions": true}')",
        },
        services, &read_sheet, &run_sheet);
    row.needs = image_needs(services->settings.limits);
    return row;
}

}  // namespace sluice::work
