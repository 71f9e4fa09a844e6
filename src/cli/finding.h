// SPDX-License-Identifier: Apache-2.0
// What doctor finds: a part of the machine or of Ullage, how it is here, and how to get what is missing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ullage::cli {

struct Finding {
  enum class State { good, limited, missing };  // limited: there is something lesser in its place
  std::string id;                               // "exit_records"
  std::string title;                            // "exit records"
  State state = State::good;
  std::string text = {};
  std::string remedy = {};
};
std::string_view to_string(Finding::State state);

struct FindingGroup {
  std::string title;
  std::vector<Finding> findings;
};

}  // namespace ullage::cli
