// SPDX-License-Identifier: Apache-2.0
#include "config/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "config/profiles.h"
#include "config/schema.h"
#include "config/value.h"

namespace ullage::config {

namespace {

constexpr std::string_view kOwnerHead =
    "# Ullage's settings. Each key stands here with its default: take the '#' away from what you change.\n"
    "# Stronger than this file: a project's own ullage.yaml, ULLAGE_* variables, flags.\n"
    "# `ullage config check` reads it over, `ullage config show --origin` says what holds now.\n";
constexpr std::string_view kProjectHead =
    "# How runs in this folder are measured and limited. Each key stands here with its default: take the "
    "'#'\n"
    "# away from what you change. Stronger than this file: ULLAGE_* variables and flags.\n"
    "# `ullage config check ullage.yaml` reads it over.\n";
constexpr std::string_view kProfilesExample =
    "\n# Profiles of your own, to be chosen by 'profile:', ULLAGE_PROFILE or --profile.\n"
    "profiles:\n"
    "  #nightly:\n"
    "    #extends: production\n"
    "    #run: {interval: 5s}\n";

constexpr std::string_view kPageHead = R"(# Configuration

<!-- Written from the schema, src/config/schema.cpp: change it there, then run `ULLAGE_RENEW=1 ./dev test`. -->

`ullage config init` writes a commented file with every key, `ullage config show --origin` says what holds and where it comes from, and
`ullage config check FILE` tells all that is wrong in one, with line and column.

## Where settings come from

Weakest first; what comes later wins, key by key.

1. the defaults below
2. the [profile](#profiles)
3. `/etc/ullage/ullage.yaml`
4. `$XDG_CONFIG_HOME/ullage/ullage.yaml`, or `~/.config/ullage/ullage.yaml`
5. the project's `ullage.yaml`: the nearest from the working directory upwards, not above the folder that holds `.git`
6. variables: `ULLAGE_SECTION_KEY`, for instance `ULLAGE_RUN_INTERVAL`; an empty one is as if it were not set
7. flags

`--config FILE` replaces 3 and 4. A project's file may set measuring and limits only, so that a cloned folder runs no code and moves no file; one that
a stranger may have laid there (its folder may be written to by all, and it belongs neither to you nor to root) is passed over.
An unknown `ULLAGE_*` variable is told by `ullage config check` and `ullage doctor`, and is never an error. `ULLAGE_SOCKET` sets nothing: a run
finds [its socket](../emit.md) there.

## How values are written

Sizes read as `512M`, `4G`, `1.5GiB` (binary) or `4GB` (decimal); durations as `250ms`, `90s`, `5m`, `1h30m`; ratios as `80%` or `0.8`; flags as `true`
or `false`, `yes` or `no`, `on` or `off`; lists as `[a, b]`, in a variable or flag also as `a,b`. `none` takes back what is optional. A file is one YAML
document of at most 256 KiB, its keys nested by section or written as `section.key`; anchors, aliases and tags are not read.

## Keys
)";

std::string_view section_of(const Key& key) {
  const std::size_t dot = key.name.find('.');
  return dot == std::string_view::npos ? std::string_view() : key.name.substr(0, dot);
}

std::string_view short_name(const Key& key) {
  return key.name.substr(key.name.find('.') + 1);  // the whole where there is no dot
}

std::string default_text(const Key& key) {
  return key.default_value.empty() ? "none" : std::string(key.default_value);
}

// Breaks a comment at blanks, so that the file reads well in a terminal of 100 columns.
std::string comment(std::string_view text, std::string_view indent) {
  constexpr std::size_t kWidth = 98;
  std::string out, line;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (!line.empty() && indent.size() + 3 + line.size() + word.size() > kWidth) {
      out += fmt::format("{}# {}\n", indent, line);
      line.clear();
    }
    line += (line.empty() ? "" : " ") + std::string(word);
    at = end + 1;
  }
  return out + fmt::format("{}# {}\n", indent, line);
}

std::string init_entry(const Key& key) {
  const std::string_view indent = section_of(key).empty() ? "" : "  ";
  std::string text = comment(key.doc, indent);
  text += comment(fmt::format("Takes {}. {}", values_text(key), variable_of(key)), indent);
  return text + fmt::format("{}#{}: {}\n", indent, short_name(key), default_text(key));
}

std::string reference_entry(const Key& key) {
  std::string text = fmt::format("\n### `{}`\n\n{}\n\n", key.name, key.doc);
  text += fmt::format("- takes {}\n", values_text(key));
  text += fmt::format("- default `{}`\n", default_text(key));
  text += fmt::format("- variable `{}`{}\n", variable_of(key),
                      key.flag.empty() ? "" : fmt::format(", flag `{}`", key.flag));
  if (key.scope == Scope::owner) text += fmt::format("- not in a project's file: {}\n", key.owner_because);
  return text;
}

std::string profile_entry(const Profile& profile) {
  std::string text =
      fmt::format("\n### `{}`\n\n{}\n\n| key | value |\n|---|---|\n", profile.name, profile.doc);
  for (const auto& [key, value] : profile.values) text += fmt::format("| `{}` | `{}` |\n", key, value);
  return text;
}

}  // namespace

std::string init_text(Scope scope) {
  std::string text(scope == Scope::project ? kProjectHead : kOwnerHead);
  std::string_view section;
  for (const Key& key : schema()) {
    if (scope == Scope::project && key.scope == Scope::owner) continue;
    text += '\n';
    if (section_of(key) != section) text += fmt::format("{}:\n", section_of(key));
    section = section_of(key);
    text += init_entry(key);
  }
  return text + (scope == Scope::owner ? std::string(kProfilesExample) : "");
}

std::string reference_page() {
  std::string page(kPageHead);
  for (const Key& key : schema()) page += reference_entry(key);
  page +=
      "\n## Profiles\n\n`profile:`, `ULLAGE_PROFILE` or `--profile` choose one. A project's file may choose "
      "one that is built in.\n";
  for (const Profile& profile : builtin_profiles()) page += profile_entry(profile);
  page += R"(
### Profiles of your own

Under `profiles:` in your own file or in that of `/etc`. They may build on another, built in or not:

```yaml
profile: nightly
profiles:
  nightly:
    extends: production
    run: {interval: 5s}
    limits: {memory: 16G}
```
)";
  return page;
}

std::string yaml_line(const Key& key, const std::string& value) {
  const bool is_as_it_is = key.type == Type::list && !value.empty();
  return fmt::format("{}: {}", key.name,
                     is_as_it_is     ? value
                     : value.empty() ? std::string("none")
                                     : yaml_scalar(value));
}

}  // namespace ullage::config
