// SPDX-License-Identifier: Apache-2.0
// Shell completion scripts made from the table of commands and options. Text only.
#pragma once

#include <string>
#include <vector>

namespace sluice::app {

/// A command and what may follow it.
struct CompletionNode {
    std::string name;
    std::string help;                  ///< one line
    std::vector<std::string> options;  ///< "--queue", "-q"
    std::vector<std::string> option_helps;
    std::vector<CompletionNode> commands;
};

std::string bash_completion(const CompletionNode& program);
std::string zsh_completion(const CompletionNode& program);
std::string fish_completion(const CompletionNode& program);

}  // namespace sluice::app
