// SPDX-License-Identifier: Apache-2.0
// image.info and the types that make one image of one: image.convert, image.resize, image.crop and
// image.filter.
#include "kernel/wire/json_text.h"
#include "modules/work/core/images/image_steps.h"
#include "modules/work/image_job.h"
#include "modules/work/shell/images/image_metadata.h"

#include <utility>

namespace sluice::work {

namespace {

constexpr std::int64_t side_max = 65'500;
constexpr std::size_t steps_max = 50;

constexpr auto image_result_help =
    "`output`, `format`, `width`, `height`, `output_bytes`, `input_format`, `input_width` and "
    "`input_height` (upright), `input_bytes`.";

/// The part that these types share; `change` makes the image that is saved.
template <class Change>
Result<std::string> change_image(const std::string& path, int page, const SaveRequest& save,
                                 Task& task, Change change) {
    ImageJob job(task);
    SLUICE_TRY(ImageFile file, job.open(path, page));
    const auto make = [&]() -> Result<WrittenImage> {
        SLUICE_TRY(Pixels image, file.load());
        SLUICE_TRY(image, change(std::move(image), job.run()));
        return job.write(image, save);
    };
    auto written = make();
    if (!written) return std::move(written).error().in("\"" + path + "\"");
    SLUICE_TRY_STATUS(written->file.commit());
    return image_result(*written, file.about());
}

sdk::Argument image_path_argument() {
    return {.name = "path",
            .required = true,
            .help = "a JPEG, PNG, WebP, GIF, TIFF, HEIF or AVIF file below a folder for reading"};
}

// --- image.info ---------------------------------------------------------------------------------

struct InfoRequest {
    std::string path;
    int page;
    bool metadata;
};

Result<InfoRequest> read_info(Arguments& arguments, const Services&) {
    return InfoRequest{arguments.text("path"), static_cast<int>(arguments.integer("page")),
                       arguments.boolean("metadata")};
}

void put_metadata(JsonWriter& json, const ImageMetadata& metadata) {
    json.key("exif").begin_object();
    std::string_view last;
    for (const auto& [tag, value] : metadata.exif) {
        // The same tag may stand in two directories; a JSON object has it once.
        if (tag != last) json.key(tag).string(value);
        last = tag;
    }
    json.end_object().key("xmp");
    if (metadata.xmp) {
        json.string(*metadata.xmp);
    } else {
        json.null();
    }
    json.key("icc_bytes").unsigned_integer(metadata.icc_bytes);
    json.key("iptc_bytes").unsigned_integer(metadata.iptc_bytes);
    json.key("metadata_cut").boolean(metadata.cut);
}

Result<std::string> run_info(const InfoRequest& request, Task& task) {
    ImageJob job(task);
    SLUICE_TRY(const ImageFile file, job.open(request.path, request.page));
    const ImageAbout& about = file.about();
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("format").string(to_string(about.format));
    json.key("width").integer(about.stored.width).key("height").integer(about.stored.height);
    json.key("orientation").integer(about.orientation);
    json.key("pages").integer(about.pages);
    json.key("colours").string(about.colours);
    json.key("bands").integer(about.bands).key("bits").integer(about.bits);
    json.key("alpha").boolean(about.alpha).key("interlaced").boolean(about.interlaced);
    json.key("bytes").unsigned_integer(about.bytes);
    if (request.metadata) {
        put_metadata(json, read_image_metadata(file.header(),
                                               task.services.settings.limits.image_metadata_max));
    }
    json.end_object();
    return out;
}

// --- image.convert ------------------------------------------------------------------------------

struct ConvertRequest {
    std::string path;
    int page;
    SaveRequest save;
};

Result<ConvertRequest> read_convert(Arguments& arguments, const Services&) {
    return ConvertRequest{arguments.text("path"), static_cast<int>(arguments.integer("page")),
                          read_save(arguments)};
}

Result<std::string> run_convert(const ConvertRequest& request, Task& task) {
    return change_image(request.path, request.page, request.save, task, &upright);
}

// --- image.resize -------------------------------------------------------------------------------

struct ResizeRequest {
    std::string path;
    SaveRequest save;
    ResizeOptions resize;
};

Result<ResizeRequest> read_resize(Arguments& arguments, const Services&) {
    ResizeRequest request;
    request.path = arguments.text("path");
    request.save = read_save(arguments);
    request.resize.fit = {.width = arguments.integer_if_given("width"),
                          .height = arguments.integer_if_given("height"),
                          .fit = static_cast<ImageFit>(arguments.choice("fit")),
                          .enlarge = arguments.boolean("enlarge")};
    if (!arguments.has("width") && !arguments.has("height")) {
        arguments.refuse("width", "is missing, and so is `height`: one of them is needed");
    }
    request.resize.kernel = static_cast<ImageKernel>(arguments.choice("kernel"));
    request.resize.gravity = static_cast<ImageGravity>(arguments.choice("gravity"));
    return request;
}

Result<std::string> run_resize(const ResizeRequest& request, Task& task) {
    return change_image(request.path, 0, request.save, task,
                        [&request](Pixels image, ImageRun& run) {
                            return resized(std::move(image), request.resize, run);
                        });
}

// --- image.crop ---------------------------------------------------------------------------------

struct CropRequest {
    std::string path;
    SaveRequest save;
    ImageBox box;
    std::optional<ImageGravity> gravity;  ///< Without: the box.
};

Result<CropRequest> read_crop(Arguments& arguments, const Services&) {
    CropRequest request;
    request.path = arguments.text("path");
    request.save = read_save(arguments);
    request.box.size = {arguments.integer("width"), arguments.integer("height")};
    const auto left = arguments.integer_if_given("left");
    const auto top = arguments.integer_if_given("top");
    if (left.has_value() != top.has_value()) {
        arguments.refuse(left ? "top" : "left", "is missing: `left` and `top` go together");
    }
    if (left && arguments.has("gravity")) {
        arguments.refuse("gravity", "cannot be given with `left` and `top`");
    }
    request.box.left = left.value_or(0);
    request.box.top = top.value_or(0);
    if (!left) request.gravity = static_cast<ImageGravity>(arguments.choice("gravity"));
    return request;
}

Result<std::string> run_crop(const CropRequest& request, Task& task) {
    return change_image(request.path, 0, request.save, task,
                        [&request](Pixels image, ImageRun& run) -> Result<Pixels> {
                            SLUICE_TRY(image, upright(std::move(image), run));
                            if (!request.gravity) return cut(std::move(image), request.box, run);
                            return cut(std::move(image), request.box.size, *request.gravity, run);
                        });
}

// --- image.filter -------------------------------------------------------------------------------

struct FilterRequest {
    std::string path;
    SaveRequest save;
    std::vector<ImageStep> steps;
};

Result<FilterRequest> read_filter(Arguments& arguments, const Services&) {
    FilterRequest request;
    request.path = arguments.text("path");
    request.save = read_save(arguments);
    for (const auto& text : arguments.texts("steps")) {
        const auto step = parse_image_step(text);
        if (!step) {
            arguments.refuse("steps", "cannot be followed: " + step.error().message);
            break;
        }
        request.steps.push_back(*step);
    }
    return request;
}

Result<std::string> run_filter(const FilterRequest& request, Task& task) {
    return change_image(request.path, 0, request.save, task,
                        [&request](Pixels image, ImageRun& run) {
                            return filtered(std::move(image), request.steps, run);
                        });
}

sdk::Argument side_argument(std::string name, bool required) {
    return {.name = std::move(name),
            .kind = ArgumentKind::integer,
            .required = required,
            .range = {1, side_max},
            .help = "in pixels"};
}

sdk::Argument gravity_argument(std::string help) {
    return {.name = "gravity",
            .choices = {"centre", "attention", "entropy"},
            .fallback = "centre",
            .help = std::move(help)};
}

}  // namespace

sdk::JobType image_info(const SharedServices& services) {
    return with_handler(
        {
            .name = "image.info",
            .summary = "Tells what an image file is, without decoding its pixels.",
            .schema = {.arguments = {image_path_argument(),
                                     page_argument(),
                                     {.name = "metadata",
                                      .kind = ArgumentKind::boolean,
                                      .fallback = "true",
                                      .help = "whether EXIF and XMP are part of the result, up to "
                                              "64 KiB of each"}},
                       .positions = 1,
                       .notes = "The format is told by the content; the name does not count. EXIF "
                                "that cannot be read is left out."},
            .result_help =
                "`format`, `width` and `height` (as stored; `orientation` is EXIF's, 1 to 8, and "
                "from 5 on the image is shown lying on its side), `pages`, `colours` (`srgb`, "
                "`b-w`, `cmyk`, …), `bands`, `bits` of each, `alpha`, `interlaced`, `bytes`; with "
                "metadata `exif` (an object of texts), `xmp` (the document, or null), `icc_bytes`, "
                "`iptc_bytes`, `metadata_cut`.",
            .example = "sluice push image.info images/harbour.jpg",
        },
        services, &read_info, &run_info);
}

sdk::JobType image_convert(const SharedServices& services) {
    auto row = with_handler(
        {
            .name = "image.convert",
            .summary = "Writes an image as JPEG, PNG, WebP or AVIF.",
            .schema = {.arguments = joined(joined({image_path_argument()}, save_arguments(false)),
                                           {page_argument()}),
                       .positions = 2,
                       .notes = "The image is turned upright by its EXIF orientation. Of an "
                                "animation one frame is converted."},
            .result_help = image_result_help,
            .example =
                R"(sluice push image.convert images/photo.jpg photo.avif '{"quality": 50, "strip": true}')",
        },
        services, &read_convert, &run_convert);
    row.needs = image_needs(services->settings.limits);
    return row;
}

sdk::JobType image_resize(const SharedServices& services) {
    auto row = with_handler(
        {
            .name = "image.resize",
            .summary = "Makes an image smaller, or larger when asked to.",
            .schema =
                {.arguments = joined(
                     joined({image_path_argument()}, save_arguments(false)),
                     {side_argument("width", false),
                      side_argument("height", false),
                      {.name = "fit",
                       .choices = {"inside", "cover", "exact"},
                       .fallback = "inside",
                       .help = "with both sides given: the whole image within them, an image that "
                               "fills them and is cut where it sticks out, or exactly these sides "
                               "whatever becomes of its proportions"},
                      {.name = "enlarge",
                       .kind = ArgumentKind::boolean,
                       .fallback = "false",
                       .help = "whether a smaller image becomes larger"},
                      {.name = "kernel",
                       .choices = {"lanczos3", "lanczos2", "mitchell", "cubic", "linear",
                                   "nearest"},
                       .fallback = "lanczos3",
                       .help = "how pixels are weighed"},
                      gravity_argument("what stays when `fit` is `cover`: the middle, what the eye "
                                       "goes to, or the part with most detail")}),
                 .positions = 2,
                 .notes = "The image is turned upright first; sides are those of the upright "
                          "image. At least one of `width` and `height` is needed."},
            .result_help = image_result_help,
            .example =
                R"(sluice push image.resize images/photo.jpg small.webp '{"width": 400, "height": 400, "fit": "cover"}')",
        },
        services, &read_resize, &run_resize);
    row.needs = image_needs(services->settings.limits);
    return row;
}

sdk::JobType image_crop(const SharedServices& services) {
    auto row = with_handler(
        {
            .name = "image.crop",
            .summary = "Cuts a part out of an image.",
            .schema =
                {.arguments =
                     joined(joined({image_path_argument()}, save_arguments(false)),
                            {side_argument("width", true),
                             side_argument("height", true),
                             {.name = "left",
                              .kind = ArgumentKind::integer,
                              .range = {0, side_max},
                              .help = "with `top`: where the part begins"},
                             {.name = "top",
                              .kind = ArgumentKind::integer,
                              .range = {0, side_max},
                              .help = "with `left`"},
                             gravity_argument("without `left` and `top`: the middle, what the eye "
                                              "goes to, or the part with most detail")}),
                 .positions = 2,
                 .notes =
                     "The image is turned upright first. A part given by `left` and `top` must "
                     "lie within it; otherwise a side that is smaller than asked for stays "
                     "whole."},
            .result_help = image_result_help,
            .example =
                R"(sluice push image.crop images/photo.jpg sun.png '{"width": 300, "height": 300, "gravity": "attention"}')",
        },
        services, &read_crop, &run_crop);
    row.needs = image_needs(services->settings.limits);
    return row;
}

sdk::JobType image_filter(const SharedServices& services) {
    auto row = with_handler(
        {
            .name = "image.filter",
            .summary = "Applies steps to an image, one after the other.",
            .schema =
                {.arguments = joined(joined({image_path_argument()}, save_arguments(false)),
                                     {{.name = "steps",
                                       .kind = ArgumentKind::texts,
                                       .required = true,
                                       .range = {1, steps_max},
                                       .help = "what is done, in this order"}}),
                 .positions = 2,
                 .notes =
                     "Steps: `blur 2.5` (sigma in pixels, 0.3 to 100), `sharpen 1` (sigma, 0.3 to "
                     "10), `greyscale`, `rotate 90` (clockwise; 90, 180 or 270), `flip` (top to "
                     "bottom), `flop` (left to right), `brightness 1.2` and `contrast 0.8` "
                     "(factors, 0 to 10), `invert`, `edges`. The image is turned upright by its "
                     "EXIF orientation before the first one; without any other wish for that, "
                     "`image.convert` does it alone."},
            .result_help = image_result_help,
            .example =
                R"(sluice push image.filter images/photo.jpg evening.jpg '{"steps": ["greyscale", "contrast 1.3", "sharpen"]}')",
        },
        services, &read_filter, &run_filter);
    row.needs = image_needs(services->settings.limits);
    return row;
}

}  // namespace sluice::work
