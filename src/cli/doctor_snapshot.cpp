// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_snapshot.h"

#include <fmt/format.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/verb.h"
#include "cli/version.h"
#include "config/settings.h"
#include "run/secrets.h"
#include "sense/snapshot/snapshot.h"

namespace ullage::cli {

namespace {

std::string masked_arguments(std::string_view arguments) {
  std::vector<std::string> words;
  while (!arguments.empty()) words.emplace_back(take_until(arguments, '\0'));
  std::string masked;
  for (const std::string& word : run::mask_arguments(words)) masked.append(word).append(1, '\0');
  return masked;
}

// The settings in force and where each is from; what looks like a secret in them is masked.
std::string settings_text(const Result<config::Settings>& settings) {
  if (!settings) return "# " + printable(settings.error().text()) + '\n';
  std::string text;
  for (const auto& [key, setting] : settings->all()) {
    const std::string value = run::mask_arguments({"ullage", setting.value})[1];
    text += fmt::format("{}: {}  # {}\n", key, printable(value), printable(setting.origin.text()));
  }
  return text;
}

std::vector<std::string> people(const Console& console) {
  std::vector<std::string> names;
  for (const char* variable : {"USER", "LOGNAME", "SUDO_USER"})
    if (const auto found = console.environment.find(variable);
        found != console.environment.end() && !found->second.empty())
      names.push_back(found->second);
  return names;
}

void tell(const sense::Snapshot& snapshot, const SnapshotWish& wish, std::ostream& out) {
  out << fmt::format("written: {} ({} files, {} processes, {})\n", printable(wish.file), snapshot.files,
                     snapshot.processes, format_bytes(static_cast<double>(snapshot.text.size())));
  for (const std::string& sentence : snapshot.left_out) out << "left out: " << printable(sentence) << '\n';
  out << "replaced: names of this machine and of people, addresses, servers, your mount points; "
      << (wish.with_arguments ? "arguments that look like secrets are masked\n"
                              : "of command lines only the program's name is there\n")
      << "Look it over before you send it: it is plain text.\n";
}

}  // namespace

Result<void> write_snapshot(const SnapshotWish& wish, const Result<config::Settings>& settings,
                            const Console& console) {
  sense::SnapshotOptions options{.people = people(console),
                                 .notes = {{"/ullage/version", std::string(kVersion) + '\n'},
                                           {"/ullage/doctor.json", wish.findings_json + '\n'},
                                           {"/ullage/settings.yaml", settings_text(settings)}}};
  if (wish.with_arguments) options.arguments = masked_arguments;
  const sense::Snapshot snapshot = sense::take_snapshot(console.root, options);
  if (wish.file == "-") {
    console.out << snapshot.text;
    return {};
  }
  if (auto written = replace_file(wish.file, snapshot.text); !written) return written;
  tell(snapshot, wish, console.out);
  return {};
}

}  // namespace ullage::cli
