// SPDX-License-Identifier: Apache-2.0
#include "run/words.h"

#include <fmt/format.h>
#include <string.h>

#include <array>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/moment.h"
#include "base/text.h"
#include "run/record.h"

namespace ullage::run {

namespace {

constexpr std::int64_t kMinuteMs = 60'000, kHourMs = 60 * kMinuteMs, kDayMs = 24 * kHourMs;

bool needs_no_quotes(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  return !word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos;
}

// As ANSI-C quoting ($'…'), which bash, zsh and ksh read: a newline or an escape sequence in an argument
// must neither act on the terminal it is printed to nor be lost when pasted back.
std::string ansi_c_quoted(std::string_view word) {
  std::string out = "$'";
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\'' || c == '\\')
      out.append("\\").append(1, c);
    else if (byte < 0x20 || byte >= 0x7F)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += c;
  }
  return out + "'";
}

std::string shell_quoted_word(std::string_view word) {
  if (needs_no_quotes(word)) return std::string(word);
  if (printable(word) != word) return ansi_c_quoted(word);
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// A size as a flag takes it: exact, in the largest unit that divides it.
std::string size_flag(double bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"", "K", "M", "G", "T"};
  std::size_t unit = 0;
  while (bytes >= 1024 && std::fmod(bytes, 1024) == 0 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{:.0f}{}", bytes, kUnits[unit]);
}

std::string limit_flags(const Record& record) {
  std::string flags;
  for (const Limit& limit : record.limits) {
    if (limit.resource == "memory") flags += " --memory " + size_flag(limit.asked);
    if (limit.resource == "cpus") flags += fmt::format(" --cpus {:g}", limit.asked);
    if (limit.resource == "pids") flags += fmt::format(" --pids {:.0f}", limit.asked);
    if (limit.resource == "timeout") flags += fmt::format(" --timeout {:g}s", limit.asked);
  }
  return flags;
}

}  // namespace

std::string format_cores(double cores) {
  const double rounded = std::round(cores * 10) / 10;
  if (cores != 0 && cores < 0.95)
    return fmt::format("{:.2g}", cores < 0.005 ? 0.0 : std::round(cores * 100) / 100);
  return rounded == std::round(rounded) ? fmt::format("{:.0f}", rounded) : fmt::format("{:.1f}", rounded);
}

std::string format_count(double count) {
  if (count != std::round(count)) return fmt::format("{:.3g}", count);
  std::string digits = fmt::format("{:.0f}", std::abs(count));
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return count < 0 ? "-" + digits : digits;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  std::string text = format_count(static_cast<double>(count)) + ' ' + std::string(noun);
  if (count != 1) text += noun.ends_with('s') ? "es" : "s";
  return text;
}

std::string signal_name(int signal) {
  const char* name = sigabbrev_np(signal);
  return name != nullptr ? std::string("SIG") + name : fmt::format("signal {}", signal);
}

std::string exit_words(const Record& record) {
  if (record.state == State::running) return "still running";
  if (record.oom) {
    const std::string by = record.signal ? "killed by " + signal_name(*record.signal) : "ended";
    return fmt::format("{}: out of memory ({})", by, printable(record.oom->killer));
  }
  if (record.state == State::interrupted && !record.exit_code && !record.signal)
    return "interrupted: the measuring stopped before the command did";
  if (record.timed_out) return "ended by its time limit";
  if (record.signal) return "killed by " + signal_name(*record.signal);
  if (record.exit_code) return fmt::format("exit {}", *record.exit_code);
  return "its exit is not known";
}

std::string display_name(const Record& record) {
  if (!record.name.empty()) return printable(record.name);
  if (record.command.empty()) return printable(record.id);
  const std::string& program = record.command.front();
  return printable(program.substr(program.find_last_of('/') + 1));
}

std::string format_ago(std::int64_t time_ms, std::int64_t now_ms) {
  const std::int64_t age = now_ms - time_ms;
  if (age < -kMinuteMs) return format_moment(time_ms).substr(0, 10);  // the clock was set back since
  if (age < 10'000) return "just now";
  const auto ago = [](std::int64_t count, std::string_view noun) {
    return counted(static_cast<std::uint64_t>(count), noun) + " ago";
  };
  if (age < kMinuteMs) return ago(age / 1000, "second");
  if (age < kHourMs) return ago(age / kMinuteMs, "minute");
  if (age < kDayMs) return ago(age / kHourMs, "hour");
  if (age < 14 * kDayMs) return ago(age / kDayMs, "day");
  return format_moment(time_ms).substr(0, 10);
}

std::string shell_quoted(std::span<const std::string> words) {
  std::string line;
  for (const std::string& word : words) line.append(line.empty() ? "" : " ").append(shell_quoted_word(word));
  return line;
}

std::string repeat_command(const Record& record) {
  std::string line = "ullage run" + limit_flags(record);
  if (!record.name.empty()) line += " --name " + shell_quoted_word(record.name);
  return line + " -- " + shell_quoted(record.command);
}

std::int64_t end_ms(const Record& record) {
  return record.started_ms + std::llround(record.wall_seconds * 1000);
}

std::optional<double> cpu_seconds(const Record& record) {
  if (!record.cpu.user_seconds && !record.cpu.system_seconds) return std::nullopt;
  return record.cpu.user_seconds.value_or(0) + record.cpu.system_seconds.value_or(0);
}

std::optional<double> cores_used(const Record& record) {
  const auto seconds = cpu_seconds(record);
  if (!seconds || record.wall_seconds <= 0) return std::nullopt;
  return *seconds / record.wall_seconds;
}

bool memory_limit_is_set(const Memory& memory) {
  return memory.limit_bytes && !memory.limit_source.empty() && memory.limit_source != "machine";
}

}  // namespace ullage::run
