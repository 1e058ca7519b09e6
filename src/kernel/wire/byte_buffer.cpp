// SPDX-License-Identifier: Apache-2.0
// Growing by doubling, and moving the content to the front when that is enough.
#include "kernel/wire/byte_buffer.h"

#include "kernel/base/check.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice {
namespace {

constexpr std::size_t capacity_min = 512;
/// An empty buffer bigger than this is given back before it is filled again.
constexpr std::size_t capacity_kept_max = std::size_t{1} << 20;

}  // namespace

ByteBuffer::ByteBuffer(ByteBuffer&& other) noexcept
    : data_(std::move(other.data_)),
      capacity_(std::exchange(other.capacity_, 0)),
      begin_(std::exchange(other.begin_, 0)),
      end_(std::exchange(other.end_, 0)) {}

ByteBuffer& ByteBuffer::operator=(ByteBuffer&& other) noexcept {
    data_ = std::move(other.data_);
    capacity_ = std::exchange(other.capacity_, 0);
    begin_ = std::exchange(other.begin_, 0);
    end_ = std::exchange(other.end_, 0);
    return *this;
}

std::span<char> ByteBuffer::prepare(std::size_t count) {
    if (begin_ == end_) {
        begin_ = end_ = 0;
        if (capacity_ > capacity_kept_max && count <= capacity_kept_max) shrink();
    }
    if (capacity_ - end_ < count) make_room(count);
    return {data_.get() + end_, capacity_ - end_};
}

void ByteBuffer::make_room(std::size_t count) {
    const std::size_t used = size();
    if (capacity_ - used >= count && begin_ >= used / 2) {
        std::memmove(data_.get(), data_.get() + begin_, used);
    } else {
        const std::size_t wanted = std::max({used + count, 2 * used, capacity_min});
        auto larger = std::make_unique_for_overwrite<char[]>(wanted);
        if (used > 0) std::memcpy(larger.get(), data_.get() + begin_, used);
        data_ = std::move(larger);
        capacity_ = wanted;
    }
    begin_ = 0;
    end_ = used;
}

void ByteBuffer::commit(std::size_t count) {
    SLUICE_CHECK(count <= capacity_ - end_);
    end_ += count;
}

void ByteBuffer::feed(std::string_view bytes) {
    if (bytes.empty()) return;
    const std::span<char> room = prepare(bytes.size());
    std::memcpy(room.data(), bytes.data(), bytes.size());
    commit(bytes.size());
}

void ByteBuffer::consume(std::size_t count) {
    SLUICE_CHECK(count <= size());
    begin_ += count;
}

void ByteBuffer::shrink() {
    if (begin_ != end_) return;
    data_.reset();
    capacity_ = begin_ = end_ = 0;
}

}  // namespace sluice
