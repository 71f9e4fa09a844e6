// SPDX-License-Identifier: Apache-2.0
#include "sense/proc/proc_counters.h"

#include <optional>
#include <string_view>

#include "base/text.h"
#include "sense/kernel_text.h"
#include "sense/sample.h"

namespace ullage::sense {

ProcIo parse_proc_io(std::string_view text) {
  ProcIo io;
  std::string_view line;
  while (take_line(text, line)) {
    const std::string_view key = take_until(line, ':');
    if (key == "read_bytes") io.read_bytes = parse_one_number(line);
    if (key == "write_bytes") io.written_bytes = parse_one_number(line);
  }
  return io;
}

OptionalSeconds parse_run_queue_wait(std::string_view schedstat) {
  take_word(schedstat);
  const auto wait = take_unsigned(schedstat);
  // Cut within the second number: without the third there is no telling.
  if (!wait || !take_unsigned(schedstat)) return std::nullopt;
  return nanoseconds(*wait);
}

Proportional parse_smaps_rollup(std::string_view text) {
  OptionalBytes all, anonymous, shared, swap;
  std::string_view line;
  while (take_line(text, line)) {
    const std::string_view key = take_until(line, ':');
    if (key == "Pss") all = parse_kibibytes(line);
    if (key == "Pss_Anon") anonymous = parse_kibibytes(line);
    if (key == "Pss_Shmem") shared = parse_kibibytes(line);
    if (key == "SwapPss") swap = parse_kibibytes(line);
  }
  Proportional proportional{.all_bytes = all, .used_bytes = {}};
  // SwapPss is left out by kernels built without swap.
  if (anonymous && shared) proportional.used_bytes = *anonymous + *shared + swap.value_or(0);
  return proportional;
}

}  // namespace ullage::sense
