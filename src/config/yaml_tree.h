// SPDX-License-Identifier: Apache-2.0
// The part of YAML that settings need, as a small tree with places: mappings, lists, scalars. Anchors,
// aliases, tags and further documents are refused; depth and size are bounded. yaml-cpp stands behind it, in
// one file.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ullage::config {

struct Node {
  enum class Kind { empty, scalar, list, mapping };
  Kind kind = Kind::empty;
  std::string text;  // of a scalar
  int line = 1, column = 1;
  std::vector<Node> keys;  // of a mapping, beside items; all are scalars
  std::vector<Node> items;
};

constexpr std::size_t kDepthLimit = 8;
constexpr std::size_t kNodeLimit = 20'000;

struct Tree {
  Node root;                     // as far as it could be read
  std::optional<Error> stopped;  // why no further, with name:line:column
  int stopped_line = 0;
};
Tree parse_yaml(std::string_view text, const std::string& name);

std::string place(const std::string& name, const Node& node);

}  // namespace ullage::config
