// SPDX-License-Identifier: Apache-2.0
// ByteBuffer: bytes that come in at the back and are consumed at the front, in one block of memory.
// The common ground of the line framer and the RESP decoder.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace sluice {

/// A growing window of bytes. No limit of its own: its owner stops feeding it. Every byte is moved
/// a constant number of times on average. Views into it are valid until prepare, feed or shrink.
class ByteBuffer {
public:
    ByteBuffer() = default;
    ByteBuffer(ByteBuffer&& other) noexcept;
    ByteBuffer& operator=(ByteBuffer&& other) noexcept;
    ByteBuffer(const ByteBuffer&) = delete;
    ByteBuffer& operator=(const ByteBuffer&) = delete;
    ~ByteBuffer() = default;

    /// Room for at least `count` bytes behind the last one; fill a part of it, then call commit.
    std::span<char> prepare(std::size_t count);
    /// The first `count` bytes of the prepared room now belong to the content.
    void commit(std::size_t count);
    /// prepare, copy, commit.
    void feed(std::string_view bytes);

    [[nodiscard]] std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
    [[nodiscard]] std::size_t size() const { return end_ - begin_; }
    /// Drops `count` bytes from the front.
    void consume(std::size_t count);

    [[nodiscard]] std::size_t capacity() const { return capacity_; }
    /// Gives the memory back if nothing is in it (for sessions that fall idle).
    void shrink();

private:
    void make_room(std::size_t count);

    std::unique_ptr<char[]> data_;
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace sluice
