// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/job/job_arguments.h"

#include "kernel/wire/json_text.h"

#include <utility>

namespace sluice::crawl {

sdk::Argument time_argument(std::string name, Duration least, Duration usual, Duration most,
                            std::string help) {
    std::string fallback;
    JsonWriter(fallback).number(to_seconds(usual));
    return {.name = std::move(name),
            .kind = sdk::ArgumentKind::seconds,
            .range = {to_seconds(least), to_seconds(most)},
            .fallback = std::move(fallback),
            .help = std::move(help)};
}

}  // namespace sluice::crawl
