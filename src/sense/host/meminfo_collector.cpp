// SPDX-License-Identifier: Apache-2.0
#include "sense/host/meminfo_collector.h"

#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

// Active(anon):       1580 kB
// HugePages_Total:       0
Result<void> MeminfoCollector::add_values(std::string_view text, metric::Frame& frame) {
  std::string_view line;
  while (take_line(text, line)) {
    const std::string_view whole = line;
    const std::string_view key = take_until(line, ':');
    const auto count = take_unsigned(line);
    const std::string_view unit = take_word(line);
    if (key.empty() || !count || (!unit.empty() && unit != "kB"))
      return broken("not an amount of memory", whole);
    name_ = "node_memory_";
    for (const char c : key)
      if (c != ')') name_ += c == '(' ? '_' : c;
    if (!unit.empty()) name_ += "_bytes";
    frame.add(name_, static_cast<double>(*count) * (unit.empty() ? 1 : 1024));
  }
  return {};
}

}  // namespace ullage::sense
