// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/cdx.h"
#include "modules/crawl/shell/output/derived_file.h"
#include "modules/crawl/shell/output/finish.h"

#include <algorithm>
#include <vector>

namespace sluice::crawl {
namespace {

/// Lines of one URL and second that are put in order; what is beyond comes in the order of the
/// files.
constexpr std::size_t alike_max = 10'000;

class Index {
public:
    explicit Index(DerivedFile& file) : file_(file) {}

    Status add(std::string_view front, std::string_view json) {
        if (front != front_ || alike_.size() >= alike_max) {
            SLUICE_TRY_STATUS(flush());
            front_ = front;
        }
        alike_.emplace_back(json);
        return {};
    }
    Status flush() {
        std::sort(alike_.begin(), alike_.end());
        for (const std::string& json : alike_)
            SLUICE_TRY_STATUS(file_.put(front_ + " " + json + "\n"));
        alike_.clear();
        return {};
    }

private:
    DerivedFile& file_;
    std::string front_;
    std::vector<std::string> alike_;
};

}  // namespace

Status write_cdx_index(const Finish& finish) {
    constexpr std::string_view name = "index.cdxj";
    SLUICE_TRY(auto file, DerivedFile::open(finish.files, finish.path(name)));
    Index index(file);
    const auto add = [&index](std::string_view key, std::string_view json) -> Status {
        SLUICE_TRY(const std::string_view front, cdx_front(key));
        return index.add(front, json);
    };
    SLUICE_TRY_STATUS(finish.store(std::string(1, cdx_letter), add));
    SLUICE_TRY_STATUS(index.flush());
    SLUICE_TRY_STATUS(file.commit());
    finish.summary.files.emplace_back(name);
    return {};
}

}  // namespace sluice::crawl
