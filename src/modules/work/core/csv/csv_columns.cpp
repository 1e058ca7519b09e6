// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/csv/csv_columns.h"

#include "kernel/base/bytes.h"
#include "kernel/base/text.h"
#include "modules/work/core/csv/csv_value.h"

#include <algorithm>

namespace sluice::work {

CsvColumns::CsvColumns(std::span<const CsvField> first, bool header) {
    for (std::size_t i = 0; i < first.size(); ++i) {
        names_.emplace_back(header ? trim_blanks(first[i].text) : std::string_view());
        if (names_.back().empty()) names_.back() = "column " + std::to_string(i + 1);
    }
}

Result<std::size_t> CsvColumns::find(std::string_view name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
    if (name.starts_with('#')) {
        const auto number = parse_int(name.substr(1));
        if (number && *number >= 1 && static_cast<std::uint64_t>(*number) <= names_.size()) {
            return static_cast<std::size_t>(*number - 1);
        }
    }
    std::string why = "there is no column \"" + cut_text(name, 100) + "\"";
    const std::vector<std::string_view> candidates(names_.begin(), names_.end());
    if (const auto near = nearest(name, candidates)) {
        why += "; did you mean \"" + cut_text(*near, 100) + "\"?";
    }
    return fail(Code::invalid, why);
}

Result<std::vector<std::size_t>> CsvColumns::find_all(const std::vector<std::string>& names) const {
    std::vector<std::size_t> out;
    for (const auto& name : names) {
        SLUICE_TRY(const std::size_t column, find(name));
        out.push_back(column);
    }
    return out;
}

void put_csv_record(std::string& out, std::span<const CsvField> fields, char delimiter) {
    if (fields.size() == 1 && fields[0].text.empty()) {
        out += "\"\"\n";
        return;
    }
    bool first = true;
    for (const CsvField& field : fields) {
        if (!first) out += delimiter;
        first = false;
        put_csv_field(out, field, delimiter);
    }
    out += '\n';
}

void put_csv_record(std::string& out, std::span<const std::string> texts, char delimiter) {
    std::vector<CsvField> fields;
    for (const auto& text : texts) fields.push_back({text, false});
    put_csv_record(out, fields, delimiter);
}

void pack_fields(std::string& out, std::span<const CsvField> fields) {
    put_varint(out, fields.size());
    for (const CsvField& field : fields) {
        put_varint(out, field.text.size() * 2 + (field.quoted ? 1 : 0));
        out += field.text;
    }
}

bool unpack_fields(std::string_view bytes, std::vector<CsvField>& out) {
    out.clear();
    ByteReader reader(bytes);
    const std::uint64_t count = reader.varint();
    for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
        const std::uint64_t length = reader.varint();
        out.push_back({reader.take(static_cast<std::size_t>(length / 2)), length % 2 == 1});
    }
    return reader.ok() && reader.at_end();
}

}  // namespace sluice::work
