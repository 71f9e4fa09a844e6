// SPDX-License-Identifier: Apache-2.0
// Golden conversations: tests/golden/<verb>/*.txt hold commands and what Ullage says to them.
//
//     env NAME=VALUE              sets a variable from here on
//     $ ullage config show        a command; quotes as in a shell
//     …                           its standard output
//     2> …                        its standard error
//     => 0                        its exit code
//
// Other lines between commands are remarks. ULLAGE_RENEW=1 writes the files anew; read the difference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/os_root.h"
#include "base/text.h"
#include "cli/verb.h"

namespace ullage::cli {
namespace {

std::vector<std::string> golden_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator("tests/golden"))
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

std::vector<std::string> shell_words(std::string_view line) {
  std::vector<std::string> words;
  char quote = 0;
  bool in_word = false;
  for (const char c : line) {
    if (quote == 0 && c == ' ') {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (quote == 0 && (c == '\'' || c == '"'))
      quote = c;
    else if (c == quote)
      quote = 0;
    else
      words.back() += c;
  }
  return words;
}

std::string prefixed(std::string_view prefix, std::string_view text) {
  std::string out;
  while (!text.empty()) out += std::string(prefix) + std::string(take_until(text, '\n')) + "\n";
  return out;
}

// What the command says, as it stands in the file.
std::string answer(const std::string& command, const std::map<std::string, std::string>& environment) {
  std::ostringstream out, err;
  const ManualClock clock;
  Console console{.out = out,
                  .err = err,
                  .environment = environment,
                  .working_directory = "/nowhere",
                  .clock = clock,
                  .root = OsRoot{.prefix = "/nowhere"}};
  std::vector<std::string> words = shell_words(command);
  words.erase(words.begin());
  const int code = run_command_line(words, console);
  return prefixed("", out.str()) + prefixed("2> ", err.str()) + "=> " + std::to_string(code) + "\n";
}

// The file with every answer as it is now.
std::string played(std::string_view text) {
  std::map<std::string, std::string> environment = {{"HOME", "/home/somebody"}};
  std::string now;
  bool in_answer = false;
  while (!text.empty()) {
    const std::string line(take_until(text, '\n'));
    if (in_answer && !line.starts_with("=> ")) continue;
    if (!in_answer) now += line + "\n";
    in_answer = false;
    if (line.starts_with("env ")) {
      const std::size_t equals = line.find('=');
      environment[line.substr(4, equals - 4)] = line.substr(equals + 1);
    }
    if (!line.starts_with("$ ullage")) continue;
    now += answer(line.substr(2), environment);
    in_answer = text.find("=> ") < text.find("$ ullage");  // false where it was never played
  }
  return now;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, AnswersAsWritten) {
  const auto text = read_file(GetParam());
  ASSERT_TRUE(text) << text.error().text();
  const std::string now = played(*text);
  if (std::getenv("ULLAGE_RENEW") != nullptr) {
    ASSERT_TRUE(replace_file(GetParam(), now));
  } else {
    EXPECT_EQ(*text, now) << "ULLAGE_RENEW=1 renews " << GetParam();
  }
}

INSTANTIATE_TEST_SUITE_P(Files, Golden, testing::ValuesIn(golden_files()), [](const auto& file) {
  std::string name = std::filesystem::path(file.param).parent_path().filename().string() + "_" +
                     std::filesystem::path(file.param).stem().string();
  std::ranges::replace_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace ullage::cli
