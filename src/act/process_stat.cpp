// SPDX-License-Identifier: Apache-2.0
#include "act/process_stat.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ullage::act {
namespace {

// What follows the name in /proc/PID/stat: "S 1 2 3 …". The name may hold parentheses: the last one closes
// it.
struct StatTail {
  char text[512];
  std::size_t begin = 0, size = 0;
};

void write_stat_path(pid_t pid, char (&path)[32]) {
  char digits[12];
  int count = 0;
  for (unsigned rest = static_cast<unsigned>(pid); rest > 0; rest /= 10)
    digits[count++] = static_cast<char>('0' + rest % 10);
  char* out = path;
  for (const char c : std::string_view("/proc/")) *out++ = c;
  while (count > 0) *out++ = digits[--count];
  for (const char c : std::string_view("/stat")) *out++ = c;
  *out = 0;
}

bool read_stat_tail(pid_t pid, StatTail& tail) {
  if (pid <= 0) return false;
  char path[32];
  write_stat_path(pid, path);
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t got = ::read(fd, tail.text, sizeof tail.text);
  ::close(fd);
  if (got <= 0) return false;
  const std::size_t close = std::string_view(tail.text, static_cast<std::size_t>(got)).rfind(')');
  if (close == std::string_view::npos || close + 3 >= static_cast<std::size_t>(got)) return false;
  tail.begin = close + 2;
  tail.size = static_cast<std::size_t>(got);
  return true;
}

// Of the fields behind the name, the state being the first, 0.
std::int64_t number_at(pid_t pid, int field) {
  StatTail tail;
  if (!read_stat_tail(pid, tail)) return 0;
  std::size_t at = tail.begin;
  for (; field > 0 && at < tail.size; ++at)
    if (tail.text[at] == ' ') --field;
  std::int64_t number = 0;
  for (; at < tail.size && tail.text[at] >= '0' && tail.text[at] <= '9'; ++at)
    number = number * 10 + (tail.text[at] - '0');
  return number;
}

}  // namespace

char process_state(pid_t pid) {
  StatTail tail;
  return read_stat_tail(pid, tail) ? tail.text[tail.begin] : '\0';
}

pid_t parent_of(pid_t pid) { return static_cast<pid_t>(number_at(pid, 1)); }

std::int64_t start_ticks_of(pid_t pid) { return number_at(pid, 19); }

}  // namespace ullage::act
