// SPDX-License-Identifier: Apache-2.0
#include "sense/net/softnet_collector.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

// A processor a line, in hexadecimal (net/core/net-procfs.c, softnet_seq_show): processed, dropped, squeezed,
// …; the thirteenth word is the processor's number since Linux 5.10, before it lines were counted.
Result<void> SoftnetCollector::add_values(std::string_view text, metric::Frame& frame) {
  constexpr int kNumberAt = 12;
  std::string_view line;
  for (std::uint64_t count = 0; take_line(text, line); ++count) {
    const std::string_view whole = line;
    const auto processed = parse_hexadecimal(take_word(line)), dropped = parse_hexadecimal(take_word(line)),
               squeezed = parse_hexadecimal(take_word(line));
    if (!processed || !dropped || !squeezed) return broken("not counts of a processor", whole);
    for (int i = 3; i < kNumberAt; ++i) take_word(line);
    const std::uint64_t number = parse_hexadecimal(take_word(line)).value_or(count);
    char digits[20];
    const char* end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    const std::string_view cpu(digits, static_cast<std::size_t>(end - digits));
    frame.add("node_softnet_processed_total", {{"cpu", cpu}}, static_cast<double>(*processed));
    frame.add("node_softnet_dropped_total", {{"cpu", cpu}}, static_cast<double>(*dropped));
    frame.add("node_softnet_times_squeezed_total", {{"cpu", cpu}}, static_cast<double>(*squeezed));
  }
  return {};
}

}  // namespace ullage::sense
