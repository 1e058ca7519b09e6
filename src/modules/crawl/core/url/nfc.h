// SPDX-License-Identifier: Apache-2.0
// Unicode normalisation form C (UAX 15), of texts as short as domain names: the time for marks in
// the wrong order is their number squared.
#pragma once

#include <string>

namespace sluice::crawl::idna {

/// The text in NFC.
std::u32string to_nfc(const std::u32string& text);

}  // namespace sluice::crawl::idna
