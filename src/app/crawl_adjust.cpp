// SPDX-License-Identifier: Apache-2.0
#include "app/crawl_adjust.h"

#include "kernel/base/text.h"
#include "kernel/net/owned_fd.h"
#include "kernel/store/file_io.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <set>

namespace sluice::app {

namespace {

constexpr const char* rate_flags =
    "--host-rate, --delay, --gentle, --address-rate, --domain-rate and --rate";
constexpr std::string_view crawl_name = "sluice crawl";  // as which it is started by crawl.cpp
constexpr char adjusted_end = '\0';                      // of a word

std::string adjusted_file(const std::string& folder) { return folder + "/adjusted"; }

bool are_rates(const CrawlArguments& typed) {
    static const std::set<std::string> known = {"--out",       "--adjust",       "--quiet",
                                                "--host-rate", "--delay",        "--gentle",
                                                "--rate",      "--address-rate", "--domain-rate"};
    for (const std::string& flag : typed.given)
        if (!known.contains(flag)) return false;
    return typed.seeds.empty();
}

/// The process that has the crawl's store open; it holds a lock on a file of it.
std::optional<pid_t> process_of(const std::string& folder) {
    const OwnedFd file(::open((folder + "/frontier/LOCK").c_str(), O_RDWR | O_CLOEXEC));
    if (!file) return std::nullopt;
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(file.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK || lock.l_pid <= 0)
        return std::nullopt;
    return lock.l_pid;
}

/// A job's worker has a crawl's store open as well, and would not take the signal for what it is.
bool is_command(pid_t process) {
    const OwnedFd file(
        ::open(("/proc/" + std::to_string(process) + "/cmdline").c_str(), O_RDONLY | O_CLOEXEC));
    char text[4096];
    const auto size = file ? ::read(file.get(), text, sizeof text) : -1;
    const std::string_view all(text, size > 0 ? static_cast<std::size_t>(size) : 0);
    const auto words = split(all, '\0');
    return !words.empty() && words[0] == crawl_name;
}

}  // namespace

Result<std::vector<std::string>> adjusted_words(const std::string& folder) {
    const FileIo files;
    if (!files.exists(adjusted_file(folder))) return std::vector<std::string>{};
    SLUICE_TRY(const std::string text, files.read_file(adjusted_file(folder), kib(64)));
    std::vector<std::string> words;
    for (const std::string_view word : split(text, adjusted_end)) words.emplace_back(word);
    if (!words.empty()) words.pop_back();
    return words;
}

Status adjust_crawl(const CrawlArguments& typed, const std::vector<std::string>& words) {
    if (!are_rates(typed))
        return fail(Code::invalid, std::string("--adjust takes --out and ") + rate_flags +
                                       "; everything else stays as the crawl was begun");
    const auto process = process_of(typed.out);
    if (!process || !is_command(*process))
        return fail(Code::not_found,
                    "no 'sluice crawl' runs in " + typed.out +
                        "; give the rates to it when it goes on\n  such as:  sluice crawl --resume "
                        "--out " +
                        typed.out + " --host-rate 2");
    SLUICE_TRY(const auto before, adjusted_words(typed.out));
    std::string text;
    for (const std::string& word : merge_words(before, words)) (text += word) += adjusted_end;
    SLUICE_TRY_STATUS(FileIo().replace_file(adjusted_file(typed.out), text));
    if (::kill(*process, adjust_signal) != 0)
        return fail(errno == EPERM ? Code::denied : Code::not_found,
                    "the crawl in " + typed.out +
                        " cannot be told; it goes by the new rates when "
                        "it is resumed");
    return {};
}

Status forget_adjusted(const std::string& folder) {
    const FileIo files;
    return files.exists(adjusted_file(folder)) ? files.remove_file(adjusted_file(folder))
                                               : Status();
}

}  // namespace sluice::app
