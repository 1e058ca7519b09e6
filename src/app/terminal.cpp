// SPDX-License-Identifier: Apache-2.0
#include "app/terminal.h"

#include "app/human.h"
#include "kernel/sync/clock.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <utility>

namespace sluice::app {

bool is_terminal(int descriptor) { return isatty(descriptor) == 1; }

TerminalSize terminal_size() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {};
    return {.columns = size.ws_col, .rows = size.ws_row};
}

std::size_t table_width() {
    return is_terminal(STDOUT_FILENO) ? terminal_size().columns : std::string::npos;
}

// ---------------------------------------------------------------------------- TextTable

void TextTable::add(std::vector<std::string> cells) {
    cells.resize(columns_.size());
    for (std::string& cell : cells) cell = printable(cell);
    rows_.push_back(std::move(cells));
}

std::string TextTable::render(std::size_t width) const {
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        std::size_t widest = columns_of(columns_[c].title);
        for (const auto& row : rows_) widest = std::max(widest, columns_of(row[c]));
        const bool last = c + 1 == columns_.size();
        widths.push_back(last ? widest : std::min(widest, columns_[c].columns_max));
    }
    std::string out;
    const auto put_row = [&](const std::vector<std::string>& cells) {
        std::string line;
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            const std::string cell = printable(cells[c], widths[c] > columns_of(cells[c])
                                                             ? std::string::npos
                                                             : std::max<std::size_t>(widths[c], 1));
            const std::string pad(widths[c] - std::min(widths[c], columns_of(cell)), ' ');
            if (c > 0) line += "  ";
            line += columns_[c].align == Align::right ? pad + cell : cell + pad;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += (columns_of(line) > width && width > 1 ? printable(line, width - 1) : line) + '\n';
    };
    std::vector<std::string> titles;
    for (const Column& column : columns_) titles.push_back(column.title);
    put_row(titles);
    for (const auto& row : rows_) put_row(row);
    return out;
}

// ---------------------------------------------------------------------------- LiveScreen

struct LiveScreen::State {
    termios before{};
    sigset_t mask_before{};
    int signals = -1;
};

namespace {
void write_all(std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = write(STDOUT_FILENO, text.data(), text.size());
        if (count <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
}
}  // namespace

LiveScreen::LiveScreen(std::unique_ptr<State> state) : state_(std::move(state)) {}

std::unique_ptr<LiveScreen> LiveScreen::open() {
    if (!is_terminal(STDIN_FILENO) || !is_terminal(STDOUT_FILENO)) return nullptr;
    auto state = std::make_unique<State>();
    if (tcgetattr(STDIN_FILENO, &state->before) != 0) return nullptr;
    sigset_t watched;
    sigemptyset(&watched);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) sigaddset(&watched, signal);
    pthread_sigmask(SIG_BLOCK, &watched, &state->mask_before);
    state->signals = signalfd(-1, &watched, SFD_CLOEXEC);
    termios raw = state->before;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    write_all("\033[?1049h\033[?25l");
    return std::unique_ptr<LiveScreen>(new LiveScreen(std::move(state)));
}

LiveScreen::~LiveScreen() {
    write_all("\033[?25h\033[?1049l");
    tcsetattr(STDIN_FILENO, TCSANOW, &state_->before);
    if (state_->signals >= 0) close(state_->signals);
    pthread_sigmask(SIG_SETMASK, &state_->mask_before, nullptr);
}

LiveScreen::Event LiveScreen::wait(Instant deadline, char& key) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - monotonic_now()).count();
    std::array<pollfd, 2> watched{
        pollfd{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
        pollfd{.fd = state_->signals, .events = POLLIN, .revents = 0},
    };
    const auto timeout = static_cast<int>(std::clamp<std::int64_t>(left + 1, 0, 60'000));
    if (poll(watched.data(), watched.size(), timeout) <= 0) return Event::none;
    if (watched[1].revents != 0) {
        signalfd_siginfo info{};
        if (read(state_->signals, &info, sizeof info) != sizeof info) return Event::none;
        return info.ssi_signo == SIGWINCH ? Event::resized : Event::quit;
    }
    if (watched[0].revents == 0) return Event::none;
    if (read(STDIN_FILENO, &key, 1) != 1) return Event::quit;  // the terminal is gone
    return key == 'q' || key == 3 || key == 4 ? Event::quit : Event::key;
}

void LiveScreen::draw(const std::string& text) {
    // Home, each line with "erase to its end", then "erase below": no flicker.
    std::string out = "\033[H";
    for (const char c : text) {
        if (c == '\n')
            out += "\033[K\r\n";
        else
            out += c;
    }
    write_all(out + "\033[K\033[J");
}

}  // namespace sluice::app
