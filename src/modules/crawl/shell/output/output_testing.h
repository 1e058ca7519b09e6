// SPDX-License-Identifier: Apache-2.0
// For tests of the outputs: a store in memory, answers, and a reader of WARC files that
// is independent of what writes them.
#pragma once

#include "modules/crawl/core/page/page_reader.h"
#include "modules/crawl/shell/output/outputs.h"

#include <support/scratch_folder.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

/// The crawl's store: what was committed.
class TestStore {
public:
    void commit(const std::vector<Write>& writes);
    [[nodiscard]] std::vector<Write> marks() const;
    [[nodiscard]] EachRecord each() const;
    [[nodiscard]] std::size_t count(char letter) const;

private:
    std::map<std::string, std::string> records_;
};

/// An answer that was had.
FetchAnswer test_answer(std::string url, std::string body = "<title>x</title>");
/// A page of it, with links to these.
PageReading test_page(const FetchAnswer& answer, const std::vector<std::string>& links = {});
PageReading test_failure(Failure failure, std::string problem = "");

struct WarcRecord {
    std::string head;  ///< of the record
    std::string block;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    /// The value of a header; empty if there is none.
    [[nodiscard]] std::string header(std::string_view name) const;
};
/// Every record; reports what is wrong with the file as test failures.
std::vector<WarcRecord> read_warc(const std::string& file);

}  // namespace sluice::crawl
