// SPDX-License-Identifier: Apache-2.0
// What one image job gives to libvips's callbacks and learns from them: whether to go on, how far
// it is, and what really went wrong (libvips itself only says that a callback failed).
#pragma once

#include "kernel/base/result.h"
#include "kernel/sync/cancel.h"
#include "modules/work/core/images/image_geometry.h"
#include "modules/work/shell/images/image_library.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace sluice::work {

struct ImageLimits {
    std::uint64_t pixels_max = 100'000'000;  ///< Of an image read, made or shown as a page.
    /// Bytes held by the job at once: images as a whole, what decoders and encoders hold, rows on
    /// their way. What libvips holds beside that does not grow with the image.
    std::uint64_t memory_max = std::uint64_t{512} << 20;
    std::uint64_t pages_max = 4096;              ///< Pages or frames of a file.
    std::uint64_t avif_pixels_max = 25'000'000;  ///< Of an image written as AVIF.
};

class ImageRun;

/// Memory that a job counts as held while this object lives.
class HeldMemory {
public:
    HeldMemory() = default;
    HeldMemory(HeldMemory&& other) noexcept
        : run_(std::exchange(other.run_, nullptr)), bytes_(other.bytes_) {}
    HeldMemory& operator=(HeldMemory&& other) noexcept {
        std::swap(run_, other.run_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    ~HeldMemory();

private:
    friend class ImageRun;
    HeldMemory(ImageRun& run, std::uint64_t bytes) : run_(&run), bytes_(bytes) {}
    ImageRun* run_ = nullptr;
    std::uint64_t bytes_ = 0;
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

    /// Counts so many bytes as held; `what` begins the message when they are too many ("decoding
    /// the image"). Errors: exhausted (memory_max, with what is held already).
    Result<HeldMemory> hold(std::uint64_t bytes, std::string_view what);

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
    friend class HeldMemory;
    const CancelToken cancel_;
    const ImageLimits limits_;
    const std::function<void(int)> progress_;
    const std::thread::id owner_ = std::this_thread::get_id();
    std::string format_;
    int from_ = 0;
    int to_ = 100;
    int reported_ = -1;  ///< Reports never go back.
    /// Images, and what they hold, may be freed by libvips's threads.
    std::atomic<std::uint64_t> held_{0};
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

/// Bytes of the rows of such an image that are on their way through a job at once (measured: up to
/// 1,500; of very wide images up to twice as many as they have).
std::uint64_t rows_on_their_way(ImageSize size, std::uint64_t pixel_bytes);

/// Calculates the image now, into memory. Errors: exhausted (more than memory_max), cancelled,
/// timeout, corrupt.
Result<Pixels> in_memory(const Pixels& image, ImageRun& run);

}  // namespace sluice::work
