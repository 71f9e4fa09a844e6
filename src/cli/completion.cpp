// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <CLI/Validators.hpp>
#include <memory>
#include <string>
#include <vector>

#include "cli/completion_scripts.h"
#include "cli/completion_words.h"
#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_completion(CLI::App& parent, Common&, Console& console) {
  CLI::App* app = parent.add_subcommand("completion", "Print the completion of a shell: bash, zsh or fish.");
  const auto shell = std::make_shared<std::string>();
  app->add_option("shell", *shell, "whose")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  // The tree is read when it is asked for: by then every verb is in it.
  return {{app, [shell, &parent, &console] {
             const auto verbs = completion_words(parent);
             console.out << (*shell == "bash"  ? bash_completion(verbs)
                             : *shell == "zsh" ? zsh_completion(verbs)
                                               : fish_completion(verbs));
             return 0;
           }}};
}

}  // namespace ullage::cli
