// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/images/image_run.h"

#include <vips/vips.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace sluice::work {

namespace {

void on_eval(VipsImage*, VipsProgress* progress, gpointer data) {
    static_cast<Watch*>(data)->calculated(progress->percent);
}

void release_held(gpointer held) {
    const std::unique_ptr<HeldMemory> gone(static_cast<HeldMemory*>(held));
}

/// The image counts as memory of its job as long as libvips keeps it.
void keep_with(VipsImage* image, HeldMemory memory) {
    g_object_set_data_full(G_OBJECT(image), "sluice-held",
                           std::make_unique<HeldMemory>(std::move(memory)).release(),
                           &release_held);
}

}  // namespace

HeldMemory::~HeldMemory() {
    if (run_ != nullptr) run_->held_.fetch_sub(bytes_, std::memory_order_relaxed);
}

Result<HeldMemory> ImageRun::hold(std::uint64_t bytes, std::string_view what) {
    const std::uint64_t before = held_.fetch_add(bytes, std::memory_order_relaxed);
    HeldMemory memory(*this, bytes);
    if (before + bytes <= limits_.memory_max) return memory;
    return fail(Code::exhausted,
                std::string(what) + " takes " + std::to_string(bytes) + " bytes of memory" +
                    (before > 0 ? " beside the " + std::to_string(before) + " in use" : "") +
                    "; the limit is " + std::to_string(limits_.memory_max));
}

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

std::uint64_t rows_on_their_way(ImageSize size, std::uint64_t pixel_bytes) {
    constexpr std::int64_t rows_max = 1'500;
    const auto rows = static_cast<std::uint64_t>(std::min(rows_max, 2 * size.height));
    return rows * static_cast<std::uint64_t>(size.width) * pixel_bytes;
}

Result<Pixels> in_memory(const Pixels& image, ImageRun& run) {
    SLUICE_TRY(HeldMemory held, run.hold(VIPS_IMAGE_SIZEOF_IMAGE(image.get()),
                                         "holding the image in memory as a whole"));
    Pixels copy(vips_image_new_memory());
    keep_with(copy.get(), std::move(held));
    // What is made of it still has to be calculated.
    const Watch watch(copy.get(), run, 50);
    if (vips_image_write(image.get(), copy.get()) != 0) {
        return run.failure("the image cannot be read; it may be damaged or cut off");
    }
    return copy;
}

}  // namespace sluice::work
