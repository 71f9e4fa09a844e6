// SPDX-License-Identifier: Apache-2.0
// What somebody else says of metrics of theirs: the kind, the unit and the help that stand above a family of
// samples. Of our own metrics the table in descriptor.h says it. Plain values.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ullage::metric {

enum class FamilyKind : unsigned char { unknown, counter, gauge, histogram, summary };

constexpr std::size_t kHelpBytesMax = 1024, kUnitBytesMax = 64;  // more is cut off

struct Family {
  // As its samples are called, a counter with its _total; of a histogram or a summary without the _bucket,
  // _sum and _count of its samples.
  std::string name = {};
  FamilyKind kind = FamilyKind::unknown;
  std::string unit = {};
  std::string help = {};  // one text, line ends in it as such
  bool operator==(const Family&) const = default;
};

std::string_view to_string(FamilyKind kind);
// Without _bucket, _sum or _count; nothing where the name has none of them.
std::optional<std::string_view> name_of_whole(std::string_view sample_name);

}  // namespace ullage::metric
