// SPDX-License-Identifier: Apache-2.0
#include "sense/proc/proc_status.h"

#include <string_view>

#include "base/text.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

ProcStatus parse_proc_status(std::string_view text) {
  ProcStatus status;
  std::string_view line;
  while (take_line(text, line)) {
    // Most of the lines are of no interest here; the first letter tells.
    if (line.empty() || (line[0] != 'V' && line[0] != 'R' && line[0] != 'v' && line[0] != 'n')) continue;
    const std::string_view key = take_until(line, ':');
    if (key == "VmHWM") status.resident_peak_bytes = parse_kibibytes(line);
    if (key == "VmRSS") status.resident_bytes = parse_kibibytes(line);
    if (key == "RssAnon") status.anonymous_bytes = parse_kibibytes(line);
    if (key == "RssFile") status.file_bytes = parse_kibibytes(line);
    if (key == "RssShmem") status.shared_bytes = parse_kibibytes(line);
    if (key == "VmData") status.data_bytes = parse_kibibytes(line);
    if (key == "VmSwap") status.swap_bytes = parse_kibibytes(line);
    if (key == "voluntary_ctxt_switches") status.voluntary_switches = parse_one_number(line);
    if (key == "nonvoluntary_ctxt_switches") status.involuntary_switches = parse_one_number(line);
  }
  return status;
}

}  // namespace ullage::sense
