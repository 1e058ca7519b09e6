// SPDX-License-Identifier: Apache-2.0
// One layer of packing behind a common face. Private to this folder.
#pragma once

#include "modules/crawl/core/unpack/unpack.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace sluice::crawl {

class Unpacker::Layer {
public:
    Layer() = default;
    Layer(const Layer&) = delete;
    Layer& operator=(const Layer&) = delete;
    virtual ~Layer() = default;

    struct Progress {
        std::size_t taken = 0;  ///< Bytes of the input.
        std::size_t given = 0;  ///< Bytes of `out`.
        bool blocked = false;   ///< Nothing more comes without more input.
    };
    /// Errors: corrupt.
    virtual Result<Progress> step(std::string_view in, std::span<char> out) = 0;
    /// The input may end here.
    [[nodiscard]] virtual bool complete() const = 0;

    std::size_t bytes_in = 0;
    std::size_t bytes_out = 0;
};

std::unique_ptr<Unpacker::Layer> make_inflate_layer(Packing packing);
std::unique_ptr<Unpacker::Layer> make_brotli_layer();
std::unique_ptr<Unpacker::Layer> make_zstd_layer();

}  // namespace sluice::crawl
