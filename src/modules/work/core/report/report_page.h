// SPDX-License-Identifier: Apache-2.0
// A report as one HTML page that needs nothing else: no script, no font, no address is in it but
// what its data says as text. It prints, follows light and dark, and reads aloud. Pure: the same
// data gives the same bytes.
#pragma once

#include "modules/work/core/report/chart_data.h"
#include "modules/work/core/report/report_spec.h"

#include <cstddef>
#include <string>

namespace sluice::work {

/// Section by section: begin, one call for each section with its table, end.
class ReportPage {
public:
    explicit ReportPage(const ReportSpec& spec, ReportLimits limits = {});

    /// `table` is looked at unless the section is a text. Errors: those of the chart's data.
    Status add(const ReportSection& section, const ReportTable& table);
    /// The whole page.
    std::string finish();

    [[nodiscard]] std::size_t charts() const { return charts_; }
    [[nodiscard]] std::size_t tables() const { return tables_; }

private:
    void put_text(std::string_view text);
    Status put_table(const ReportSection& section, const ReportTable& table);
    Status put_chart(const ReportSection& section, const ReportTable& table);
    void put_data_behind(const ChartData& data, const std::string& x);
    void put_note(const std::string& note);

    ReportLimits limits_;
    std::string out_;
    std::size_t sections_ = 0;
    std::size_t charts_ = 0;
    std::size_t tables_ = 0;
};

}  // namespace sluice::work
