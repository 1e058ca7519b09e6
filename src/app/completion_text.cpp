// SPDX-License-Identifier: Apache-2.0
#include "app/completion.h"

#include "kernel/base/text.h"

#include <algorithm>
#include <iterator>

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

bool is_long(const std::string& option) { return option.starts_with("--"); }

std::string spaced(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) (text += text.empty() ? "" : " ") += word;
    return text;
}

std::string words_of(const CompletionNode& node) {
    std::vector<std::string> words;
    for (const CompletionNode& command : node.commands) words.push_back(command.name);
    words.insert(words.end(), node.values.begin(), node.values.end());
    for (const CompletionOption& option : node.options)
        std::copy_if(option.names.begin(), option.names.end(), std::back_inserter(words), &is_long);
    return spaced(words);
}

/// Calls `emit` for every command with the words that lead to it ("queues pause").
template <class Emit>
void each_command(const CompletionNode& node, const std::string& path, const Emit& emit) {
    emit(path, node);
    for (const CompletionNode& command : node.commands)
        each_command(command, path.empty() ? command.name : path + ' ' + command.name, emit);
}

/// Branches of a `case` on "path option" that set what may follow the option: the fixed set with
/// `of_set`, and for all other options that take something, `otherwise`.
template <class OfSet>
std::string value_cases(const CompletionNode& program, const OfSet& of_set,
                        const std::string& otherwise) {
    std::string sets;
    std::string others;
    each_command(program, "", [&](const std::string& path, const CompletionNode& node) {
        for (const CompletionOption& option : node.options) {
            if (!option.takes_value) continue;
            std::string patterns;
            for (const std::string& name : option.names)
                patterns += (patterns.empty() ? "" : " | ") + shell_quoted(path + ' ' + name);
            if (option.values.empty())
                (others += others.empty() ? "" : " | ") += patterns;
            else
                sets += "    " + patterns + ") " + of_set(spaced(option.values)) + " ;;\n";
        }
    });
    if (!others.empty()) sets += "    " + others + ") " + otherwise + " ;;\n";
    return sets;
}

}  // namespace

std::vector<std::string> values_of_type(std::string_view type) {
    const std::size_t begin = type.find('{');
    const std::size_t end = type.find('}', begin);
    if (end == std::string_view::npos) return {};
    std::vector<std::string> values;
    for (const std::string_view value : split(type.substr(begin + 1, end - begin - 1), ','))
        values.emplace_back(value);
    return values;
}

std::string bash_completion(const CompletionNode& program) {
    std::string out =
        "# bash completion for sluice; load it with:  source <(sluice completion bash)\n"
        "_sluice() {\n"
        "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} path='' next i\n"
        "  local words list=''\n"
        "  [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD-2]}  # --state=dead: three words\n"
        "  [[ $word == = ]] && word=''\n"
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
    out +=
        paths + ") path=${path:+$path }$next ;;\n    esac\n  done\n  case \"$path\" in\n" + cases +
        "  esac\n  case \"$path $before\" in\n" +
        value_cases(
            program,
            [](const std::string& values) {
                return "words=" + shell_quoted(values) + "; [[ $word == *,* ]] && list=${word%,*},";
            },
            "words=''") +
        "  esac\n"
        "  COMPREPLY=($(compgen -P \"$list\" -W \"$words\" -- \"${word#\"$list\"}\"))\n"
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
        "  local route='' before=${words[CURRENT-1]} next i\n"
        "  [[ ${words[CURRENT]} == --*=* ]] && before=${words[CURRENT]%%=*} && compset -P '*='\n"
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
        for (const std::string& value : node.values) cases += ' ' + shell_quoted(value);
        for (const CompletionOption& option : node.options) {
            for (const std::string& name : option.names) {
                if (is_long(name)) cases += ' ' + shell_quoted(name + ':' + option.help);
            }
        }
        cases += ") ;;\n";
    });
    out += paths + ") route=${route:+$route }$next ;;\n    esac\n  done\n  case \"$route\" in\n" +
           cases + "  esac\n  case \"$route $before\" in\n" +
           value_cases(
               program,
               [](const std::string& values) {
                   return "compset -P '*,'; compadd -- " + values + "; return";
               },
               "_files; return") +
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
        if (!node.values.empty())
            out += start + " -f -a " + shell_quoted(spaced(node.values)) + '\n';
        for (const CompletionOption& option : node.options) {
            out += start;
            for (const std::string& name : option.names)
                out += is_long(name) ? " -l " + name.substr(2) : " -s " + name.substr(1);
            if (!option.values.empty())
                out += " -x -a " + shell_quoted(spaced(option.values));
            else if (option.takes_value)
                out += " -r";
            out += " -d " + shell_quoted(option.help) + '\n';
        }
    });
    return out;
}

}  // namespace sluice::app
