// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heap/analyze/calls.h"
#include "heap/analyze/export.h"
#include "heap/analyze/moments.h"
#include "heap/profile.h"

namespace ullage::heap {

namespace {

// What would end a frame or a line.
std::string without_separators(std::string text) {
  for (char& c : text) {
    if (c == ';') c = ':';
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace

std::string export_collapsed(std::span<const Profile> profiles, const Question& question) {
  const Calls calls = join_calls(profiles);
  const std::vector<Amount> own = amounts_by_node(calls, profiles, question);
  std::string out;
  for (std::uint32_t node = 1; node < own.size(); ++node) {
    const auto bytes = std::llround(own[node].bytes);
    if (bytes == 0) continue;
    const std::vector<Frame> stack = stack_of(calls, node);
    for (std::size_t i = stack.size(); i-- > 0;)
      out += without_separators(stack[i].function) + (i == 0 ? ' ' : ';');
    out += std::to_string(bytes) + '\n';
  }
  return out;
}

}  // namespace ullage::heap
