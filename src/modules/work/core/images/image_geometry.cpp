// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/images/image_geometry.h"

#include "kernel/base/check.h"
#include "kernel/base/text.h"

#include <algorithm>
#include <cmath>

namespace sluice::work {

namespace {

std::int64_t scaled_side(std::int64_t side, double factor) {
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(side) * factor));
}

/// The side that decides is met exactly, whatever the multiplication rounds to.
ImageSize scale_to(ImageSize from, double by_width, double by_height, double factor,
                   const FitRequest& request) {
    ImageSize to{scaled_side(from.width, factor), scaled_side(from.height, factor)};
    if (factor == by_width && request.width) to.width = *request.width;
    if (factor == by_height && request.height) to.height = *request.height;
    return to;
}

FitPlan plan_exact(ImageSize from, const FitRequest& request) {
    ImageSize to{request.width.value_or(0), request.height.value_or(0)};
    if (!request.enlarge) {
        to.width = std::min(to.width, from.width);
        to.height = std::min(to.height, from.height);
    }
    return {to, to};
}

}  // namespace

std::string to_string(ImageSize size) {
    return std::to_string(size.width) + "x" + std::to_string(size.height);
}

FitPlan plan_fit(ImageSize from, const FitRequest& request) {
    SLUICE_CHECK(request.width || request.height);
    SLUICE_CHECK(from.width > 0 && from.height > 0);
    const bool both = request.width && request.height;
    if (both && request.fit == ImageFit::exact) return plan_exact(from, request);
    const auto ratio = [](std::optional<std::int64_t> wanted, std::int64_t side) {
        return wanted ? static_cast<double>(*wanted) / static_cast<double>(side) : 0.0;
    };
    const double by_width = ratio(request.width, from.width);
    const double by_height = ratio(request.height, from.height);
    const bool cover = both && request.fit == ImageFit::cover;
    double factor = both && !cover ? std::min(by_width, by_height) : std::max(by_width, by_height);
    if (!request.enlarge) factor = std::min(factor, 1.0);
    const ImageSize scaled = scale_to(from, by_width, by_height, factor, request);
    if (!cover) return {scaled, scaled};
    return {scaled,
            {std::min(scaled.width, *request.width), std::min(scaled.height, *request.height)}};
}

SheetPlan plan_sheet(const SheetRequest& request) {
    SLUICE_CHECK(request.images > 0);
    const auto images = static_cast<std::int64_t>(request.images);
    SheetPlan plan;
    plan.columns = request.columns > 0
                       ? std::min(request.columns, images)
                       : static_cast<std::int64_t>(std::ceil(std::sqrt(request.images)));
    plan.rows = (images + plan.columns - 1) / plan.columns;
    const auto side = [&request](std::int64_t cells, std::int64_t cell) {
        return cells * cell + (cells + 1) * request.spacing;
    };
    plan.size = {side(plan.columns, request.cell.width), side(plan.rows, request.cell.height)};
    return plan;
}

Result<ImageSize> parse_image_size(std::string_view text, std::int64_t max) {
    const auto wrong = [&] {
        return fail(Code::invalid, "\"" + std::string(truncate_utf8(text, 40)) +
                                       "\" is no size such as \"640x480\" or \"640\" with sides "
                                       "from 1 to " +
                                       std::to_string(max));
    };
    const auto parts = split(text, 'x');
    if (parts.empty() || parts.size() > 2) return wrong();
    const auto width = parse_int(parts.front());
    const auto height = parse_int(parts.back());
    if (!width || !height || *width < 1 || *height < 1 || *width > max || *height > max) {
        return wrong();
    }
    return ImageSize{*width, *height};
}

}  // namespace sluice::work
