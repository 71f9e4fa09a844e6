// SPDX-License-Identifier: Apache-2.0
// Aggregations that choose series of a group and leave them as they are: topk, bottomk, limitk, limit_ratio.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "query/aggregate_groups.h"
#include "query/annotations.h"
#include "query/ast.h"
#include "query/budget.h"
#include "query/evaluator.h"
#include "query/matrix.h"

namespace ullage::query {

namespace {

struct Candidate {
  double value = 0;
  std::size_t series = 0;
};

// The best k of a step, the worst of them on top: NaN is worse than any number. As Prometheus's heap moves
// its elements, so does this one, for equal values to be chosen alike.
class Best {
 public:
  Best(std::span<Candidate> room, bool is_top) : heap_(room), is_top_(is_top) {}

  // `size` elements are there; returns how many there are after.
  std::size_t offer(Candidate candidate, std::size_t size, std::size_t k) {
    if (size < k) {
      heap_[size] = candidate;
      up(size);
      return size + 1;
    }
    const double worst = heap_[0].value;
    const bool is_better = is_top_ ? worst < candidate.value : worst > candidate.value;
    if (!is_better && !(std::isnan(worst) && !std::isnan(candidate.value))) return size;
    heap_[0] = candidate;
    down(size);
    return size;
  }

 private:
  bool is_worse(double a, double b) const { return std::isnan(a) || (is_top_ ? a < b : a > b); }
  void up(std::size_t at) {
    while (at > 0) {
      const std::size_t parent = (at - 1) / 2;
      if (!is_worse(heap_[at].value, heap_[parent].value)) return;
      std::swap(heap_[at], heap_[parent]);
      at = parent;
    }
  }
  void down(std::size_t size) {
    for (std::size_t at = 0;;) {
      std::size_t child = 2 * at + 1;
      if (child >= size) return;
      if (child + 1 < size && is_worse(heap_[child + 1].value, heap_[child].value)) ++child;
      if (!is_worse(heap_[child].value, heap_[at].value)) return;
      std::swap(heap_[at], heap_[child]);
      at = child;
    }
  }

  std::span<Candidate> heap_;
  bool is_top_;
};

// Where the chosen values of an input go: a row of the result for each series that is chosen at any step.
class Chosen {
 public:
  Chosen(Matrix& input, Budget& budget)
      : input_(input), result_(budget, input.steps()), row_of_(input.size(), kNone) {}
  Result<void> take(std::size_t series, std::size_t step) {
    if (row_of_[series] == kNone) {
      row_of_[series] = result_.size();
      if (auto row = result_.add(input_.series()[series]); !row) return pass_on(row);
    }
    result_.row(row_of_[series])[step] = input_.row(series)[step];
    return {};
  }
  Matrix result() && { return std::move(result_); }

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  Matrix& input_;
  Matrix result_;
  std::vector<std::size_t> row_of_;
};

using Members = std::vector<std::size_t>;

Result<void> take_best(const Matrix& input, const Members& members, std::span<const std::size_t> counts,
                       bool is_top, Chosen& chosen) {
  const std::size_t room = std::min(std::ranges::max(counts), members.size());
  std::vector<Candidate> heaps(room * input.steps());
  std::vector<std::size_t> sizes(input.steps());
  for (const std::size_t member : members) {
    const auto row = input.row(member);
    for (std::size_t step = 0; step < row.size(); ++step) {
      if (is_absent(row[step]) || counts[step] == 0) continue;
      Best best{std::span(heaps).subspan(step * room, room), is_top};
      sizes[step] = best.offer({row[step], member}, sizes[step], std::min(counts[step], room));
    }
  }
  const auto is_better = [&](const Candidate& a, const Candidate& b) {
    if (std::isnan(a.value) != std::isnan(b.value)) return std::isnan(b.value);
    if (a.value == b.value || std::isnan(a.value)) return a.series < b.series;
    return is_top ? a.value > b.value : a.value < b.value;
  };
  for (std::size_t step = 0; step < input.steps(); ++step) {
    const auto heap = std::span(heaps).subspan(step * room, sizes[step]);
    if (input.steps() == 1) std::ranges::sort(heap, is_better);
    for (const Candidate& candidate : heap)
      if (auto taken = chosen.take(candidate.series, step); !taken) return taken;
  }
  return {};
}

Result<void> take_first(const Matrix& input, const Members& members, std::span<const std::size_t> counts,
                        Chosen& chosen) {
  std::vector<std::size_t> taken(input.steps());
  for (const std::size_t member : members)
    for (std::size_t step = 0; step < input.steps(); ++step) {
      if (is_absent(input.row(member)[step]) || taken[step] >= counts[step]) continue;
      ++taken[step];
      if (auto done = chosen.take(member, step); !done) return done;
    }
  return {};
}

// A series is in the ratio by its labels' hash: the same one each time, and in the complement or not.
Result<void> take_ratio(const Matrix& input, std::span<const double> ratios, Chosen& chosen) {
  constexpr double kHashes = 18446744073709551615.0;
  for (std::size_t i = 0; i < input.size(); ++i) {
    const double place = static_cast<double>(input.series()[i].labels.hash()) / kHashes;
    for (std::size_t step = 0; step < input.steps(); ++step) {
      const double ratio = std::clamp(ratios[step], -1.0, 1.0);
      const bool is_in = ratio >= 0 ? place < ratio : place >= 1 + ratio;
      if (ratio == 0 || !is_in || is_absent(input.row(i)[step])) continue;
      if (auto taken = chosen.take(i, step); !taken) return taken;
    }
  }
  return {};
}

Result<std::vector<std::size_t>> counts_of(const Scalars& parameter) {
  constexpr double kLimit = 9223372036854774784.0;
  std::vector<std::size_t> counts;
  for (const double value : parameter) {
    if (std::isnan(value)) return fail("Parameter value is NaN");
    if (value >= kLimit) return fail("Scalar value " + go_number(value) + " overflows int64");
    if (value <= -9223372036854775808.0)
      return fail("Scalar value " + go_number(value) + " underflows int64");
    counts.push_back(value < 1 ? 0 : static_cast<std::size_t>(value));
  }
  return counts;
}

}  // namespace

Result<Matrix> Evaluator::choose(const Aggregate& aggregate, Matrix input, const Scalars& parameter) {
  const bool is_ratio = aggregate.operation == Aggregation::limit_ratio;
  const auto is_small = [&](double value) { return is_ratio ? value == 0 : value < 1; };
  if (std::ranges::all_of(parameter, is_small)) return Matrix(budget_, input.steps());
  Chosen chosen(input, budget_);
  if (is_ratio) {
    if (std::ranges::any_of(parameter, [](double ratio) { return std::isnan(ratio); }))
      return fail("Ratio value is NaN");
    const auto [least, greatest] = std::ranges::minmax(parameter);
    const auto warn = [&](double ratio, const char* cap) {
      annotations_.warn(
          "ratio value should be between -1 and 1, got " + go_number(ratio) + ", capping to " + cap,
          bare(*aggregate.parameter).span);
    };
    if (greatest > 1) warn(greatest, "1");
    if (least < -1) warn(least, "-1");
    if (auto taken = take_ratio(input, parameter, chosen); !taken) return pass_on(taken);
    return std::move(chosen).result();
  }
  auto counts = counts_of(parameter);
  if (!counts) return pass_on(counts);
  const AggregateGroups groups(input, aggregate);
  for (const Members& members : groups.members()) {
    auto taken = aggregate.operation == Aggregation::limitk
                     ? take_first(input, members, *counts, chosen)
                     : take_best(input, members, *counts, aggregate.operation == Aggregation::topk, chosen);
    if (!taken) return pass_on(taken);
  }
  return std::move(chosen).result();
}

}  // namespace ullage::query
