// SPDX-License-Identifier: Apache-2.0
// What one image job gives to libvips's callbacks and learns from them: whether to go on, how far
// it is, and what really went wrong (libvips itself only says that a callback failed).
#pragma once

#include "kernel/base/result.h"
#include "kernel/sync/cancel.h"
#include "modules/work/shell/images/image_library.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

namespace sluice::work {

struct ImageLimits {
    std::uint64_t pixels_max = 100'000'000;  ///< Of an image read, made or shown as a page.
    std::uint64_t memory_max = std::uint64_t{1} << 30;  ///< Bytes of an image held as a whole.
    std::uint64_t pages_max = 4096;                     ///< Pages or frames of a file.
    std::uint64_t avif_pixels_max = 25'000'000;         ///< Of an image written as AVIF.
};

/// Must outlive the images made with it. Thread roles: its owner calls what has no role named.
class ImageRun {
public:
    ImageRun(CancelToken cancel, ImageLimits limits, std::function<void(int)> progress = {})
        : cancel_(std::move(cancel)), limits_(limits), progress_(std::move(progress)) {}
    ImageRun(const ImageRun&) = delete;
    ImageRun& operator=(const ImageRun&) = delete;

    [[nodiscard]] const ImageLimits& limits() const { return limits_; }
    [[nodiscard]] const CancelToken& cancel() const { return cancel_; }

    /// Percentages reported from now on count from the first to the second of the job's own.
    void stage(int from, int to);
    /// An image is calculated; any thread, but only the owner's reports get further.
    void calculated(int percent);

    /// False, and the reason is kept, when the job was cancelled or its time is over; any thread.
    bool may_go_on();
    /// Keeps the reason why a callback is about to fail; the first one stays. Any thread.
    void note(Error error);

    /// The format that is being read, as libvips's messages about it begin ("jpeg").
    void set_format(std::string_view word) { format_ = word; }
    /// Why libvips's last call failed: what a callback noted, the cancellation, or `what` with what
    /// libvips says about the format. Errors: those of callbacks, cancelled, timeout, exhausted (no
    /// memory), corrupt.
    Error failure(std::string_view what);

    /// The result of a call that was given `&out`; `out` is taken over. Errors: as failure().
    Result<Pixels> taken(int code, _VipsImage*& out);

private:
    const CancelToken cancel_;
    const ImageLimits limits_;
    const std::function<void(int)> progress_;
    const std::thread::id owner_ = std::this_thread::get_id();
    std::string format_;
    int from_ = 0;
    int to_ = 100;
    int reported_ = -1;  ///< Reports never go back.
    // Written once, by whoever sets `claimed_`; read after `noted_`.
    std::atomic<bool> claimed_{false};
    std::atomic<bool> noted_{false};
    Error reason_;
};

/// While it lives, calculating the image reports to the run and stops when the run may not go on.
class Watch {
public:
    /// `share`: the percentage that the stage has reached when the image is calculated.
    Watch(_VipsImage* image, ImageRun& run, int share = 100);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    /// What libvips calls; any thread.
    void calculated(int percent);

private:
    _VipsImage* image_;
    ImageRun& run_;
    int share_;
    unsigned long handler_;
};

/// Calculates the image now, into memory. Errors: exhausted (more than memory_max), cancelled,
/// timeout, corrupt.
Result<Pixels> in_memory(const Pixels& image, ImageRun& run);

}  // namespace sluice::work
