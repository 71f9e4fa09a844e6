// SPDX-License-Identifier: Apache-2.0
#include "sense/proc/proc_status.h"

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/text.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

namespace {

// "Uid:	1000	1000	1000	1000": real, effective, saved, of the file system.
std::optional<std::uint32_t> parse_effective(std::string_view line) {
  take_word(line);
  const auto id = take_unsigned(line);
  return id ? std::optional(static_cast<std::uint32_t>(*id)) : std::nullopt;
}

}  // namespace

ProcStatus parse_proc_status(std::string_view text) {
  ProcStatus status;
  std::string_view line;
  while (take_line(text, line)) {
    // Most of the lines are of no interest here; the first letter tells.
    if (line.empty() || std::string_view("VRvnU").find(line[0]) == std::string_view::npos) continue;
    const std::string_view key = take_until(line, ':');
    if (key == "Uid") status.user_id = parse_effective(line);
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
