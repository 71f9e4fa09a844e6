// SPDX-License-Identifier: Apache-2.0
// One ullage.yaml, read and checked against the schema: text in, values with their places out, and every
// error there is. Works on YAML's events, not on its nodes: nothing is expanded (aliases are refused), and
// depth, size and number of keys are bounded, so that a hostile file costs no more than its length.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/schema.h"

namespace ullage::config {

constexpr std::size_t kDocumentLimitBytes = 256u << 10;

struct Entry {
  std::string value;  // as Settings keeps it
  std::string place;  // "ullage.yaml:3:13", of the value
};
using Entries = std::map<std::string, Entry>;  // by key

struct OwnProfile {
  std::string extends;  // "" for none
  std::string place;
  Entries entries;
};

struct Document {
  Entries entries;
  std::map<std::string, OwnProfile> profiles;
};

// Errors carry "name:line:column" and are in the order of the file. What is right is returned all the same.
Document parse_document(std::string_view text, const std::string& name, Scope scope,
                        std::vector<Error>& errors);

}  // namespace ullage::config
