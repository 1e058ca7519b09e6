// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/images/image_run.h"

#include <vips/vips.h>

#include <algorithm>
#include <utility>

namespace sluice::work {

namespace {

void on_eval(VipsImage*, VipsProgress* progress, gpointer data) {
    static_cast<Watch*>(data)->calculated(progress->percent);
}

}  // namespace

void ImageRun::stage(int from, int to) {
    from_ = from;
    to_ = to;
}

void ImageRun::calculated(int percent) {
    if (!progress_ || std::this_thread::get_id() != owner_) return;
    const int now = from_ + (to_ - from_) * std::clamp(percent, 0, 100) / 100;
    if (now <= reported_) return;
    reported_ = now;
    progress_(now);
}

bool ImageRun::may_go_on() {
    auto status = cancel_.check();
    if (status) return true;
    note(std::move(status).error());
    return false;
}

void ImageRun::note(Error error) {
    if (claimed_.exchange(true, std::memory_order_relaxed)) return;
    reason_ = std::move(error);
    // Release, with the acquire in failure(): who sees `noted_` sees the reason.
    noted_.store(true, std::memory_order_release);
}

Error ImageRun::failure(std::string_view what) {
    const std::string said = image_library_said(format_);
    may_go_on();
    if (noted_.load(std::memory_order_acquire)) return reason_;
    const Code code =
        said.find("out of memory") == std::string::npos ? Code::corrupt : Code::exhausted;
    return fail(code, std::string(what) + (said.empty() ? "" : ": " + said));
}

Result<Pixels> ImageRun::taken(int code, VipsImage*& out) {
    Pixels image(std::exchange(out, nullptr));
    if (code == 0 && image) return image;
    return failure("libvips cannot do that with this image");
}

Watch::Watch(VipsImage* image, ImageRun& run, int share)
    : image_(image),
      run_(run),
      share_(share),
      handler_(g_signal_connect(image, "eval", G_CALLBACK(&on_eval), this)) {
    vips_image_set_progress(image_, TRUE);
}

void Watch::calculated(int percent) {
    if (run_.may_go_on()) {
        run_.calculated(percent * share_ / 100);
    } else {
        vips_image_set_kill(image_, TRUE);
    }
}

Watch::~Watch() {
    vips_image_set_progress(image_, FALSE);
    g_signal_handler_disconnect(image_, handler_);
}

Result<Pixels> in_memory(const Pixels& image, ImageRun& run) {
    const std::uint64_t bytes = VIPS_IMAGE_SIZEOF_IMAGE(image.get());
    if (bytes > run.limits().memory_max) {
        return fail(Code::exhausted, "the image must be held in memory as a whole, which takes " +
                                         std::to_string(bytes) + " bytes; the limit is " +
                                         std::to_string(run.limits().memory_max));
    }
    Pixels copy(vips_image_new_memory());
    // What is made of it still has to be calculated.
    const Watch watch(copy.get(), run, 50);
    if (vips_image_write(image.get(), copy.get()) != 0) {
        return run.failure("the image cannot be read; it may be damaged or cut off");
    }
    return copy;
}

}  // namespace sluice::work
