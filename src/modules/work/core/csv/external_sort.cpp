// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/csv/external_sort.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

namespace sluice::work {

namespace {

constexpr std::size_t head_bytes = 8;  ///< The two lengths before a record.
constexpr std::size_t write_bytes = std::size_t{1} << 20;

/// The first eight bytes as a number that compares as they do.
std::uint64_t prefix_of(std::string_view key) {
    std::array<unsigned char, 8> first{};
    std::memcpy(first.data(), key.data(), std::min(key.size(), first.size()));
    std::uint64_t out = 0;
    for (const unsigned char byte : first) out = out << 8 | byte;
    return out;
}

std::uint32_t length_at(const char* at) {
    std::uint32_t out = 0;
    std::memcpy(&out, at, sizeof out);
    return out;
}

void put_head(char* at, std::size_t key, std::size_t value) {
    const auto lengths =
        std::array{static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(value)};
    std::memcpy(at, lengths.data(), head_bytes);
}

}  // namespace

/// One run being read, through a window of the store.
class ExternalSorter::RunReader {
public:
    RunReader(RunStore& store, Run run, std::size_t read_bytes)
        : store_(store), at_(run.begin), end_(run.end), read_bytes_(read_bytes) {}

    /// False at the end of the run.
    Result<bool> advance() {
        begin_ += length_;
        length_ = 0;
        if (begin_ == window_.size() && at_ == end_) return false;
        SLUICE_TRY_STATUS(have(head_bytes));
        const std::size_t key = length_at(window_.data() + begin_);
        const std::size_t value = length_at(window_.data() + begin_ + 4);
        SLUICE_TRY_STATUS(have(head_bytes + key + value));
        length_ = head_bytes + key + value;
        key_ = {window_.data() + begin_ + head_bytes, key};
        value_ = {key_.data() + key, value};
        prefix_ = prefix_of(key_);
        return true;
    }
    [[nodiscard]] std::string_view key() const { return key_; }
    [[nodiscard]] std::string_view value() const { return value_; }
    [[nodiscard]] std::string_view record() const { return {key_.data() - head_bytes, length_}; }
    [[nodiscard]] bool is_before(const RunReader& other) const {
        return prefix_ != other.prefix_ ? prefix_ < other.prefix_ : key_ < other.key_;
    }
    [[nodiscard]] bool is_after(const RunReader& other) const { return other.is_before(*this); }

private:
    Status have(std::size_t bytes) {
        const std::size_t left = window_.size() - begin_;
        if (left >= bytes) return {};
        window_.erase(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(begin_));
        begin_ = 0;
        const std::uint64_t rest = end_ - at_;
        const std::size_t wanted = std::max(read_bytes_, bytes - left);
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(rest, wanted));
        if (left + count < bytes) return fail(Code::corrupt, "a sorted run ends in a record");
        window_.resize(left + count);
        SLUICE_TRY_STATUS(store_.read(at_, std::span<char>(window_).subspan(left)));
        at_ += count;
        return {};
    }

    RunStore& store_;
    std::uint64_t at_;
    std::uint64_t end_;
    std::size_t read_bytes_;
    std::vector<char> window_;
    std::size_t begin_ = 0;
    std::size_t length_ = 0;
    std::uint64_t prefix_ = 0;
    std::string_view key_;
    std::string_view value_;
};

/// Several runs as one, through a heap of readers; of equal keys the earlier run's comes first.
class ExternalSorter::Merge {
public:
    static Result<std::unique_ptr<Merge>> open(RunStore& store, std::span<const Run> runs,
                                               std::size_t read_bytes) {
        auto out = std::make_unique<Merge>();
        for (const Run run : runs) {
            auto reader = std::make_unique<RunReader>(store, run, read_bytes);
            SLUICE_TRY(const bool more, reader->advance());
            if (more) out->heap_.push_back({std::move(reader), out->heap_.size()});
        }
        for (std::size_t i = out->heap_.size() / 2; i > 0; --i) out->sink(i - 1);
        return out;
    }

    /// The record to give next; none at the end.
    Result<const RunReader*> next() {
        if (given_) {
            given_ = false;
            SLUICE_TRY(const bool more, heap_.front().reader->advance());
            if (!more) {
                std::swap(heap_.front(), heap_.back());
                heap_.pop_back();
            }
            if (!heap_.empty()) sink(0);
        }
        if (heap_.empty()) return static_cast<const RunReader*>(nullptr);
        given_ = true;
        return static_cast<const RunReader*>(heap_.front().reader.get());
    }

private:
    struct Entry {
        std::unique_ptr<RunReader> reader;
        std::size_t order;
        [[nodiscard]] bool is_before(const Entry& other) const {
            if (reader->is_before(*other.reader)) return true;
            return !reader->is_after(*other.reader) && order < other.order;
        }
    };

    void sink(std::size_t at) {
        for (;;) {
            std::size_t least = at;
            for (const std::size_t child : {2 * at + 1, 2 * at + 2}) {
                if (child < heap_.size() && heap_[child].is_before(heap_[least])) least = child;
            }
            if (least == at) return;
            std::swap(heap_[at], heap_[least]);
            at = least;
        }
    }

    std::vector<Entry> heap_;
    bool given_ = false;
};

ExternalSorter::ExternalSorter(MakeRunStore make_store, SortLimits limits)
    : make_store_(std::move(make_store)), limits_(limits) {
    // Offsets in the arena have 32 bits.
    limits_.memory_max = std::min(limits_.memory_max, std::size_t{2} << 30);
    limits_.fan_in_max = std::max<std::size_t>(limits_.fan_in_max, 2);
}

ExternalSorter::~ExternalSorter() = default;

std::string_view ExternalSorter::key_at(std::uint32_t offset) const {
    const char* at = arena_.data() + offset;
    return {at + head_bytes, length_at(at)};
}

Status ExternalSorter::add(std::string_view key, std::string_view value) {
    const std::size_t bytes = head_bytes + key.size() + value.size();
    if (bytes > limits_.memory_max / 4) {
        return fail(Code::exhausted, "a record of " + std::to_string(bytes) +
                                         " bytes is too long to be sorted in " +
                                         std::to_string(limits_.memory_max) + " bytes");
    }
    const std::size_t used = arena_.size() + items_.size() * sizeof(Item);
    if (used + bytes + sizeof(Item) > limits_.memory_max) SLUICE_TRY_STATUS(spill());
    const std::size_t offset = arena_.size();
    arena_.resize(offset + bytes);
    put_head(arena_.data() + offset, key.size(), value.size());
    std::copy(key.begin(), key.end(), arena_.data() + offset + head_bytes);
    std::copy(value.begin(), value.end(), arena_.data() + offset + head_bytes + key.size());
    items_.push_back({prefix_of(key), static_cast<std::uint32_t>(offset)});
    ++count_;
    return {};
}

void ExternalSorter::sort_items() {
    std::sort(items_.begin(), items_.end(), [this](const Item& a, const Item& b) {
        if (a.prefix != b.prefix) return a.prefix < b.prefix;
        const int order = key_at(a.offset).compare(key_at(b.offset));
        return order != 0 ? order < 0 : a.offset < b.offset;
    });
}

Status ExternalSorter::spill() {
    if (items_.empty()) return {};
    if (!store_) {
        SLUICE_TRY(store_, make_store_());
    }
    sort_items();
    Run run{store_->size(), 0};
    for (const Item& item : items_) {
        const char* at = arena_.data() + item.offset;
        buffer_.append(at, head_bytes + length_at(at) + length_at(at + 4));
        if (buffer_.size() < write_bytes) continue;
        SLUICE_TRY_STATUS(store_->append(buffer_));
        buffer_.clear();
    }
    SLUICE_TRY_STATUS(store_->append(buffer_));
    buffer_.clear();
    run.end = store_->size();
    spilled_bytes_ += run.end - run.begin;
    runs_.push_back(run);
    ++runs_made_;
    arena_.clear();
    items_.clear();
    return {};
}

Result<ExternalSorter::Run> ExternalSorter::merge_to(RunStore& target, std::size_t first,
                                                     std::size_t count) {
    SLUICE_TRY(auto merge, Merge::open(*store_, std::span<const Run>(runs_).subspan(first, count),
                                       limits_.read_bytes));
    Run run{target.size(), 0};
    for (;;) {
        SLUICE_TRY(const RunReader* reader, merge->next());
        if (reader == nullptr) break;
        buffer_ += reader->record();
        if (buffer_.size() < write_bytes) continue;
        SLUICE_TRY_STATUS(target.append(buffer_));
        buffer_.clear();
    }
    SLUICE_TRY_STATUS(target.append(buffer_));
    buffer_.clear();
    run.end = target.size();
    spilled_bytes_ += run.end - run.begin;
    ++runs_made_;
    return run;
}

Status ExternalSorter::merge_passes() {
    while (runs_.size() > limits_.fan_in_max) {
        SLUICE_TRY(auto target, make_store_());
        std::vector<Run> merged;
        for (std::size_t first = 0; first < runs_.size(); first += limits_.fan_in_max) {
            const std::size_t count = std::min(limits_.fan_in_max, runs_.size() - first);
            SLUICE_TRY(const Run run, merge_to(*target, first, count));
            merged.push_back(run);
        }
        runs_ = std::move(merged);
        store_ = std::move(target);
    }
    return {};
}

Status ExternalSorter::finish() {
    if (!store_) {
        sort_items();
        return {};
    }
    SLUICE_TRY_STATUS(spill());
    arena_ = {};
    items_ = {};
    SLUICE_TRY_STATUS(merge_passes());
    SLUICE_TRY(merge_, Merge::open(*store_, runs_, limits_.read_bytes));
    return {};
}

Result<bool> ExternalSorter::next(std::string_view& key, std::string_view& value) {
    if (merge_) {
        SLUICE_TRY(const RunReader* reader, merge_->next());
        if (reader == nullptr) return false;
        key = reader->key();
        value = reader->value();
        return true;
    }
    if (at_ == items_.size()) return false;
    const char* at = arena_.data() + items_[at_++].offset;
    key = {at + head_bytes, length_at(at)};
    value = {key.data() + key.size(), length_at(at + 4)};
    return true;
}

}  // namespace sluice::work
