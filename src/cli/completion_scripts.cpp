// SPDX-License-Identifier: Apache-2.0
#include "cli/completion_scripts.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

#include "cli/completion_words.h"

namespace ullage::cli {

namespace {

// In single quotes, as all three shells read them.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

// The verbs that a typed word leads on to, as patterns of a shell's case: "'ullage config'|'ullage run'".
std::string known_paths(const std::vector<CompletionVerb>& verbs) {
  std::string paths;
  for (const CompletionVerb& verb : verbs)
    if (verb.path != "ullage") paths += (paths.empty() ? "" : "|") + shell_quoted(verb.path);
  return paths.empty() ? "''" : paths;
}

// Everything that is a word at this verb: its verbs, arguments and flags.
std::string all_words(const CompletionVerb& verb) {
  std::vector<std::string> words = verb.verbs;
  words.insert(words.end(), verb.words.begin(), verb.words.end());
  for (const CompletionFlag& flag : verb.flags) words.push_back(flag.name);
  return joined(words);
}

// "verb --flag" → what may follow, for the flags that take a value. `offer` and `files` are the shell's
// words.
std::string value_cases(const std::vector<CompletionVerb>& verbs, std::string_view offer,
                        std::string_view files) {
  std::string cases;
  for (const CompletionVerb& verb : verbs)
    for (const CompletionFlag& flag : verb.flags) {
      if (!flag.takes_value) continue;
      const std::string act =
          flag.values.empty() ? std::string(files) : fmt::format(fmt::runtime(offer), joined(flag.values));
      cases += fmt::format("    {}) {}; return ;;\n", shell_quoted(verb.path + " " + flag.name), act);
    }
  return cases;
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::string bash_completion(const std::vector<CompletionVerb>& verbs) {
  std::string script = fmt::format(
      R"(# bash completion of ullage, written by `ullage completion bash`. To use it:
#   ullage completion bash > ~/.local/share/bash-completion/completions/ullage
_ullage() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}} verb=ullage words= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ ${{COMP_WORDS[i]}} == -- ]]; then
      if declare -F _command_offset >/dev/null; then _command_offset $((i + 1)); fi
      return
    fi
    case "$verb ${{COMP_WORDS[i]}}" in
      {}) verb="$verb ${{COMP_WORDS[i]}}" ;;
    esac
  done
  case "$verb $prev" in
{}  esac
  case "$verb" in
)",
      known_paths(verbs), value_cases(verbs, "COMPREPLY=($(compgen -W '{}' -- \"$cur\"))", "COMPREPLY=()"));
  for (const CompletionVerb& verb : verbs)
    script += fmt::format("    {}) words={} ;;\n", shell_quoted(verb.path), shell_quoted(all_words(verb)));
  return script + R"(  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o bashdefault -o default -F _ullage ullage
)";
}

std::string zsh_completion(const std::vector<CompletionVerb>& verbs) {
  std::string script = fmt::format(R"(#compdef ullage
# zsh completion of ullage, written by `ullage completion zsh`. To use it:
#   ullage completion zsh > ~/.zfunc/_ullage    (with ~/.zfunc in $fpath)
_ullage() {{
  local verb=ullage prev=$words[CURRENT-1] i
  local -a flags verbs
  for ((i = 2; i < CURRENT; i++)); do
    if [[ $words[i] == -- ]]; then
      shift $i words; (( CURRENT -= i )); _normal; return
    fi
    case "$verb $words[i]" in
      {}) verb="$verb $words[i]" ;;
    esac
  done
  case "$verb $prev" in
{}  esac
  case "$verb" in
)",
                                   known_paths(verbs), value_cases(verbs, "compadd -- {}", "_files"));
  const auto described = [](std::string_view word, std::string_view help) {
    std::string text;
    for (const char c : word) text += c == ':' ? std::string("\\:") : std::string(1, c);
    return shell_quoted(text + ":" + std::string(first_line(help)));
  };
  for (const CompletionVerb& verb : verbs) {
    std::vector<std::string> flags, words;
    for (const CompletionFlag& flag : verb.flags) flags.push_back(described(flag.name, flag.help));
    for (const CompletionVerb& below : verbs)
      if (below.path.substr(0, below.path.rfind(' ')) == verb.path && below.path != verb.path)
        words.push_back(described(below.path.substr(verb.path.size() + 1), below.help));
    for (const std::string& word : verb.words) words.push_back(shell_quoted(word));
    script += fmt::format("    {})\n      flags=({})\n      verbs=({}) ;;\n", shell_quoted(verb.path),
                          joined(flags), joined(words));
  }
  return script + R"(  esac
  (( $#verbs )) && _describe -t verbs verb verbs
  if [[ $PREFIX == -* ]]; then
    _describe -t flags flag flags
  elif (( ! $#verbs )); then
    _files
  fi
}
if [[ $funcstack[1] == _ullage ]]; then _ullage "$@"; else compdef _ullage ullage; fi
)";
}

std::string fish_completion(const std::vector<CompletionVerb>& verbs) {
  std::string script =
      fmt::format(R"(# fish completion of ullage, written by `ullage completion fish`. To use it:
#   ullage completion fish > ~/.config/fish/completions/ullage.fish
function __ullage_at
  set -l verb ullage
  for word in (commandline -opc)[2..-1]
    if test "$word" = --
      return 1
    end
    if contains -- "$verb $word" {}
      set verb "$verb $word"
    end
  end
  test "$verb" = "$argv[1]"
end
)",
                  [&] {
                    std::string paths;
                    for (const CompletionVerb& verb : verbs)
                      paths += (paths.empty() ? "" : " ") + shell_quoted(verb.path);
                    return paths;
                  }());
  for (const CompletionVerb& verb : verbs) {
    const std::string start = fmt::format("complete -c ullage -n \"__ullage_at '{}'\"", verb.path);
    for (const CompletionVerb& below : verbs)
      if (below.path.substr(0, below.path.rfind(' ')) == verb.path && below.path != verb.path)
        script +=
            fmt::format("{} -f -a {} -d {}\n", start, shell_quoted(below.path.substr(verb.path.size() + 1)),
                        shell_quoted(first_line(below.help)));
    if (!verb.words.empty()) script += fmt::format("{} -f -a {}\n", start, shell_quoted(joined(verb.words)));
    for (const CompletionFlag& flag : verb.flags) {
      script +=
          fmt::format("{} -l {} -d {}", start, flag.name.substr(2), shell_quoted(first_line(flag.help)));
      if (flag.takes_value)
        script += flag.values.empty() ? " -r" : fmt::format(" -x -a {}", shell_quoted(joined(flag.values)));
      script += '\n';
    }
  }
  return script;
}

}  // namespace ullage::cli
