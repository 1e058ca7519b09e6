// SPDX-License-Identifier: Apache-2.0
#include "app/json_page.h"

#include <cstddef>
#include <utility>
#include <vector>

namespace sluice::app {

namespace {

/// Whether the container whose bracket stands at `at` has another container inside.
bool is_nested(std::string_view json, std::size_t at) {
    bool in_string = false;
    for (std::size_t i = at + 1; i < json.size(); ++i) {
        const char c = json[i];
        if (in_string && c == '\\')
            ++i;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '['))
            return true;
        else if (!in_string && (c == '}' || c == ']'))
            return false;
    }
    return false;
}

class Pager {
public:
    Pager(std::string_view json, unsigned depth) : json_(json), depth_(depth) {}

    std::string page() {
        for (std::size_t i = 0; i < json_.size(); ++i) {
            const char c = json_[i];
            if (c == '"')
                i = copy_string(i);
            else if (c == '{' || c == '[')
                open(i);
            else if (c == '}' || c == ']')
                close(c);
            else if (c == ',' || c == ':')
                separate(c);
            else
                out_ += c;
        }
        return std::move(out_);
    }

private:
    void new_line() {
        out_ += '\n';
        out_.append(2 * in_lines_.size(), ' ');
    }
    /// The index of the closing quote.
    std::size_t copy_string(std::size_t at) {
        std::size_t end = at + 1;
        while (end < json_.size() && json_[end] != '"') end += json_[end] == '\\' ? 2 : 1;
        out_ += json_.substr(at, end - at + 1);
        return end;
    }
    void open(std::size_t at) {
        const bool is_empty =
            at + 1 < json_.size() && (json_[at + 1] == '}' || json_[at + 1] == ']');
        out_ += json_[at];
        in_lines_.push_back(!is_empty && (in_lines_.size() < depth_ || is_nested(json_, at)));
        if (in_lines_.back()) new_line();
    }
    void close(char c) {
        const bool was_in_lines = in_lines_.back();
        in_lines_.pop_back();
        if (was_in_lines) new_line();
        out_ += c;
    }
    void separate(char c) {
        out_ += c;
        if (c == ',' && in_lines_.back())
            new_line();
        else
            out_ += ' ';
    }

    std::string_view json_;
    std::size_t depth_;
    std::string out_;
    std::vector<bool> in_lines_;  ///< One for each open bracket.
};

}  // namespace

std::string json_page(std::string_view json, unsigned depth) { return Pager(json, depth).page(); }

}  // namespace sluice::app
