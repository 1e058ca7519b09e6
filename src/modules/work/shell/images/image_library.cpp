// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/images/image_library.h"

#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "kernel/sync/once.h"

#include <vips/vips.h>

#include <algorithm>

namespace sluice::work {

namespace {

/// Warnings about strange files would go to the worker's standard error, a line or more a file.
void ignore_log(const gchar*, GLogLevelFlags, const gchar*, gpointer) {}

Status start() {
    if (VIPS_INIT("sluice-worker") != 0) {
        return fail(Code::internal,
                    "libvips does not start: " + std::string(trim(vips_error_buffer())));
    }
    for (const char* domain : {"VIPS", "Pango"}) {
        g_log_set_handler(domain,
                          static_cast<GLogLevelFlags>(G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE),
                          &ignore_log, nullptr);
    }
    // Twice: those that libvips itself calls unfit for untrusted files, and then all that are not
    // on our list.
    vips_block_untrusted_set(TRUE);
    vips_operation_block_set("VipsForeignLoad", TRUE);
    vips_operation_block_set("VipsForeignSave", TRUE);
    for (const char* allowed :
         {"VipsForeignLoadJpegSource", "VipsForeignLoadPngSource", "VipsForeignLoadWebpSource",
          "VipsForeignLoadNsgifSource", "VipsForeignLoadTiffSource", "VipsForeignLoadHeifSource",
          "VipsForeignSaveJpegTarget", "VipsForeignSavePngTarget", "VipsForeignSaveWebpTarget",
          "VipsForeignSaveHeifTarget"}) {
        vips_operation_block_set(allowed, FALSE);
    }
    // A cached operation would hold the descriptors and pixels of a job that has ended.
    vips_cache_set_max(0);
    // The worker has slots; a job that took all processors would take them from the others.
    vips_concurrency_set(1);
    return {};
}

}  // namespace

Status start_image_library() {
    static Once once;
    return once.call(&start);
}

std::string image_library_said(std::string_view about) {
    char* log = vips_error_buffer_copy();
    const std::string text = log;
    g_free(log);
    for (const auto line : split(text, '\n')) {
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        const std::string domain = ascii_lowered(line.substr(0, colon));
        if (domain.find(about) == std::string::npos) continue;
        return std::string(truncate_utf8(trim(line.substr(colon + 1)), 200));
    }
    return {};
}

void ReleasePixels::operator()(_VipsImage* image) const noexcept { g_object_unref(image); }

}  // namespace sluice::work
