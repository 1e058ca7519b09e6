// SPDX-License-Identifier: Apache-2.0
// The xz half of codec.h, by liblzma. Private to this folder.
#pragma once

#include "modules/work/shell/codec.h"

namespace sluice::work {

std::unique_ptr<Codec> make_xz_compressor(int level);
std::unique_ptr<Codec> make_xz_decompressor();

}  // namespace sluice::work
