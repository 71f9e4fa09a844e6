// SPDX-License-Identifier: Apache-2.0
#include "sense/proc/proc_stat.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"

namespace ullage::sense {

namespace {

// Numbered as in proc_pid_stat(5); what follows the name starts at 3.
constexpr int kFirstAfterName = 3, kState = 3, kParent = 4, kMinorFaults = 10, kMajorFaults = 12, kUser = 14,
              kSystem = 15, kChildrenUser = 16, kChildrenSystem = 17, kThreads = 20, kStart = 22,
              kResident = 24, kStartCode = 26;

// Splits on single blanks, which is how the kernel writes them; this runs for each process at each tick.
bool take_field(const char*& at, const char* end, std::string_view& field) {
  while (at != end && (*at == ' ' || *at == '\n')) ++at;
  const char* first = at;
  while (at != end && *at != ' ' && *at != '\n') ++at;
  field = {first, static_cast<std::size_t>(at - first)};
  return !field.empty();
}

}  // namespace

Result<ProcStat> parse_proc_stat(std::string_view text) {
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return fail("no name in parentheses in a line of /proc/PID/stat");
  const auto pid = to_signed(trim(text.substr(0, open)));
  if (!pid) return fail("no process number at the start of a line of /proc/PID/stat");

  std::array<std::string_view, kStartCode + 1> fields;
  const char* at = text.data() + close + 1;
  const char* end = text.data() + text.size();
  for (int number = kFirstAfterName; number < static_cast<int>(fields.size()); ++number)
    if (!take_field(at, end, fields[static_cast<std::size_t>(number)]))
      return fail("/proc/PID/stat was cut after field " + std::to_string(number - 1));

  ProcStat stat{.pid = *pid, .name = text.substr(open + 1, close - open - 1)};
  bool good = fields[kState].size() == 1;
  const auto number = [&](int field) {
    const auto value = to_unsigned(fields[static_cast<std::size_t>(field)]);
    good = good && value.has_value();
    return value.value_or(0);
  };
  stat.state = fields[kState].front();
  stat.parent_pid = static_cast<std::int64_t>(number(kParent));
  stat.minor_faults = number(kMinorFaults);
  stat.major_faults = number(kMajorFaults);
  stat.user_ticks = number(kUser);
  stat.system_ticks = number(kSystem);
  stat.children_user_ticks = number(kChildrenUser);
  stat.children_system_ticks = number(kChildrenSystem);
  stat.threads = number(kThreads);
  stat.start_ticks = static_cast<std::int64_t>(number(kStart));
  stat.start_code = number(kStartCode);
  // Signed in the kernel; the counters behind it are per processor and may be read as less than nothing.
  const auto resident = to_signed(fields[kResident]);
  if (!good || !resident) return fail("a field of /proc/PID/stat is not a number");
  stat.resident_pages = *resident < 0 ? 0 : static_cast<std::uint64_t>(*resident);
  return stat;
}

}  // namespace ullage::sense
