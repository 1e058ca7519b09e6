// SPDX-License-Identifier: Apache-2.0
// What the image types share: one job over files below the worker's folders, under the worker's
// limits, and the arguments that say how an image is saved. Private to this module.
#pragma once

#include "modules/work/shell/images/image_change.h"
#include "modules/work/shell/images/image_file.h"
#include "modules/work/shell/images/image_output.h"
#include "modules/work/shell/images/image_run.h"
#include "modules/work/task.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

/// Where an image goes and how.
struct SaveRequest {
    std::string output;
    SaveOptions options;
};

/// An output that is written but not yet in its place.
struct WrittenImage {
    OutputFile file;
    std::string name;
    ImageFormat format;
    ImageSize size;
};

/// One run of an image job. Errors of its members name the file.
class ImageJob {
public:
    explicit ImageJob(Task& task);

    Result<ImageFile> open(const std::string& path, int page = 0);
    Result<WrittenImage> write(const Pixels& image, const SaveRequest& request);
    ImageRun& run() { return run_; }

private:
    Task& task_;
    CancelSource source_;  ///< The job's own time limit.
    ImageRun run_;
};

/// `output` and `format`, `quality`, `strip`, `background`, in this order.
std::vector<sdk::Argument> save_arguments(bool strip_fallback);
/// Reads them; refuses what does not fit together.
SaveRequest read_save(Arguments& arguments);
/// "page": a page or frame, from 0.
sdk::Argument page_argument();
std::vector<sdk::Argument> joined(std::vector<sdk::Argument> first,
                                  std::vector<sdk::Argument> second);

/// The result of a job that makes one image of one.
std::string image_result(const WrittenImage& written, const ImageAbout& from);

/// What an image job is said to need: the memory that it may hold at most.
sdk::JobNeeds image_needs(const WorkLimits& limits);

sdk::JobType image_info(const SharedServices& services);
sdk::JobType image_convert(const SharedServices& services);
sdk::JobType image_resize(const SharedServices& services);
sdk::JobType image_crop(const SharedServices& services);
sdk::JobType image_filter(const SharedServices& services);
sdk::JobType image_thumbnail(const SharedServices& services);
sdk::JobType image_contact_sheet(const SharedServices& services);

}  // namespace sluice::work
