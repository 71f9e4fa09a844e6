// SPDX-License-Identifier: Apache-2.0
#include "sense/system/filefd_collector.h"

#include <string_view>

#include "base/result.h"
#include "metric/frame.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

// allocated, free (0 since Linux 2.6), maximum
Result<void> FilefdCollector::add_values(std::string_view text, metric::Frame& frame) {
  std::string_view rest = text;
  const auto allocated = take_unsigned(rest), free = take_unsigned(rest), maximum = take_unsigned(rest);
  if (!allocated || !free || !maximum) return broken("it is not three numbers");
  frame.add("node_filefd_allocated", static_cast<double>(*allocated));
  frame.add("node_filefd_maximum", static_cast<double>(*maximum));
  return {};
}

}  // namespace ullage::sense
