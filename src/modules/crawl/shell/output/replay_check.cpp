// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/replay_check.h"

#include "modules/crawl/shell/output/finish.h"
#include "modules/crawl/shell/output/output_file.h"
#include "modules/crawl/shell/output/outputs.h"

#include <utility>

namespace sluice::crawl {
namespace {

bool is_output(std::string_view name) {
    return name == pages_name || name == edges_name || warc_part(name).has_value();
}

}  // namespace

// A file that may not be read is no lost file: that must be known before anything is given up.
Result<std::shared_ptr<ReplayCheck>> ReplayCheck::open(const FileIo& files, std::string folder) {
    if (files.exists(folder)) {
        SLUICE_TRY(const auto names, files.list_folder(folder));
        for (const std::string& name : names) {
            if (!is_output(name)) continue;
            const auto file = files.open_append(folder + "/" + name);
            if (!file) return file.error();
        }
    }
    return std::shared_ptr<ReplayCheck>(new ReplayCheck(files, std::move(folder)));
}

bool ReplayCheck::may_replay(std::string_view key, std::string_view value) {
    if (!key.starts_with(output_letter)) return true;
    const auto mark = read_mark({std::string(key), std::string(value)});
    // What cannot be read or is no output is refused with its own message when it is opened.
    if (!mark || !is_output(mark->name) || mark->length == 0) return true;
    const Status status = check(*mark);
    if (!status) missing_ = status.error().message;
    return status.has_value();
}

std::string ReplayCheck::end() {
    checked_.clear();
    return std::exchange(missing_, {});
}

Status ReplayCheck::check(const FileMark& mark) {
    Checked& checked = checked_[mark.name];
    if (!checked.file) {
        SLUICE_TRY(checked.file, open_marked(files_, folder_, mark));
    }
    return check_end(*checked.file, mark, checked.known);
}

}  // namespace sluice::crawl
