// SPDX-License-Identifier: Apache-2.0
#include "sense/psi/pressure.h"

#include <cstddef>
#include <string_view>

#include "base/text.h"
#include "sense/kernel_text.h"
#include "sense/sample.h"

namespace ullage::sense {

// some avg10=0.99 avg60=0.38 avg300=0.13 total=3623677
// full avg10=0.65 avg60=0.28 avg300=0.09 total=3329412
PressureSample parse_pressure(std::string_view text) {
  constexpr std::string_view kTotal = "total=";
  PressureSample pressure;
  std::string_view line;
  while (take_line(text, line)) {
    const std::string_view kind = take_word(line);
    const std::size_t at = line.rfind(kTotal);
    if (at == std::string_view::npos) continue;
    const auto total = parse_one_number(line.substr(at + kTotal.size()));
    if (!total) continue;
    if (kind == "some") pressure.some_seconds = microseconds(*total);
    if (kind == "full") pressure.full_seconds = microseconds(*total);
  }
  return pressure;
}

}  // namespace ullage::sense
