// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/gzip.h"

#include "kernel/base/check.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace sluice::crawl {
namespace {

constexpr std::size_t idle_max = 64;
constexpr int gzip_window = 15 + 16;  // the largest window, with the gzip header
constexpr int memory_level = 8;
constexpr std::size_t step_max = std::size_t{1} << 30U;  // zlib counts in 32 bits

}  // namespace

struct Gzip::State {
    z_stream stream{};
};

Gzip::Gzip(int level) : state_(std::make_unique<State>()) {
    const int result = deflateInit2(&state_->stream, level, Z_DEFLATED, gzip_window, memory_level,
                                    Z_DEFAULT_STRATEGY);
    SLUICE_CHECK(result == Z_OK);
}

Gzip::~Gzip() { deflateEnd(&state_->stream); }

void Gzip::put_member(std::string& out, std::initializer_list<std::string_view> parts) {
    z_stream& stream = state_->stream;
    SLUICE_CHECK(deflateReset(&stream) == Z_OK);
    std::size_t bytes = 0;
    for (const std::string_view part : parts) bytes += part.size();
    std::size_t used = out.size();
    // Text becomes a third; what does not fit makes it grow.
    out.resize(used + bytes / 3 + 256);
    const auto pump = [&](int flush) {
        for (;;) {
            const std::size_t room = std::min(out.size() - used, step_max);
            stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);  // NOLINT
            stream.avail_out = static_cast<uInt>(room);
            const int result = deflate(&stream, flush);
            used += room - stream.avail_out;
            if (result == Z_STREAM_END || (flush == Z_NO_FLUSH && stream.avail_out > 0)) return;
            if (stream.avail_out == 0) out.resize(out.size() + bytes / 3 + 4096);
        }
    };
    for (std::string_view part : parts) {
        while (!part.empty()) {
            const std::size_t step = std::min(part.size(), step_max);
            // zlib reads only.
            stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));  // NOLINT
            stream.avail_in = static_cast<uInt>(step);
            pump(Z_NO_FLUSH);
            part.remove_prefix(step);
        }
    }
    pump(Z_FINISH);
    out.resize(used);
}

std::unique_ptr<Gzip> GzipPool::borrow() {
    {
        MutexLock lock(mutex_);
        if (!idle_.empty()) {
            auto gzip = std::move(idle_.back());
            idle_.pop_back();
            return gzip;
        }
    }
    return std::make_unique<Gzip>(level_);
}

void GzipPool::give_back(std::unique_ptr<Gzip> gzip) {
    MutexLock lock(mutex_);
    if (idle_.size() < idle_max) idle_.push_back(std::move(gzip));
}

}  // namespace sluice::crawl
