// SPDX-License-Identifier: Apache-2.0
#include "sense/host/vmstat_collector.h"

#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

namespace {

// ^(oom_kill|pgpg|pswp|pg.*fault).*
bool is_selected(std::string_view key) {
  if (key.starts_with("pg")) return key.starts_with("pgpg") || key.find("fault", 2) != std::string_view::npos;
  return key.starts_with("pswp") || key.starts_with("oom_kill");
}

}  // namespace

Result<void> VmstatCollector::add_values(std::string_view text, metric::Frame& frame) {
  std::string_view line;
  while (take_line(text, line)) {
    const std::string_view whole = line;
    const std::string_view key = take_word(line);
    if (!is_selected(key)) continue;
    const auto count = take_unsigned(line);
    if (!count) return broken("not a count", whole);
    name_ = "node_vmstat_";
    name_ += key;
    frame.add(name_, static_cast<double>(*count));
  }
  return {};
}

}  // namespace ullage::sense
