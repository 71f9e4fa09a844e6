// SPDX-License-Identifier: Apache-2.0
#include "metric/family.h"

#include <optional>
#include <string_view>

namespace ullage::metric {

std::string_view to_string(FamilyKind kind) {
  switch (kind) {
    case FamilyKind::unknown:
      return "unknown";
    case FamilyKind::counter:
      return "counter";
    case FamilyKind::gauge:
      return "gauge";
    case FamilyKind::histogram:
      return "histogram";
    case FamilyKind::summary:
      return "summary";
  }
  return "";
}

std::optional<std::string_view> name_of_whole(std::string_view sample_name) {
  for (const std::string_view part : {"_bucket", "_sum", "_count"})
    if (sample_name.size() > part.size() && sample_name.ends_with(part))
      return sample_name.substr(0, sample_name.size() - part.size());
  return std::nullopt;
}

}  // namespace ullage::metric
