// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/completion_scripts.h"
#include "cli/completion_words.h"
#include "cli/verb.h"

namespace ullage::cli {

std::vector<Verb> add_completion(Command parent, Common&, Console& console) {
  const Command verb = parent.verb("completion", "Print the completion of a shell: bash, zsh or fish.");
  const auto shell = std::make_shared<std::string>();
  verb.option("shell", *shell, "whose").required().one_of({"bash", "zsh", "fish"});
  // The tree is read when it is asked for: by then every verb is in it.
  return {{verb, [shell, parent, &console] {
             const auto verbs = completion_words(parent);
             console.out << (*shell == "bash"  ? bash_completion(verbs)
                             : *shell == "zsh" ? zsh_completion(verbs)
                                               : fish_completion(verbs));
             return 0;
           }}};
}

}  // namespace ullage::cli
