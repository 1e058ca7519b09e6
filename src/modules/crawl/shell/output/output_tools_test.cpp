// SPDX-License-Identifier: Apache-2.0
#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "modules/crawl/shell/output/output_testing.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <atomic>

namespace sluice::crawl {

void TestStore::commit(const std::vector<Write>& writes) {
    for (const Write& write : writes) {
        if (write.value) {
            records_[write.key] = *write.value;
        } else {
            records_.erase(write.key);
        }
    }
}

std::vector<Write> TestStore::marks() const {
    std::vector<Write> out;
    for (const auto& [key, value] : records_) {
        if (key[0] == output_letter) out.push_back({key, value});
    }
    return out;
}

EachRecord TestStore::each() const {
    return [this](std::string_view prefix, const VisitRecord& visit) -> Status {
        for (const auto& [key, value] : records_) {
            if (key.starts_with(prefix)) SLUICE_TRY_STATUS(visit(key, value));
        }
        return {};
    };
}

std::size_t TestStore::count(char letter) const {
    std::size_t count = 0;
    for (const auto& [key, value] : records_) count += key[0] == letter ? 1 : 0;
    return count;
}

FetchAnswer test_answer(std::string url, std::string body) {
    static std::atomic<std::uint64_t> tickets{0};
    FetchAnswer answer;
    answer.order.ticket = Ticket(++tickets);
    answer.order.url = std::move(url);
    answer.order.depth = 2;
    answer.status = 200;
    answer.protocol = "HTTP/1.1";
    answer.reason = "OK";
    answer.headers = {{"Content-Type", "text/html; charset=utf-8"},
                      {"Content-Length", std::to_string(body.size())}};
    answer.body = std::move(body);
    answer.address = "192.0.2.7";
    answer.order.let_go = wall_from_ns(1'795'000'000'123'000'000);
    answer.latency = 12ms;
    answer.took = 34ms;
    return answer;
}

PageReading test_page(const FetchAnswer& answer, const std::vector<std::string>& links) {
    PageReading page;
    page.end.ticket = answer.order.ticket;
    page.end.kind = PageEnd::Kind::fetched;
    page.type.essence = "text/html";
    page.encoding = "UTF-8";
    page.title = "A title";
    page.body = answer.body;
    for (const std::string& link : links) {
        PageLink& added = page.links.emplace_back();
        added.url = link;
    }
    return page;
}

PageReading test_failure(Failure failure, std::string problem) {
    PageReading page;
    page.end.kind = PageEnd::Kind::failed;
    page.end.failure = failure;
    page.problem = std::move(problem);
    return page;
}

std::string WarcRecord::header(std::string_view name) const {
    for (const std::string_view line : split(head, '\n')) {
        const std::size_t colon = line.find(": ");
        if (colon != std::string_view::npos && line.substr(0, colon) == name)
            return std::string(trim(line.substr(colon + 2)));
    }
    return {};
}

namespace {

/// One member from `in`; how many bytes it takes.
std::size_t gunzip_member(std::string_view in, std::string& out) {
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));  // NOLINT
    stream.avail_in = static_cast<uInt>(in.size());
    std::array<char, 65536> buffer;
    int result = Z_OK;
    while (result == Z_OK) {
        stream.next_out = reinterpret_cast<Bytef*>(buffer.data());  // NOLINT
        stream.avail_out = buffer.size();
        result = inflate(&stream, Z_NO_FLUSH);
        out.append(buffer.data(), buffer.size() - stream.avail_out);
    }
    EXPECT_EQ(result, Z_STREAM_END) << "a torn member";
    const std::size_t used = in.size() - stream.avail_in;
    inflateEnd(&stream);
    return result == Z_STREAM_END ? used : in.size();
}

}  // namespace

std::vector<WarcRecord> read_warc(const std::string& file) {
    std::vector<WarcRecord> records;
    for (std::size_t at = 0; at < file.size();) {
        WarcRecord record;
        record.offset = at;
        std::string text;
        record.length = gunzip_member(std::string_view(file).substr(at), text);
        at += record.length;
        EXPECT_TRUE(text.starts_with("WARC/1.1\r\n"));
        const std::size_t end = text.find("\r\n\r\n");
        EXPECT_NE(end, std::string::npos);
        if (end == std::string::npos) break;
        record.head = text.substr(0, end + 2);
        const auto length = parse_int(record.header("Content-Length"));
        EXPECT_TRUE(length);
        if (!length) break;
        record.block = text.substr(end + 4, static_cast<std::size_t>(*length));
        EXPECT_EQ(text.size(), end + 8 + static_cast<std::size_t>(*length)) << record.head;
        EXPECT_TRUE(text.ends_with("\r\n\r\n"));
        records.push_back(std::move(record));
    }
    return records;
}

}  // namespace sluice::crawl
