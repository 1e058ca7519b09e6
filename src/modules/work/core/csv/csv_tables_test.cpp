// SPDX-License-Identifier: Apache-2.0
#include "kernel/base/random.h"
#include "modules/work/core/csv/csv_aggregate.h"
#include "modules/work/core/csv/csv_filter.h"
#include "modules/work/core/csv/csv_join.h"
#include "modules/work/core/csv/csv_keys.h"
#include "modules/work/core/csv/csv_value.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace sluice::work {
namespace {

/// Runs in memory; counts those that are alive.
class MemoryStore final : public RunStore {
public:
    explicit MemoryStore(int& alive) : alive_(alive) { ++alive_; }
    ~MemoryStore() override { --alive_; }
    MemoryStore(const MemoryStore&) = delete;
    MemoryStore& operator=(const MemoryStore&) = delete;
    Status append(std::string_view bytes) override {
        bytes_ += bytes;
        return {};
    }
    Status read(std::uint64_t offset, std::span<char> into) override {
        if (offset + into.size() > bytes_.size()) return fail(Code::corrupt, "beyond the end");
        bytes_.copy(into.data(), into.size(), offset);
        return {};
    }
    [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }

private:
    int& alive_;
    std::string bytes_;
};

int stores_alive = 0;
MakeRunStore in_memory() {
    return []() -> Result<std::unique_ptr<RunStore>> {
        return std::unique_ptr<RunStore>(std::make_unique<MemoryStore>(stores_alive));
    };
}

template <class Take>
void each_record(std::string_view text, Take&& take) {
    CsvParser parser;
    const auto give = [&take](std::span<const CsvField> record) {
        const Status status = take(record);
        ASSERT_TRUE(status) << status.error().text();
    };
    ASSERT_TRUE(parser.feed(text, give));
    ASSERT_TRUE(parser.finish(give));
}

template <class Source>
std::string rest_of(Source& source) {
    std::string out;
    for (;;) {
        const auto more = source.next(out);
        EXPECT_TRUE(more) << more.error().text();
        if (!more || !*more) return out;
    }
}

std::vector<std::string> sorted_through(std::vector<std::string> keys, SortLimits limits) {
    ExternalSorter sorter(in_memory(), limits);
    for (std::size_t i = 0; i < keys.size(); ++i) {
        EXPECT_TRUE(sorter.add(keys[i], keys[i] + " #" + std::to_string(i)));
    }
    EXPECT_TRUE(sorter.finish());
    std::vector<std::string> out;
    std::string_view key;
    std::string_view value;
    for (;;) {
        const auto more = sorter.next(key, value);
        EXPECT_TRUE(more);
        if (!*more) break;
        EXPECT_TRUE(value.starts_with(key));
        out.emplace_back(value);
    }
    return out;
}

TEST(ExternalSorter, SortsStablyWhateverTheMemory) {
    Random random(3);
    std::vector<std::string> keys;
    for (int i = 0; i < 5000; ++i) {
        std::string key(random.below(12), 'k');
        key += std::to_string(random.below(40));
        keys.push_back(std::move(key));
    }
    std::vector<std::pair<std::string, std::size_t>> order;
    for (std::size_t i = 0; i < keys.size(); ++i) order.emplace_back(keys[i], i);
    std::sort(order.begin(), order.end());
    std::vector<std::string> truth;
    for (const auto& [key, i] : order) truth.push_back(key + " #" + std::to_string(i));

    EXPECT_EQ(sorted_through(keys, {}), truth);
    for (const std::size_t fan_in : {2u, 3u, 64u}) {
        EXPECT_EQ(
            sorted_through(keys, {.memory_max = 8000, .fan_in_max = fan_in, .read_bytes = 100}),
            truth);
    }
    EXPECT_EQ(stores_alive, 0);
    EXPECT_TRUE(sorted_through({}, {}).empty());
}

TEST(ExternalSorter, RefusesARecordThatIsTooLong) {
    ExternalSorter sorter(in_memory(), {.memory_max = 1000});
    const auto status = sorter.add("k", std::string(300, 'x'));
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::exhausted);
}

TEST(ExternalSorter, PassesTheErrorsOfItsStoreOn) {
    ExternalSorter sorter(
        []() -> Result<std::unique_ptr<RunStore>> { return fail(Code::denied, "no folder"); },
        {.memory_max = 100});
    ASSERT_TRUE(sorter.add("a", "b"));
    ASSERT_TRUE(sorter.add("a", "b"));
    ASSERT_TRUE(sorter.add("a", "b"));
    const auto status = sorter.add("a", "b");
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::denied);
}

/// The values sorted by one key.
std::vector<std::string> by(const SortKey& key, const std::vector<std::string>& values) {
    const std::vector<CsvField> header = {{"c", false}};
    SortKeys keys = SortKeys::make({key}, CsvColumns(header, true)).value();
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const auto& value : values) {
        const std::vector<CsvField> record = {{value, false}};
        pairs.emplace_back("", value);
        keys.put(record, pairs.back().first);
    }
    std::sort(pairs.begin(), pairs.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> out;
    for (const auto& pair : pairs) out.push_back(pair.second);
    return out;
}

TEST(SortKeys, CompareAsTheirValuesDo) {
    using Texts = std::vector<std::string>;
    EXPECT_EQ(by({"c", KeyType::number, false}, {"10", "9", "-1.5", "x", "", "1e2", "-20", "0"}),
              (Texts{"-20", "-1.5", "0", "9", "10", "1e2", "x", ""}));
    EXPECT_EQ(by({"c", KeyType::number, true}, {"10", "9", "-1.5", "x", "", "1e2"}),
              (Texts{"1e2", "10", "9", "-1.5", "x", ""}));
    EXPECT_EQ(by({"c", KeyType::text, false}, {"b", "ab", "a", "NA", "B"}),
              (Texts{"B", "a", "ab", "b", "NA"}));
    EXPECT_EQ(by({"c", KeyType::text, true}, {"b", "ab", "a", "", "abc"}),
              (Texts{"b", "abc", "ab", "a", ""}));
    EXPECT_EQ(by({"c", KeyType::date, false},
                 {"2026-02-01", "1969-01-01", "2026-01-31T23:00-02:00", "soon", "1700-01-01"}),
              (Texts{"1700-01-01", "1969-01-01", "2026-02-01", "2026-01-31T23:00-02:00", "soon"}));
}

TEST(SortKeys, AreReadFromText) {
    EXPECT_EQ(parse_sort_key("a")->column, "a");
    const auto full = parse_sort_key("the:column:number:descending");
    EXPECT_EQ(full->column, "the:column");
    EXPECT_EQ(full->type, KeyType::number);
    EXPECT_TRUE(full->descending);
    EXPECT_TRUE(parse_sort_key("a:descending")->descending);
    EXPECT_EQ(parse_sort_key("a:date:ascending")->type, KeyType::date);
    EXPECT_FALSE(parse_sort_key(":number"));
    EXPECT_FALSE(parse_sort_key(""));
}

constexpr std::string_view orders =
    "id,city,price,note\n"
    "1,Oslo,10,\n2,Rome,5.5,\"a, b\"\n3,Oslo,NA,x\n4,Łódź,20,NULL\n5,Rome,100,\"\"\n";

std::string filtered(FilterRequest request, std::string_view text = orders) {
    auto filter = CsvFilter::make(std::move(request));
    if (!filter) return filter.error().text();
    each_record(text, [&](std::span<const CsvField> record) { return filter->add(record); });
    return filter->out;
}

std::string where(std::vector<std::string> conditions, bool any = false) {
    FilterRequest request{.any = any, .columns = {"id"}};
    for (const auto& text : conditions) {
        auto condition = parse_condition(text);
        if (!condition) return condition.error().text();
        request.conditions.push_back(*std::move(condition));
    }
    std::string out = filtered(std::move(request));
    if (!out.starts_with("id\n")) return out;
    std::replace(out.begin(), out.end(), '\n', ' ');
    return out.substr(3);
}

TEST(CsvFilter, KeepsWhatMeetsTheConditions) {
    EXPECT_EQ(where({}), "1 2 3 4 5 ");
    EXPECT_EQ(where({"city = Oslo"}), "1 3 ");
    EXPECT_EQ(where({"city != Oslo"}), "2 4 5 ");
    EXPECT_EQ(where({"price >= 10"}), "1 4 5 ");
    EXPECT_EQ(where({"price = 5.50"}), "2 ");
    EXPECT_EQ(where({"price < 20", "city = Rome"}), "2 ");
    EXPECT_EQ(where({"price>=100", "city==Oslo"}, true), "1 3 5 ");
    EXPECT_EQ(where({"price is null"}), "3 ");
    EXPECT_EQ(where({"note is not null"}), "2 3 5 ");
    EXPECT_EQ(where({"note contains ', '"}), "2 ");
    EXPECT_EQ(where({"city ~ ^[OR]"}), "1 2 3 5 ");
    EXPECT_EQ(where({"city matches \"dź$\""}), "4 ");
    EXPECT_EQ(where({"city in Rome, 'Łódź'"}), "2 4 5 ");
    EXPECT_EQ(where({"#1 > 4"}), "5 ");
    EXPECT_EQ(where({"\"price\" <> 10"}), "2 4 5 ");
}

TEST(CsvFilter, ComparesTimes) {
    FilterRequest request{.conditions = {*parse_condition("t >= 2026-07-01T12:00:00Z")}};
    EXPECT_EQ(filtered(request, "t\n2026-07-01\n2026-07-01 13:00\n2026-07-01T13:30+02:00\nx\n"),
              "t\n2026-07-01 13:00\n");
}

TEST(CsvFilter, RefusesWhatIsNoCondition) {
    const struct {
        std::string text;
        std::string_view said;
    } rows[] = {
        {"", "no operator"},           {"price", "no operator"},       {"= 5", "no column"},
        {"price >", "no value"},       {"note is null x", "\"null\""}, {"a = 'b", "not closed"},
        {"\"a", "not closed"},         {"a = 'b' c", "follows"},       {"a in 'b' c", "follows"},
        {"city ~ (", "is no pattern"},
    };
    for (const auto& row : rows) {
        const std::string got = where({row.text});
        EXPECT_NE(got.find(row.said), std::string::npos) << row.text << " gave " << got;
    }
    auto filter = CsvFilter::make({.conditions = {*parse_condition("price2 = 5")}});
    const std::vector<CsvField> header = {{"id", false}, {"price", false}};
    const Status status = filter->add(header);
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("did you mean \"price\""), std::string::npos);
}

TEST(CsvFilter, ChoosesRenamesAndLimitsAndKeepsQuotes) {
    EXPECT_EQ(filtered({.columns = {"note", "id"}, .renames = {{"id", "order, id"}}, .limit = 2}),
              "note,\"order, id\"\n,1\n\"a, b\",2\n");
    EXPECT_EQ(filtered({.columns = {"note"}, .limit = 9}), "note\n\"\"\n\"a, b\"\nx\nNULL\n\"\"\n");
    EXPECT_EQ(filtered({.format = {.header = false}, .columns = {"column 2"}}, "a,b\nc\n"),
              "b\n\"\"\n");
}

std::string aggregated(std::vector<std::string> by, std::vector<std::string> compute,
                       std::string_view text, AggregateRequest request = {}) {
    request.by = std::move(by);
    for (const auto& one : compute) request.columns.push_back(parse_aggregate(one).value());
    CsvAggregate aggregate(request, in_memory());
    each_record(text, [&](std::span<const CsvField> record) { return aggregate.add(record); });
    const Status status = aggregate.finish();
    if (!status) return status.error().text();
    return rest_of(aggregate);
}

TEST(CsvAggregate, CalculatesOfEachGroup) {
    EXPECT_EQ(aggregated({"city"},
                         {"count", "prices=count(price)", "sum(price)", "mean(price)", "min(price)",
                          "max(note)", "distinct(price)", "median(price)", "p100(price)"},
                         orders),
              "city,count,prices,sum(price),mean(price),min(price),max(note),distinct(price),"
              "median(price),p100(price)\n"
              "Oslo,2,1,10,10,10,x,1,10,10\n"
              "Rome,2,2,105.5,52.75,5.5,\"a, b\",2,52.75,100\n"
              "Łódź,1,1,20,20,20,,1,20,20\n");
    EXPECT_EQ(aggregated({}, {"count"}, "a,b\n"), "count\n0\n");
    EXPECT_EQ(aggregated({"b"}, {"count"}, "a,b\n1\n2,\n3,\"\"\n4,\"NA\"\n"),
              "b,count\n,2\n\"\",1\n\"NA\",1\n");
}

TEST(CsvAggregate, GivesTheSameWithoutMemory) {
    Random random(8);
    std::string text = "k,v\n";
    for (int i = 0; i < 4000; ++i) {
        text += "key" + std::to_string(random.below(700)) + "," + std::to_string(i % 97) + "\n";
    }
    const std::vector<std::string> compute = {"count", "sum(v)", "min(v)", "median(v)",
                                              "distinct(v)"};
    const std::string whole = aggregated({"k"}, compute, text);
    const std::string aside =
        aggregated({"k"}, compute, text, {.memory_max = 60'000, .sort = {.memory_max = 9000}});
    EXPECT_EQ(whole, aside);
    EXPECT_EQ(stores_alive, 0);
}

TEST(CsvAggregate, EndsWhereMemoryEnds) {
    AggregateRequest request{.by = {"k"},
                             .columns = {parse_aggregate("median(v)").value()},
                             .memory_max = 20'000,
                             .sort = {.memory_max = 9000}};
    CsvAggregate aggregate(request, in_memory());
    Status status;
    const std::vector<CsvField> header = {{"k", false}, {"v", false}};
    ASSERT_TRUE(aggregate.add(header));
    for (int i = 0; i < 20'000 && status; ++i) {
        const std::string key = std::to_string(i % 20);
        const std::vector<CsvField> record = {{key, false}, {"1", false}};
        status = aggregate.add(record);
    }
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::exhausted);
}

TEST(CsvAggregate, RefusesWhatIsNoFunction) {
    for (const char* text :
         {"", "sum", "sum()", "total(x)", "p101(x)", "px(y)", "=count", "sum(x"}) {
        EXPECT_FALSE(parse_aggregate(text)) << text;
    }
    EXPECT_EQ(parse_aggregate("n = sum(a (b))")->column, "a (b)");
    EXPECT_EQ(parse_aggregate("n = sum(a)")->name, "n");
    EXPECT_DOUBLE_EQ(parse_aggregate("p99.9(a)")->share, 0.999);
}

struct Joined {
    std::string text;
    bool sorted;
    std::uint64_t matched;
};

Joined joined(JoinKind kind, std::string_view left, std::string_view right,
              std::size_t memory = 1 << 20) {
    CsvJoin join({.kind = kind,
                  .left_keys = {"k"},
                  .right_keys = {"k"},
                  .memory_max = memory,
                  .sort = {.memory_max = std::max<std::size_t>(memory, 2000)}},
                 in_memory());
    each_record(right, [&](std::span<const CsvField> record) { return join.add_right(record); });
    each_record(left, [&](std::span<const CsvField> record) { return join.add_left(record); });
    const Status status = join.finish();
    EXPECT_TRUE(status) << status.error().text();
    std::string out = join.out + rest_of(join);
    return {std::move(out), join.is_sorted(), join.matched()};
}

constexpr std::string_view left_table = "k,v\nb,1\na,2\n,3\nc,4\na,\"5,\"\nshort\n";
constexpr std::string_view right_table = "w,k,v\nx,a,r1\ny,b,r2\nz,a,r3\nnull,,r4\n";

TEST(CsvJoin, JoinsInTheOrderOfTheLeftTable) {
    const auto inner = joined(JoinKind::inner, left_table, right_table);
    EXPECT_EQ(inner.text,
              "k,v,w,v_right\nb,1,y,r2\na,2,x,r1\na,2,z,r3\na,\"5,\",x,r1\na,\"5,\",z,r3\n");
    EXPECT_EQ(inner.matched, 3u);
    EXPECT_EQ(joined(JoinKind::left, left_table, right_table).text,
              "k,v,w,v_right\nb,1,y,r2\na,2,x,r1\na,2,z,r3\n,3,,\nc,4,,\na,\"5,\",x,r1\n"
              "a,\"5,\",z,r3\nshort,,,\n");
    EXPECT_EQ(joined(JoinKind::anti, left_table, right_table).text, "k,v\n,3\nc,4\nshort,\n");
}

TEST(CsvJoin, GivesTheSameWithoutMemory) {
    Random random(4);
    std::string left = "k,v\n";
    std::string right = "k,w\n";
    for (int i = 0; i < 1500; ++i) {
        left += std::to_string(random.below(400)) + ",l" + std::to_string(i) + "\n";
        right += std::to_string(random.below(500)) + ",r" + std::to_string(i) + "\n";
    }
    for (const JoinKind kind : {JoinKind::inner, JoinKind::left, JoinKind::anti}) {
        const auto hashed = joined(kind, left, right);
        const auto merged = joined(kind, left, right, 3000);
        EXPECT_FALSE(hashed.sorted);
        EXPECT_TRUE(merged.sorted);
        EXPECT_EQ(hashed.text, merged.text);
        EXPECT_EQ(hashed.matched, merged.matched);
    }
    EXPECT_EQ(stores_alive, 0);
}

TEST(CsvJoin, RefusesMoreEqualKeysThanFit) {
    std::string right = "k,w\n";
    for (int i = 0; i < 200; ++i) right += "same,a value of some length\n";
    CsvJoin join({.left_keys = {"k"}, .right_keys = {"k"}, .memory_max = 3000}, in_memory());
    each_record(right, [&](std::span<const CsvField> record) { return join.add_right(record); });
    each_record("k\nsame\n",
                [&](std::span<const CsvField> record) { return join.add_left(record); });
    const Status status = join.finish();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::exhausted);
}

TEST(CsvJoin, NamesTheFileWithoutTheColumn) {
    CsvJoin join({.left_keys = {"x"}, .right_keys = {"y"}}, in_memory());
    const std::vector<CsvField> header = {{"k", false}};
    const Status status = join.add_right(header);
    ASSERT_FALSE(status);
    EXPECT_NE(status.error().message.find("the right file: there is no column \"y\""),
              std::string::npos);
}

TEST(PackedFields, ComeBackAsTheyWere) {
    const std::vector<CsvField> fields = {{"", false}, {"", true}, {"a,b", true}, {"c", false}};
    std::string bytes;
    pack_fields(bytes, fields);
    std::vector<CsvField> back;
    ASSERT_TRUE(unpack_fields(bytes, back));
    ASSERT_EQ(back.size(), fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
        EXPECT_EQ(back[i].text, fields[i].text);
        EXPECT_EQ(back[i].quoted, fields[i].quoted);
    }
    EXPECT_FALSE(unpack_fields(std::string_view(bytes).substr(0, bytes.size() - 1), back));
    EXPECT_FALSE(unpack_fields("\x05", back));
}

}  // namespace
}  // namespace sluice::work
