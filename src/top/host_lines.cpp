// SPDX-License-Identifier: Apache-2.0
#include "top/host_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/moment.h"
#include "base/units.h"
#include "run/words.h"
#include "top/daemon_word.h"
#include "top/machine_view.h"
#include "top/row_columns.h"
#include "top/text_line.h"

namespace ullage::top {

namespace {

constexpr std::size_t kLabelWidth = 8;
constexpr double kScarceRatio = 0.9, kTightRatio = 0.75;  // of the limit in use
constexpr double kSoonSeconds = 600, kLaterSeconds = 3600;
constexpr double kStallWarnRatio = 0.05, kStallBadRatio = 0.25;

std::size_t bar_width(std::size_t width) { return std::clamp<std::size_t>(width / 5, 10, 40); }

TextLine labelled(std::string_view label, std::size_t width) {
  TextLine line(width);
  line.add(label, Tone::faint).gap_to(kLabelWidth);
  return line;
}

std::string percent(double ratio) { return fmt::format("{:.0f} %", ratio * 100); }

TextLine title_line(const HostView& host, std::size_t width) {
  TextLine line(width);
  line.add("ullage top", Tone::bold).add("  ").add(host.name, Tone::bold);
  // HH:MM:SS of "2026-11-26T12:00:00.000Z".
  line.add("  " + format_moment(host.time_ms).substr(11, 8) + "Z", Tone::faint);
  if (host.load)
    line.add_whole(
        fmt::format("  load {:.2f} {:.2f} {:.2f}", (*host.load)[0], (*host.load)[1], (*host.load)[2]));
  line.add_whole("  " + run::counted(host.processes, "process"));
  line.add_whole(fmt::format("  {} running", host.running));
  line.add_whole("  " + fmt::format("{} threads", run::format_count(static_cast<double>(host.threads))),
                 Tone::faint);
  if (host.hidden.whole > 0)
    line.add_whole(fmt::format("  {} hidden from you", host.hidden.whole), Tone::warn);
  return line;
}

Tone lasting_tone(double seconds) {
  return seconds < kSoonSeconds ? Tone::bad : seconds < kLaterSeconds ? Tone::warn : Tone::plain;
}

TextLine memory_line(const HostView& host, std::size_t width, bool utf8) {
  TextLine line = labelled("memory", width);
  if (!host.limit_bytes || !host.used_bytes) return line.add("not told", Tone::faint);
  const double limit = std::max(1.0, static_cast<double>(*host.limit_bytes));
  const double ratio = static_cast<double>(*host.used_bytes) / limit;
  const Tone tone = ratio > kScarceRatio ? Tone::bad : ratio > kTightRatio ? Tone::warn : Tone::good;
  add_bar(line, std::array{BarPart{ratio, '#', tone}}, bar_width(width), utf8);
  line.add(fmt::format(" {} of {}", format_bytes(static_cast<double>(*host.used_bytes)), format_bytes(limit)),
           Tone::bold);
  if (host.memory_lasts)
    line.add_whole("  full in " + format_duration(std::round(host.memory_lasts->seconds)),
                   lasting_tone(host.memory_lasts->seconds));
  line.add_whole("  " + format_bytes(static_cast<double>(host.headroom_bytes.value_or(0))) + " left");
  if (host.limit_source != "machine") line.add_whole("  limit of " + host.limit_source, Tone::faint);
  if (host.cached_bytes)
    line.add_whole("  cache " + format_bytes(static_cast<double>(*host.cached_bytes)), Tone::faint);
  if (host.growth_bytes_per_second)
    line.add_whole("  +" + format_bytes(*host.growth_bytes_per_second * 60) + "/min", Tone::faint);
  return line;
}

TextLine cpu_line(const HostView& host, std::size_t width, bool utf8) {
  TextLine line = labelled("cpu", width);
  if (!host.cpu_cores || host.processors <= 0)
    return line.add("measured from the next reading on", Tone::faint);
  const auto& cores = *host.cpu_cores;  // user nice system idle iowait irq softirq steal
  struct Mode {
    std::string_view name;
    double cores;
    char letter;
    Tone tone;
  };
  const std::array modes = {Mode{"user", cores[0], 'u', Tone::good},
                            Mode{"system", cores[2] + cores[5] + cores[6], 's', Tone::warn},
                            Mode{"nice", cores[1], 'n', Tone::plain},
                            Mode{"iowait", cores[4], 'w', Tone::faint},
                            Mode{"steal", cores[7], 'x', Tone::bad}};
  std::vector<BarPart> parts;
  double busy = 0;
  for (const Mode& mode : modes) {
    parts.push_back({mode.cores / host.processors, mode.letter, mode.tone});
    busy += mode.name == "iowait" ? 0 : mode.cores;
  }
  add_bar(line, parts, bar_width(width), utf8);
  line.add(fmt::format(" {:.2f} of {} cores", busy, run::format_cores(std::round(host.processors))),
           Tone::bold);
  for (const Mode& mode : modes) {
    const double ratio = mode.cores / host.processors;
    const bool always = mode.name == "user" || mode.name == "system";
    if (always || ratio >= 0.005)
      line.add_whole(fmt::format("  {} {}", mode.name, percent(ratio)), mode.tone);
  }
  if (host.cores > 0 && host.cores < host.processors - 0.5)
    line.add_whole(fmt::format("  {} may be used here", run::format_cores(host.cores)), Tone::faint);
  return line;
}

void add_stall(TextLine& line, std::string_view name, const Stall& stall) {
  if (!stall.some) return;
  const double ratio = std::min(1.0, *stall.some);
  const Tone tone = ratio > kStallBadRatio ? Tone::bad : ratio > kStallWarnRatio ? Tone::warn : Tone::plain;
  line.add_whole(fmt::format("{} {:.1f} %", name, ratio * 100), tone).add("  ");
}

TextLine stall_line(const HostView& host, std::size_t width) {
  TextLine line = labelled("stall", width);
  if (!host.cpu_stall.some && !host.memory_stall.some && !host.io_stall.some)
    line.add("not told  ", Tone::faint);
  add_stall(line, "cpu", host.cpu_stall);
  add_stall(line, "memory", host.memory_stall);
  add_stall(line, "io", host.io_stall);
  line.add("  swap ", Tone::faint);
  const double total = static_cast<double>(host.swap_total_bytes.value_or(0));
  if (total <= 0) return line.add("none");
  const double used = static_cast<double>(host.swap_used_bytes.value_or(0));
  return line.add(fmt::format("{} of {}", format_bytes(used), format_bytes(total)),
                  used / total > kTightRatio ? Tone::warn : Tone::plain);
}

std::string per_second(const std::optional<double>& bytes) {
  return bytes ? short_bytes(*bytes) + "/s" : std::string("?");
}

TextLine transfer_line(const HostView& host, std::size_t width) {
  TextLine line = labelled("disk", width);
  if (host.disk_read_per_second) {
    line.add(fmt::format("read {}  written {}", per_second(host.disk_read_per_second),
                         per_second(host.disk_written_per_second)));
    if (host.busiest_disk_ratio)
      line.add(fmt::format("  {} busy {}", host.busiest_disk, percent(*host.busiest_disk_ratio)),
               *host.busiest_disk_ratio > kScarceRatio ? Tone::warn : Tone::plain);
  } else {
    line.add("not told", Tone::faint);
  }
  line.add("    net ", Tone::faint);
  return line.add(
      fmt::format("in {}  out {}", per_second(host.received_per_second), per_second(host.sent_per_second)));
}

}  // namespace

std::vector<TextLine> host_lines(const HostView& host, std::size_t width, bool utf8) {
  return {title_line(host, width), memory_line(host, width, utf8), cpu_line(host, width, utf8),
          stall_line(host, width), transfer_line(host, width)};
}

TextLine runs_line(const std::vector<LiveRun>& runs, std::size_t width) {
  TextLine line = labelled("runs", width);
  std::size_t shown = 0;
  for (const LiveRun& run : runs) {
    std::string words = run.used_bytes ? format_bytes(*run.used_bytes) : std::string();
    if (run.used_bytes && run.limit_bytes) words += " of " + format_bytes(*run.limit_bytes);
    for (const std::string& phase : run.phases) words += (words.empty() ? "in " : ", in ") + phase;
    const std::string& name = run.name.empty() ? run.command : run.name;
    const std::string told = fmt::format("{}{}  {}", shown == 0 ? "" : "   ", name, words);
    if (shown > 0 && line.left() < told.size() + 10) break;
    line.add(told);
    ++shown;
  }
  if (shown < runs.size()) line.add_whole(fmt::format("   and {} more", runs.size() - shown), Tone::faint);
  return line;
}

}  // namespace ullage::top
