// SPDX-License-Identifier: Apache-2.0
// What somebody else says of metrics of theirs: the kind, the unit and the help that stand above a family of
// samples. Of our own metrics the table in descriptor.h says it. Plain values.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ullage::metric {

// Those of OpenMetrics; the last three are its own, and gauges to who knows only the older format.
enum class FamilyKind : unsigned char {
  unknown,
  counter,
  gauge,
  histogram,
  summary,
  info,
  stateset,
  gauge_histogram
};

constexpr std::size_t kHelpBytesMax = 1024, kUnitBytesMax = 64;  // more is cut off

struct Family {
  // As its samples are called, a counter with its _total and an info with its _info; of a histogram or a
  // summary without the _bucket, _sum and _count of its samples.
  std::string name = {};
  FamilyKind kind = FamilyKind::unknown;
  std::string unit = {};
  std::string help = {};  // one text, line ends in it as such
  bool operator==(const Family&) const = default;
};

std::string_view to_string(FamilyKind kind);  // as a TYPE line has it
// The inverse, "untyped" too; nothing where there is no such kind.
std::optional<FamilyKind> family_kind_of(std::string_view type);
std::span<const std::string_view> family_kind_names();
// Whether its samples are called after it, with _bucket, _sum and the like behind.
bool is_of_parts(FamilyKind kind);
// Without _bucket, _sum, _count, _gsum or _gcount; nothing where the name has none of them.
std::optional<std::string_view> name_of_whole(std::string_view sample_name);

}  // namespace ullage::metric
