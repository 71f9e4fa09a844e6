// SPDX-License-Identifier: Apache-2.0
#include "metric/family.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace ullage::metric {

namespace {

// In the enum's order.
constexpr std::array<std::string_view, 8> kNames = {"unknown", "counter", "gauge",    "histogram",
                                                    "summary", "info",    "stateset", "gaugehistogram"};

}  // namespace

std::string_view to_string(FamilyKind kind) { return kNames.at(static_cast<std::size_t>(kind)); }

std::span<const std::string_view> family_kind_names() { return kNames; }

std::optional<FamilyKind> family_kind_of(std::string_view type) {
  if (type == "untyped") return FamilyKind::unknown;
  const auto* const found = std::ranges::find(kNames, type);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<FamilyKind>(found - kNames.begin());
}

bool is_of_parts(FamilyKind kind) {
  return kind == FamilyKind::histogram || kind == FamilyKind::summary || kind == FamilyKind::gauge_histogram;
}

std::optional<std::string_view> name_of_whole(std::string_view sample_name) {
  for (const std::string_view part : {"_bucket", "_sum", "_count", "_gsum", "_gcount"})
    if (sample_name.size() > part.size() && sample_name.ends_with(part))
      return sample_name.substr(0, sample_name.size() - part.size());
  return std::nullopt;
}

}  // namespace ullage::metric
