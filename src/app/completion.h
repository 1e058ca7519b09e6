// SPDX-License-Identifier: Apache-2.0
// Shell completion scripts made from the table of commands and options. Text only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::app {

/// An option of a command.
struct CompletionOption {
    std::vector<std::string> names;  ///< "--state", "-s"; the long ones are offered
    std::string help;                ///< one line
    bool takes_value = false;
    std::vector<std::string> values;  ///< all that it takes; empty: they are not a fixed set
};

/// A command and what may follow it.
struct CompletionNode {
    std::string name;
    std::string help;  ///< one line
    std::vector<CompletionOption> options;
    std::vector<std::string>
        values;  ///< what may stand for its argument, where that is a fixed set
    std::vector<CompletionNode> commands;
};

/// The words of a fixed set as CLI11 describes it, "STATE:{dead,running}"; none for other types.
std::vector<std::string> values_of_type(std::string_view type);

std::string bash_completion(const CompletionNode& program);
std::string zsh_completion(const CompletionNode& program);
std::string fish_completion(const CompletionNode& program);

}  // namespace sluice::app
