// SPDX-License-Identifier: Apache-2.0
// libraries: work_core_csv kernel_wire
// Any JSON objects, one a line, as a table: no crash; each record reads back as a CSV record with a
// field for each column, and becomes a JSON object again.
#include "kernel/base/check.h"
#include "kernel/wire/json_reader.h"
#include "modules/work/core/csv/csv_parser.h"
#include "modules/work/core/csv/json_table.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::work;

/// Calls `take` with each line that is JSON.
template <class Take>
void each_object(std::string_view text, Take take) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        JsonParser parser;
        if (const auto object = parser.parse(text.substr(0, end))) take(*object);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

void check_object(const CsvObjects& objects, std::span<const CsvField> record) {
    std::string json;
    objects.put_object(record, json);
    JsonParser parser;
    const auto parsed = parser.parse(json);
    SLUICE_CHECK(parsed && parsed->is_object());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    JsonColumns columns(20);
    each_object(text, [&](JsonView object) { (void)columns.add_members(object); });
    const std::size_t count = columns.names().size();
    if (count < 2) return 0;  // a record of one empty field is a blank line
    std::vector<CsvField> header;
    for (const std::string& name : columns.names()) header.push_back({name, true});
    const auto flat = CsvObjects::make(header, {.types = true, .nested = false});
    const auto nested = CsvObjects::make(header, {.types = true, .nested = true});
    each_object(text, [&](JsonView object) {
        std::string csv;
        if (!columns.put_record(object, ',', csv)) return;
        CsvParser parser;
        std::size_t records = 0;
        const auto take = [&](std::span<const CsvField> record) {
            ++records;
            SLUICE_CHECK(record.size() == count);
            if (flat) check_object(*flat, record);
            if (nested) check_object(*nested, record);
        };
        // A text with a NUL is the one thing that a table cannot hold.
        if (parser.feed(csv, take) && parser.finish(take)) SLUICE_CHECK(records == 1);
    });
    return 0;
}
