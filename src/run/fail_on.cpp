// SPDX-License-Identifier: Apache-2.0
#include "run/fail_on.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "run/leaves.h"
#include "run/table.h"

namespace ullage::run {

namespace {

constexpr std::string_view kExample =
    "it reads as 'memory.peak_bytes>+5%', 'wall_seconds>+2s' or 'memory.peak_bytes>4G'";

// Beyond what any figure of a run can be; and can be said in any unit.
constexpr double kAmountMax = 1e18;

tl::unexpected<Error> wrong_at(std::string_view text, std::size_t at, std::string what) {
  const std::size_t column = display_width(printable(text.substr(0, at)));
  return fail(std::move(what), "--fail-on",
              fmt::format("{}\n  {}\n  {:>{}}", kExample, printable(text), '^', column + 1));
}

Result<double> parse_amount(std::string_view text, Unit unit) {
  if (unit == Unit::bytes)
    return parse_bytes(text).map([](std::uint64_t bytes) { return static_cast<double>(bytes); });
  auto number = parse_number(text);
  if (number || unit != Unit::seconds) return number;
  return parse_duration(text).map(
      [](std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); });
}

std::string said_amount(const FailOn& gate) {
  const std::string sign = gate.kind == FailOn::Kind::value ? "" : gate.amount < 0 ? "-" : "+";
  const double size = std::abs(gate.amount);
  return sign + (gate.kind == FailOn::Kind::change_ratio ? format_ratio(size)
                                                         : format_figure(size, unit_of_path(gate.path)));
}

std::string change_words(double before, double after, Unit unit) {
  std::string text =
      fmt::format("went from {} to {}", format_figure(before, unit), format_figure(after, unit));
  if (before != 0 && is_quantity(unit))
    text +=
        fmt::format(" ({}{})", after < before ? "" : "+", format_ratio((after - before) / std::abs(before)));
  return text;
}

Result<void> check_known(const FailOn& gate, const std::vector<Leaf>& before,
                         const std::vector<Leaf>& after) {
  if (find_leaf(before, gate.path) != nullptr || find_leaf(after, gate.path) != nullptr) return {};
  std::vector<std::string_view> paths;
  for (const std::vector<Leaf>* side : {&before, &after})
    for (const Leaf& leaf : *side) paths.push_back(leaf.path);
  std::string hint = did_you_mean(gate.path, paths);
  for (const std::string_view path : paths)
    if (path.ends_with("." + gate.path)) hint = "did you mean '" + std::string(path) + "'?";
  if (hint.empty()) hint = "the names are those of 'ullage show --json'";
  return fail("there is no figure '" + printable(gate.path) + "'", "--fail-on", std::move(hint));
}

GateResult judge_absent(const FailOn& gate, bool before, bool after) {
  GateResult result{gate.text, before || after, {}};
  if (!before && !after)
    result.text = fmt::format("{} is unknown in both runs: nothing to compare", printable(gate.path));
  else
    result.text = fmt::format("{} is unknown in the {} run: it can no longer be guarded",
                              printable(gate.path), before ? "second" : "first");
  return result;
}

}  // namespace

Result<FailOn> parse_fail_on(std::string_view text) {
  // The last one: a phase's name may hold a '>', an amount never does.
  const std::size_t sign_at = text.find_last_of("<>");
  if (sign_at == std::string_view::npos) return wrong_at(text, text.size(), "'>' or '<' is missing");
  FailOn gate{.text = std::string(text),
              .path = std::string(trim(text.substr(0, sign_at))),
              .greater = text[sign_at] == '>'};
  if (gate.path.empty()) return wrong_at(text, 0, "the name of a figure is missing");

  std::size_t at = std::min(text.find_first_not_of(' ', sign_at + 1), text.size());
  const char sign = at < text.size() ? text[at] : '\0';
  const bool is_change = sign == '+' || sign == '-';
  if (is_change) at = std::min(text.find_first_not_of(' ', at + 1), text.size());
  std::string_view amount = trim(text.substr(at));
  if (amount.empty()) return wrong_at(text, at, "a number is missing");
  const bool is_ratio = amount.ends_with('%');
  if (is_ratio && !is_change) return wrong_at(text, at, "a percentage needs '+' or '-' before it");
  if (is_ratio && !is_quantity(unit_of_path(gate.path)))
    return wrong_at(text, at, printable(gate.path) + " is no quantity: no percentage says anything of it");
  if (amount.front() == '+' || amount.front() == '-') return wrong_at(text, at, "two signs in a row");

  gate.kind = is_ratio ? FailOn::Kind::change_ratio : is_change ? FailOn::Kind::change : FailOn::Kind::value;
  if (is_ratio) amount = trim(amount.substr(0, amount.size() - 1));
  const auto number = is_ratio ? parse_number(amount) : parse_amount(amount, unit_of_path(gate.path));
  if (!number) return wrong_at(text, at, number.error().what);
  if (!(std::abs(*number) < kAmountMax)) return wrong_at(text, at, "too large a number");
  gate.amount = (sign == '-' ? -1 : 1) * *number / (is_ratio ? 100 : 1);
  return gate;
}

Result<GateResult> judge(const FailOn& gate, const std::vector<Leaf>& before,
                         const std::vector<Leaf>& after) {
  if (auto known = check_known(gate, before, after); !known) return pass_on(known);
  const Leaf* a = find_leaf(before, gate.path);
  const Leaf* b = find_leaf(after, gate.path);
  const bool has_a = a != nullptr && a->value, has_b = b != nullptr && b->value;
  // A bound on the second run's own value needs no first.
  if (gate.kind == FailOn::Kind::value ? !has_b : !has_a || !has_b)
    return judge_absent(gate, has_a || gate.kind == FailOn::Kind::value, has_b);

  const double now = *b->value, then = has_a ? *a->value : now;
  const double seen = gate.kind == FailOn::Kind::value ? now : now - then;
  const double bound = gate.kind == FailOn::Kind::change_ratio ? gate.amount * std::abs(then) : gate.amount;
  GateResult result{gate.text, gate.greater ? seen > bound : seen < bound, {}};
  const Unit unit = unit_of_path(gate.path);
  const std::string what =
      gate.kind == FailOn::Kind::value ? "is " + format_figure(now, unit) : change_words(then, now, unit);
  result.text = fmt::format("{} {}: {} {} {}", printable(gate.path), what, result.crossed ? "" : "not",
                            gate.greater ? "more than" : "less than", said_amount(gate));
  if (const std::size_t gap = result.text.find(":  "); gap != std::string::npos)
    result.text.erase(gap + 1, 1);
  return result;
}

}  // namespace ullage::run
