// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/magic/file_type.h"

#include <magic.h>

#include <memory>

namespace sluice::work {

namespace {

struct Close {
    void operator()(magic_set* cookie) const { magic_close(cookie); }
};

Error refused(magic_t cookie) {
    const char* text = magic_error(cookie);
    return fail(Code::internal,
                std::string("libmagic: ") + (text != nullptr ? text : "nothing is known of why"));
}

Result<std::string> asked(magic_t cookie, int flags, std::string_view bytes) {
    if (magic_setflags(cookie, flags) != 0) return refused(cookie);
    const char* text = magic_buffer(cookie, bytes.data(), bytes.size());
    if (text == nullptr) return refused(cookie);
    return std::string(text);
}

}  // namespace

Result<FileType> type_of_bytes(std::string_view bytes) {
    // One for each call: a cookie is for one thread, and loading it maps a file.
    const std::unique_ptr<magic_set, Close> cookie(magic_open(MAGIC_NONE));
    if (!cookie) return fail(Code::exhausted, "no memory for libmagic");
    if (magic_load(cookie.get(), nullptr) != 0) return refused(cookie.get());
    FileType type;
    SLUICE_TRY(type.mime, asked(cookie.get(), MAGIC_MIME_TYPE, bytes));
    SLUICE_TRY(type.encoding, asked(cookie.get(), MAGIC_MIME_ENCODING, bytes));
    SLUICE_TRY(type.description, asked(cookie.get(), MAGIC_NONE, bytes));
    return type;
}

}  // namespace sluice::work
