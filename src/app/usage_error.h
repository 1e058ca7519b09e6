// SPDX-License-Identifier: Apache-2.0
// What a command line that cannot be read is answered with, the same in all programs.
#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
class ParseError;
}  // namespace CLI

namespace sluice::app {

/// Lets the options that say where, what and which (--server, --data, --queue, …) refuse an empty
/// value: with a shell's variable that is not set they would quietly mean the default, or all.
/// After all options have been added.
void refuse_empty_values(CLI::App& program);

/// Prints the help or the version that was asked for; else, on stderr, "sluice jobs: …" with what
/// is wrong, what may have been meant and where the help is. The exit code.
int finish_parse(const CLI::App& program, const CLI::ParseError& error);

}  // namespace sluice::app
