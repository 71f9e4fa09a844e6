// SPDX-License-Identifier: Apache-2.0
#include "run/heap_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "base/units.h"
#include "heap/analyze/calls.h"
#include "heap/analyze/compare.h"
#include "heap/analyze/flame.h"
#include "heap/analyze/moments.h"
#include "heap/analyze/top.h"
#include "heap/analyze/verdicts.h"
#include "heap/profile.h"
#include "run/show_text.h"
#include "run/style.h"
#include "run/table.h"
#include "run/words.h"

namespace ullage::run {

namespace {

constexpr double kFlameRatioMin = 0.01;
constexpr std::size_t kCallersShown = 5;

std::string signed_bytes(double bytes) { return (bytes < 0 ? "-" : "+") + format_bytes(std::abs(bytes)); }
std::string bytes_text(double bytes, heap::Measure measure) {
  return measure == heap::Measure::growth ? signed_bytes(bytes) : format_bytes(bytes);
}
std::string blocks_text(double count) { return format_count(std::round(count)); }
std::string in_blocks(double count) {
  return "in " + blocks_text(count) + (std::round(count) == 1 ? " block" : " blocks");
}

std::string interval_text(const heap::Amount& amount, heap::Measure measure) {
  const heap::Interval interval = heap::interval_95(amount, measure);
  return fmt::format("{} to {}", bytes_text(interval.low, measure), bytes_text(interval.high, measure));
}

// "handle < serve < main": who called, plumbing passed over.
std::string callers_text(std::span<const heap::Frame> stack, std::string_view arrow) {
  std::string text;
  std::size_t shown = 0;
  for (std::size_t i = heap::blamed_frame(stack) + 1; i < stack.size(); ++i) {
    if (heap::is_plumbing(stack[i])) continue;
    if (shown == kCallersShown) return text.append(arrow).append("…");
    if (shown++ > 0) text += arrow;
    text += heap::short_name(stack[i]);
  }
  return text;
}
std::string_view arrow_of(const ShowLook& look) { return look.utf8 ? " ← " : " < "; }

std::string_view head_of(heap::Measure measure) {
  switch (measure) {
    case heap::Measure::living:
      return "Live";
    case heap::Measure::growth:
      return "Growth";
    case heap::Measure::allocated:
      return "Allocated";
    case heap::Measure::temporary:
      return "Temporary";
  }
  return {};
}

std::string_view title_of(heap::By by) {
  switch (by) {
    case heap::By::site:
      return "allocated by";
    case heap::By::function:
      return "function";
    case heap::By::module:
      return "module";
    case heap::By::thread:
      return "thread";
    case heap::By::size:
      return "size";
    case heap::By::process:
      return "process";
    case heap::By::kind:
      return "kind";
  }
  return {};
}

std::string spark_text(std::span<const double> values, bool utf8) {
  constexpr std::array<std::string_view, 9> kBlocks{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::string_view kPlain = " .:-=+*#@";
  const double most = values.empty() ? 0 : *std::ranges::max_element(values);
  std::string text;
  for (const double value : values) {
    const auto level = most <= 0 ? 0 : static_cast<std::size_t>(std::ceil(value / most * 8));
    if (utf8)
      text += kBlocks[std::min<std::size_t>(level, 8)];
    else
      text += kPlain[std::min<std::size_t>(level, 8)];
  }
  return text;
}

std::string wrapped(std::string_view text, std::size_t width, std::string_view indent) {
  std::string out;
  std::string line(indent);
  while (!text.empty()) {
    const std::string word(take_word(text));
    if (word.empty()) break;
    if (line.size() > indent.size() && display_width(line) + 1 + display_width(word) > width) {
      out += line + '\n';
      line = indent;
    }
    if (line.size() > indent.size()) line += ' ';
    line += word;
  }
  return out + line + '\n';
}

std::string kind_text(heap::VerdictKind kind, const Style& style) {
  const std::string name = padded(heap::name_of(kind), 8);
  if (kind == heap::VerdictKind::growing) return style.bad(name);
  return kind == heap::VerdictKind::lost ? style.warn(name) : style.faint(name);
}

std::string evidence_text(const heap::Verdict& verdict, const ShowLook& look) {
  std::string text;
  if (verdict.rate_bytes_per_second > 0)
    text += fmt::format("{}/s, ", signed_bytes(verdict.rate_bytes_per_second));
  text += format_bytes(verdict.amount.bytes) + " " + in_blocks(verdict.amount.count);
  if (verdict.amount.variance > 0)
    text += fmt::format(" ({})", interval_text(verdict.amount, heap::Measure::living));
  text += verdict.first_seen_seconds < 0.001
              ? ", since the start"
              : fmt::format(", first seen at {}", format_duration(verdict.first_seen_seconds));
  text += fmt::format(", confidence {}", format_ratio(verdict.confidence));
  if (verdict.processes > 1) text += fmt::format(", in {} processes", verdict.processes);
  if (verdict.seconds_to_limit)
    text += fmt::format(", at the limit in {}", format_duration(*verdict.seconds_to_limit));
  return text + (look.utf8 ? "; born " : "; born |") + spark_text(verdict.births, look.utf8) +
         (look.utf8 ? "" : "|");
}

std::string verdict_text(const heap::Verdict& verdict, const ShowLook& look) {
  constexpr std::string_view kIndent = "          ";
  const std::size_t width = look.width == 0 ? 100 : look.width;
  const heap::Frame frame =
      verdict.stack.empty() ? heap::Frame{} : verdict.stack[heap::blamed_frame(verdict.stack)];
  std::string text = kind_text(verdict.kind, look.style) + "  " +
                     look.style.bold(printable(heap::short_name(frame))) + "  " +
                     printable(heap::place_text(frame)) + '\n';
  text += wrapped(evidence_text(verdict, look), width, kIndent);
  const std::string callers = callers_text(verdict.stack, arrow_of(look));
  if (!callers.empty()) text += wrapped("called by " + printable(callers), width, kIndent);
  if (verdict.kind == heap::VerdictKind::growing || verdict.kind == heap::VerdictKind::lost)
    text += wrapped(printable(verdict.advice), width, kIndent);
  return text;
}

// Kept and settled ones: a line each.
std::string calm_table(const std::vector<const heap::Verdict*>& verdicts, std::size_t rows_max,
                       const ShowLook& look) {
  Table table{.columns = {{"live", true},
                          {"blocks", true},
                          {"allocated by", false, true},
                          {"where", false, true},
                          {"called by", false, true},
                          {"born"}}};
  for (const heap::Verdict* verdict : verdicts) {
    if (table.rows.size() == rows_max) break;
    const heap::Frame frame =
        verdict->stack.empty() ? heap::Frame{} : verdict->stack[heap::blamed_frame(verdict->stack)];
    table.rows.push_back({format_bytes(verdict->amount.bytes), blocks_text(verdict->amount.count),
                          heap::short_name(frame), heap::place_text(frame),
                          callers_text(verdict->stack, arrow_of(look)),
                          spark_text(verdict->births, look.utf8)});
  }
  std::string text = table_text(table, look.style, look.width, "  ");
  if (verdicts.size() > rows_max) text += fmt::format("  and {} more\n", verdicts.size() - rows_max);
  return text;
}

}  // namespace

std::string heap_top_text(const heap::Top& top, std::size_t rows_max, const ShowLook& look) {
  const heap::Measure measure = top.question.measure;
  const bool is_by_function = top.by == heap::By::function;
  const bool is_by_stack = top.by == heap::By::site;
  std::string text = fmt::format("{}: {} {}", head_of(measure), bytes_text(top.all.bytes, measure),
                                 in_blocks(top.all.count));
  text += top.is_exact ? ", counted exactly\n"
                       : fmt::format(", sampled: {} (95 %)\n", interval_text(top.all, measure));
  Table table{.columns = {{std::string(measure == heap::Measure::growth ? "growth" : "bytes"), true}}};
  if (!top.is_exact) table.columns.push_back({"95 %", true});
  table.columns.push_back({"blocks", true});
  if (is_by_function) table.columns.push_back({"with callees", true});
  table.columns.push_back({std::string(title_of(top.by)), false, true});
  if (is_by_function || is_by_stack) table.columns.push_back({"where", false, true});
  if (is_by_stack) table.columns.push_back({"called by", false, true});
  for (const heap::TopRow& row : top.rows) {
    if (table.rows.size() == rows_max) break;
    std::vector<std::string>& cells = table.rows.emplace_back();
    cells.push_back(bytes_text(row.own.bytes, measure));
    if (!top.is_exact) cells.push_back(interval_text(row.own, measure));
    cells.push_back(blocks_text(row.own.count));
    if (is_by_function) cells.push_back(bytes_text(row.with_callees.bytes, measure));
    cells.push_back(row.name);
    if (is_by_function || is_by_stack) cells.push_back(row.place);
    if (is_by_stack) cells.push_back(callers_text(row.stack, arrow_of(look)));
  }
  text += table_text(table, look.style, look.width, "  ");
  if (top.rows.size() > rows_max) text += fmt::format("  and {} more\n", top.rows.size() - rows_max);
  return text;
}

std::string heap_flame_text(const heap::FlameTree& tree, const ShowLook& look) {
  std::string text;
  for (const heap::FlameLine& line : heap::flame_lines(tree, kFlameRatioMin)) {
    const std::string indent(line.depth * 2, ' ');
    if (line.node == 0) {
      text += look.style.faint(fmt::format("                  {}{} {} smaller", indent,
                                           look.utf8 ? "…" : "...", line.left_out)) +
              '\n';
      continue;
    }
    const heap::Frame& frame = tree.frames[tree.nodes[line.node].frame];
    const std::string mark = !line.is_only_call ? "" : look.utf8 ? "↳ " : "> ";
    std::string what = indent + mark + printable(frame.function);
    const std::string place = printable(heap::place_text(frame));
    const std::string figures =
        fmt::format("{:>5}  {:>9}  ", format_ratio(line.ratio), format_bytes(tree.all[line.node].bytes));
    if (look.width > 40) what = cut_to_width(what, look.width - 18);
    text += figures + what;
    if (look.width == 0 || display_width(what) + display_width(place) + 20 <= look.width)
      text += "  " + look.style.faint(place);
    text += '\n';
  }
  return text.empty() ? "Nothing lives.\n" : text;
}

std::string heap_leaks_text(const heap::Verdicts& verdicts, std::size_t rows_max, const ShowLook& look) {
  std::string text;
  std::vector<const heap::Verdict*> kept, settled;
  for (const heap::VerdictKind kind : {heap::VerdictKind::growing, heap::VerdictKind::lost}) {
    std::size_t count = 0;
    for (const heap::Verdict& verdict : verdicts.leaks)
      if (verdict.kind == kind && count++ < rows_max) text += verdict_text(verdict, look);
    if (count > rows_max)
      text += fmt::format("          and {} more {}\n", count - rows_max, heap::name_of(kind));
  }
  if (text.empty()) text = look.style.good("Nothing grows and nothing is lost.") + '\n';
  for (const heap::Verdict& verdict : verdicts.settled) settled.push_back(&verdict);
  for (const heap::Verdict& verdict : verdicts.leaks)
    if (verdict.kind == heap::VerdictKind::kept) kept.push_back(&verdict);
  if (!settled.empty())
    text += "\nSettled: caches, pools, rings and the like, which have found their size\n" +
            calm_table(settled, rows_max, look);
  if (!kept.empty()) text += "\nKept: allocated once, there at the end\n" + calm_table(kept, rows_max, look);
  return text;
}

std::string heap_comparison_text(const heap::HeapComparison& comparison, std::size_t rows_max,
                                 const ShowLook& look) {
  std::string text = fmt::format("Live: {} before, {} after: {}\n", format_bytes(comparison.before.bytes),
                                 format_bytes(comparison.after.bytes),
                                 signed_bytes(comparison.after.bytes - comparison.before.bytes));
  Table table{.columns = {{"change", true},
                          {"before", true},
                          {"after", true},
                          {"allocated by", false, true},
                          {"where", false, true},
                          {"called by", false, true}}};
  std::size_t unsure = 0;
  for (const heap::HeapChange& change : comparison.changes) {
    if (!change.is_sure()) {
      ++unsure;
      continue;
    }
    if (table.rows.size() == rows_max) continue;
    const heap::Frame frame =
        change.stack.empty() ? heap::Frame{} : change.stack[heap::blamed_frame(change.stack)];
    table.rows.push_back({signed_bytes(change.bytes()), format_bytes(change.before.bytes),
                          format_bytes(change.after.bytes), heap::short_name(frame), heap::place_text(frame),
                          callers_text(change.stack, arrow_of(look))});
  }
  if (!table.rows.empty()) text += table_text(table, look.style, look.width, "  ");
  const std::size_t sure = comparison.changes.size() - unsure;
  if (sure > rows_max) text += fmt::format("  and {} more\n", sure - rows_max);
  if (unsure > 0) text += fmt::format("  {} more may be chance: the profiles are sampled\n", unsure);
  return text;
}

}  // namespace ullage::run
