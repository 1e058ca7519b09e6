// SPDX-License-Identifier: Apache-2.0
// libarchive converts names to and from the locale of the calling thread. Private to this folder.
#pragma once

#include <locale.h>

namespace sluice::work {

/// While it lives, the calling thread's names are UTF-8, whatever the worker was started with.
class Utf8Locale {
public:
    Utf8Locale() : before_(::uselocale(utf8())) {}
    ~Utf8Locale() { ::uselocale(before_); }
    Utf8Locale(const Utf8Locale&) = delete;
    Utf8Locale& operator=(const Utf8Locale&) = delete;

private:
    /// Made once and kept; part of the C library since glibc 2.35.
    static locale_t utf8() {
        static const locale_t locale =
            ::newlocale(LC_CTYPE_MASK, "C.UTF-8", static_cast<locale_t>(nullptr));
        return locale;
    }
    locale_t before_;
};

}  // namespace sluice::work
