// SPDX-License-Identifier: Apache-2.0
// The terminal: whether there is one, how large it is, tables for it, and the mode in which a live
// view draws.
#pragma once

#include "kernel/base/time.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace sluice::app {

struct TerminalSize {
    std::size_t columns = 80;
    std::size_t rows = 24;
};

/// Whether the descriptor (1 or 2) is a terminal.
bool is_terminal(int descriptor);
/// Of the terminal at standard output; 80 by 24 where it is none.
TerminalSize terminal_size();
/// A table at the terminal's width; elsewhere unlimited.
std::size_t table_width();

/// Rows in aligned columns under titles. The last column takes the rest of the line.
class TextTable {
public:
    enum class Align : unsigned char { left, right };
    struct Column {
        std::string title;
        Align align = Align::left;
        std::size_t columns_max = 40;
    };
    explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
    /// As many cells as there are columns; control characters are taken out.
    void add(std::vector<std::string> cells);
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    /// Lines of at most `width` columns, each with a line end.
    [[nodiscard]] std::string render(std::size_t width) const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

/// The second screen of the terminal in raw mode, without a cursor, until destroyed. SIGINT,
/// SIGTERM and SIGWINCH are read as events meanwhile, so the terminal is put back in every case but
/// SIGKILL.
class LiveScreen {
public:
    /// Null when standard input or output is no terminal.
    static std::unique_ptr<LiveScreen> open();
    ~LiveScreen();
    LiveScreen(const LiveScreen&) = delete;
    LiveScreen& operator=(const LiveScreen&) = delete;

    enum class Event : unsigned char { none, quit, resized, key };
    /// The next event, or none when the deadline has come. `key` is its byte.
    Event wait(Instant deadline, char& key);
    /// Replaces what is shown.
    void draw(const std::string& text);

private:
    struct State;
    explicit LiveScreen(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace sluice::app
