// SPDX-License-Identifier: Apache-2.0
// libraries: work_core_flow work_core_folders work_core_operations sdk
// Any bytes as what jobs and workers write for later ones: a backup's manifest, the state of health
// checks, the plan and the pages of a flow, the spool of answers. No crash; what is read can be
// written, and is then read as the same.
#include "kernel/base/check.h"
#include "modules/work/core/flow/flow_page.h"
#include "modules/work/core/flow/flow_plan.h"
#include "modules/work/core/folders/backup_manifest.h"
#include "modules/work/core/operations/health_state.h"
#include "sdk/spool.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::work;

/// The same for every text, so that changed ones pass as well.
std::string digest(std::string_view) { return std::string(64, '0'); }

void read_manifest(std::string_view text) {
    const auto manifest = parse_manifest(text, digest);
    if (!manifest) return;
    const std::string written = format_manifest(*manifest, digest);
    const auto again = parse_manifest(written, digest);
    SLUICE_CHECK(again && format_manifest(*again, digest) == written);
}

void read_health(std::string_view text) {
    const auto state = HealthState::parse(std::string(text));
    if (!state) return;
    const std::string written = state->format();
    const auto again = HealthState::parse(written);
    SLUICE_CHECK(again && again->format() == written);
}

void read_plan(std::string_view text) {
    const auto plan = parse_plan(std::string(text));
    if (!plan) return;
    const std::string written = format_plan(*plan);
    const auto again = parse_plan(written);
    SLUICE_CHECK(again && format_plan(*again) == written);
    SLUICE_CHECK(plan->lanes() <= plan->pages());
}

void read_page(std::string_view text) {
    const auto page = FlowPage::parse(std::string(text));
    if (!page) return;
    const std::string written = page->format();
    const auto again = FlowPage::parse(written);
    SLUICE_CHECK(again && again->format() == written);
    FlowTotals totals;
    page->add_to(totals);
    SLUICE_CHECK(totals.all() == page->files().size());
}

std::string records_of(const std::vector<sdk::Answer>& answers) {
    std::string out;
    for (const sdk::Answer& answer : answers) sdk::append_spool_record(out, answer);
    return out;
}

void read_spool(std::string_view text) {
    const std::string written = records_of(sdk::read_spool_records(text));
    SLUICE_CHECK(written.size() <= text.size());
    SLUICE_CHECK(records_of(sdk::read_spool_records(written)) == written);
}

}  // namespace

/// The first byte says what it is read as.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    switch (data[0]) {
        case 'm': read_manifest(text); break;
        case 'h': read_health(text); break;
        case 'p': read_plan(text); break;
        case 'g': read_page(text); break;
        case 's': read_spool(text); break;
        default: break;
    }
    return 0;
}
