// SPDX-License-Identifier: Apache-2.0
// "Prescan a byte stream to determine its encoding" of the HTML standard (13.2.3.2): what the first
// meta elements of a page say, before it is decoded. Byte order marks and headers are the caller's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// The bytes of a page that the prescan looks at.
inline constexpr std::size_t prescan_bytes = 1024;

/// Whether a label names an encoding; a meta element with an unknown one is passed over.
using LabelTest = bool (*)(std::string_view label);

/// The label of the first meta element that names a known encoding, in lower case and trimmed;
/// empty if none does within prescan_bytes. A UTF-16 label is given as "utf-8" and x-user-defined
/// as "windows-1252", as the standard has it. A null test knows every label that is not empty.
std::string prescan_encoding(std::string_view bytes, LabelTest is_known);

/// What the standard makes of a label in a meta element: lower case, trimmed, UTF-16 as UTF-8.
std::string meta_encoding(std::string_view label);

}  // namespace sluice::crawl
