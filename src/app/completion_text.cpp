// SPDX-License-Identifier: Apache-2.0
#include "app/completion.h"

namespace sluice::app {

namespace {

/// In single quotes for a shell.
std::string shell_quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'')
            out += "'\\''";
        else
            out += c;
    }
    return out + "'";
}

std::string words_of(const CompletionNode& node) {
    std::string words;
    for (const CompletionNode& command : node.commands) (words += command.name) += ' ';
    for (const std::string& option : node.options) (words += option) += ' ';
    if (!words.empty()) words.pop_back();
    return words;
}

/// Calls `emit` for every command with the words that lead to it ("queues pause").
template <class Emit>
void each_command(const CompletionNode& node, const std::string& path, const Emit& emit) {
    emit(path, node);
    for (const CompletionNode& command : node.commands)
        each_command(command, path.empty() ? command.name : path + ' ' + command.name, emit);
}

}  // namespace

std::string bash_completion(const CompletionNode& program) {
    std::string out =
        "# bash completion for sluice; load it with:  source <(sluice completion bash)\n"
        "_sluice() {\n"
        "  local word=${COMP_WORDS[COMP_CWORD]} path='' next i words\n"
        "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "    next=${COMP_WORDS[i]}\n"
        "    [[ $next == -* ]] && continue\n"
        "    case \"${path:+$path }$next\" in\n      ";
    std::string paths;
    std::string cases;
    each_command(program, "", [&](const std::string& path, const CompletionNode& node) {
        if (!path.empty()) paths += (paths.empty() ? "" : " | ") + shell_quoted(path);
        cases += "    " + shell_quoted(path) + ") words=" + shell_quoted(words_of(node)) + " ;;\n";
    });
    out += paths + ") path=${path:+$path }$next ;;\n    esac\n  done\n  case \"$path\" in\n" +
           cases +
           "  esac\n"
           "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
           "}\n"
           "complete -o default -F _sluice sluice\n";
    return out;
}

std::string zsh_completion(const CompletionNode& program) {
    std::string out =
        "#compdef sluice\n"
        "# zsh completion for sluice; load it with:  source <(sluice completion zsh)\n"
        "_sluice() {\n"
        "  local -a choices\n"
        "  local route='' next i\n"
        "  for ((i = 2; i < CURRENT; i++)); do\n"
        "    next=${words[i]}\n"
        "    [[ $next == -* ]] && continue\n"
        "    case \"${route:+$route }$next\" in\n      ";
    std::string paths;
    std::string cases;
    each_command(program, "", [&](const std::string& path, const CompletionNode& node) {
        if (!path.empty()) paths += (paths.empty() ? "" : " | ") + shell_quoted(path);
        cases += "    " + shell_quoted(path) + ") choices=(";
        for (const CompletionNode& command : node.commands)
            cases += ' ' + shell_quoted(command.name + ':' + command.help);
        for (std::size_t i = 0; i < node.options.size(); ++i)
            cases += ' ' + shell_quoted(node.options[i] + ':' + node.option_helps[i]);
        cases += ") ;;\n";
    });
    out += paths + ") route=${route:+$route }$next ;;\n    esac\n  done\n  case \"$route\" in\n" +
           cases +
           "  esac\n"
           "  _describe 'sluice' choices\n"
           "  _files\n"
           "}\n"
           "compdef _sluice sluice\n";
    return out;
}

std::string fish_completion(const CompletionNode& program) {
    std::string out =
        "# fish completion for sluice; load it with:  sluice completion fish | source\n";
    each_command(program, "", [&](const std::string& path, const CompletionNode& node) {
        std::string condition = "__fish_use_subcommand";
        if (!path.empty()) {
            condition = "__fish_seen_subcommand_from " + path.substr(path.rfind(' ') + 1);
            const std::size_t blank = path.find(' ');
            if (blank != std::string::npos)
                condition =
                    "__fish_seen_subcommand_from " + path.substr(0, blank) + "; and " + condition;
        }
        const std::string start = "complete -c sluice -n " + shell_quoted(condition);
        for (const CompletionNode& command : node.commands)
            out += start + " -f -a " + command.name + " -d " + shell_quoted(command.help) + '\n';
        for (std::size_t i = 0; i < node.options.size(); ++i) {
            const std::string& option = node.options[i];
            const bool is_long = option.starts_with("--");
            out += start + (is_long ? " -l " : " -s ") + option.substr(is_long ? 2 : 1) + " -d " +
                   shell_quoted(node.option_helps[i]) + '\n';
        }
    });
    return out;
}

}  // namespace sluice::app
