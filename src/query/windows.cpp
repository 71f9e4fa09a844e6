// SPDX-License-Identifier: Apache-2.0
#include "query/windows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "query/engine.h"
#include "query/evaluator.h"
#include "query/kahan.h"
#include "query/matrix.h"

namespace ullage::query {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct OverSamples {
  std::span<const Sample> samples;
  void begin(std::span<const Sample> all) { samples = all; }
  std::span<const Sample> window(std::size_t first, std::size_t end) const {
    return samples.subspan(first, end - first);
  }
};

// The indices i at which `is_mark(samples[i - 1], samples[i])`, walked beside a window.
class Marks {
 public:
  template <class IsMark>
  void find(std::span<const Sample> samples, IsMark is_mark) {
    at_.clear();
    next_ = last_ = 0;
    for (std::size_t i = 1; i < samples.size(); ++i)
      if (is_mark(samples[i - 1].value, samples[i].value)) at_.push_back(i);
  }
  // Those between the first sample of the window and its end.
  std::span<const std::size_t> within(std::size_t first, std::size_t end) {
    while (next_ < at_.size() && at_[next_] <= first) ++next_;
    last_ = std::max(last_, next_);
    while (last_ < at_.size() && at_[last_] < end) ++last_;
    return std::span(at_).subspan(next_, last_ - next_);
  }

 private:
  std::vector<std::size_t> at_;
  std::size_t next_ = 0, last_ = 0;
};

bool falls(double before, double after) { return after < before; }
bool differs(double before, double after) {
  return after != before && !(std::isnan(after) && std::isnan(before));
}

// rate, increase and delta: the difference between the window's first and last sample, stretched to the
// window's borders as far as the samples' own pace makes it likely that the series went on.
template <bool is_counter, bool is_rate>
struct Extrapolated : OverSamples {
  double range_seconds;
  Marks resets = {};

  void begin(std::span<const Sample> all) {
    samples = all;
    if (is_counter) resets.find(all, falls);
  }
  double operator()(std::size_t first, std::size_t end, const WindowTime& time) {
    if (end - first < 2) return kAbsent;
    const Sample &oldest = samples[first], &newest = samples[end - 1];
    double difference = newest.value - oldest.value;
    if (is_counter)
      for (const std::size_t reset : resets.within(first, end)) difference += samples[reset - 1].value;
    const auto seconds = [](std::int64_t ms) { return static_cast<double>(ms) / 1000; };
    double to_start = seconds(oldest.time_ms - time.begin_ms), to_end = seconds(time.end_ms - newest.time_ms);
    const double sampled = seconds(newest.time_ms - oldest.time_ms);
    const double between = sampled / static_cast<double>(end - first - 1);
    const double threshold = between * 1.1;
    if (to_start >= threshold) to_start = between / 2;
    if (is_counter && difference > 0 && oldest.value >= 0) {
      // A counter was never below zero: not further back than where its slope meets zero.
      const double to_zero = sampled * (oldest.value / difference);
      if (to_zero < to_start) to_start = to_zero;
    }
    if (to_end >= threshold) to_end = between / 2;
    double factor = sampled == 0 ? 1 : (sampled + to_start + to_end) / sampled;
    if (is_rate) factor /= range_seconds;
    return difference * factor;
  }
};

template <bool is_rate>
struct LastTwo : OverSamples {
  double operator()(std::size_t first, std::size_t end, const WindowTime&) const {
    if (end - first < 2) return kAbsent;
    const Sample &before = samples[end - 2], &last = samples[end - 1];
    const std::int64_t elapsed_ms = last.time_ms - before.time_ms;
    if (elapsed_ms == 0) return kAbsent;
    if (!is_rate) return last.value - before.value;
    const double difference = last.value < before.value ? last.value : last.value - before.value;
    return difference / (static_cast<double>(elapsed_ms) / 1000);
  }
};

struct Resets : OverSamples {
  Marks marks = {};
  void begin(std::span<const Sample> all) { marks.find(all, falls); }
  double operator()(std::size_t first, std::size_t end, const WindowTime&) {
    return static_cast<double>(marks.within(first, end).size());
  }
};

struct Changes : OverSamples {
  Marks marks = {};
  void begin(std::span<const Sample> all) { marks.find(all, differs); }
  double operator()(std::size_t first, std::size_t end, const WindowTime&) {
    return static_cast<double>(marks.within(first, end).size());
  }
};

struct Count : OverSamples {
  double operator()(std::size_t first, std::size_t end, const WindowTime&) const {
    return static_cast<double>(end - first);
  }
};

struct Present : OverSamples {
  double operator()(std::size_t, std::size_t, const WindowTime&) const { return 1; }
};

template <bool is_first, bool is_time>
struct Edge : OverSamples {
  double operator()(std::size_t first, std::size_t end, const WindowTime&) const {
    const Sample& sample = samples[is_first ? first : end - 1];
    return is_time ? static_cast<double>(sample.time_ms) / 1000 : sample.value;
  }
};

struct Sum : OverSamples {
  double operator()(std::size_t first, std::size_t end, const WindowTime&) const {
    KahanSum sum;
    for (const Sample& sample : window(first, end)) sum.add(sample.value);
    return std::isinf(sum.sum) ? sum.sum : sum.sum + sum.compensation;
  }
};

struct Average : OverSamples {
  double operator()(std::size_t first, std::size_t end, const WindowTime&) const {
    KahanMean mean;
    for (const Sample& sample : window(first, end)) mean.add(sample.value);
    return mean.mean();
  }
};

// The extreme of a window, the later of equal ones or its time. NaN counts only where there is nothing else.
// A queue holds the samples that may still become the extreme, best first.
template <bool is_max, bool is_time>
struct Extreme : OverSamples {
  std::vector<std::size_t> queue = {};
  std::size_t head = 0, taken = 0;

  void begin(std::span<const Sample> all) {
    samples = all;
    queue.clear();
    head = taken = 0;
  }
  // Whether a later sample makes an earlier one of no use.
  bool outdoes(std::size_t later, std::size_t earlier) const {
    const double a = samples[later].value, b = samples[earlier].value;
    if (std::isnan(b)) return true;
    return is_max ? a >= b : a <= b;
  }
  double operator()(std::size_t first, std::size_t end, const WindowTime&) {
    for (taken = std::max(taken, first); taken < end; ++taken) {
      while (queue.size() > head && outdoes(taken, queue.back())) queue.pop_back();
      queue.push_back(taken);
    }
    while (queue[head] < first) ++head;
    const Sample& sample = samples[queue[head]];
    return is_time ? static_cast<double>(sample.time_ms) / 1000 : sample.value;
  }
};

template <bool is_deviation>
struct Variance : OverSamples {
  double operator()(std::size_t first, std::size_t end, const WindowTime&) const {
    double count = 0;
    KahanSum mean, squares;
    for (const Sample& sample : window(first, end)) {
      ++count;
      const double delta = sample.value - (mean.sum + mean.compensation);
      mean.add(delta / count);
      squares.add(delta * (sample.value - (mean.sum + mean.compensation)));
    }
    const double variance = (squares.sum + squares.compensation) / count;
    return is_deviation ? std::sqrt(variance) : variance;
  }
};

struct Quantile : OverSamples {
  std::span<const double> quantiles;
  std::vector<double> values = {};
  double operator()(std::size_t first, std::size_t end, const WindowTime& time) {
    values.clear();
    for (const Sample& sample : window(first, end)) values.push_back(sample.value);
    return quantile_of(quantiles[time.step], values);
  }
};

struct MedianDeviation : OverSamples {
  std::vector<double> values = {};
  double operator()(std::size_t first, std::size_t end, const WindowTime&) {
    values.clear();
    for (const Sample& sample : window(first, end)) {
      if (std::isnan(sample.value)) return kNaN;
      values.push_back(sample.value);
    }
    const double median = quantile_of(0.5, values);
    for (double& value : values) value = std::fabs(value - median);
    return quantile_of(0.5, values);
  }
};

struct Line {
  double slope = 0, intercept = 0;
};

// By least squares; the intercept is at time_ms.
Line fitted_line(std::span<const Sample> samples, std::int64_t time_ms) {
  KahanSum sum_x, sum_y, sum_xy, sum_xx;
  bool is_constant = true;
  const double first = samples.front().value;
  for (const Sample& sample : samples) {
    is_constant = is_constant && (sample.value == first || &sample == &samples.front());
    const double x = static_cast<double>(sample.time_ms - time_ms) / 1e3;
    sum_x.add(x);
    sum_y.add(sample.value);
    sum_xy.add(x * sample.value);
    sum_xx.add(x * x);
  }
  if (is_constant) return std::isinf(first) ? Line{kNaN, kNaN} : Line{0, first};
  const auto total = [](const KahanSum& sum) { return sum.sum + sum.compensation; };
  const double x = total(sum_x), y = total(sum_y), n = static_cast<double>(samples.size());
  const double slope = (total(sum_xy) - x * y / n) / (total(sum_xx) - x * x / n);
  return {slope, y / n - slope * x / n};
}

struct Derivative : OverSamples {
  double operator()(std::size_t first, std::size_t end, const WindowTime&) const {
    if (end - first < 2) return kAbsent;
    return fitted_line(window(first, end), samples[first].time_ms).slope;
  }
};

struct Predict : OverSamples {
  std::span<const double> seconds;
  double operator()(std::size_t first, std::size_t end, const WindowTime& time) const {
    if (end - first < 2) return kAbsent;
    const Line line = fitted_line(window(first, end), time.time_ms);
    return line.slope * seconds[time.step] + line.intercept;
  }
};

// Holt's linear method.
struct Smoothed : OverSamples {
  std::span<const double> smoothing, trend;
  double operator()(std::size_t first, std::size_t end, const WindowTime& time) const {
    if (end - first < 2) return kAbsent;
    const double level_weight = smoothing[time.step], trend_weight = trend[time.step];
    double before = 0, level = samples[first].value;
    double slope = samples[first + 1].value - samples[first].value;
    for (std::size_t i = first + 1; i < end; ++i) {
      const double weighted = level_weight * samples[i].value;
      if (i > first + 1) slope = trend_weight * (level - before) + (1 - trend_weight) * slope;
      before = std::exchange(level, weighted + (1 - level_weight) * (level + slope));
    }
    return level;
  }
};

template <class Compute>
FillRow fill_with(const WindowPlan& plan, Compute compute) {
  return [plan, compute](std::span<const Sample> samples, std::span<double> row) mutable {
    return slide(plan, samples, row, compute);
  };
}

struct Named {
  std::string_view name;
  FillRow (*make)(const WindowPlan&);
};

template <class Compute>
FillRow plain(const WindowPlan& plan) {
  return fill_with(plan, Compute{});
}

template <bool is_counter, bool is_rate>
FillRow extrapolated(const WindowPlan& plan) {
  return fill_with(plan, Extrapolated<is_counter, is_rate>{{}, static_cast<double>(plan.range_ms) / 1000});
}

constexpr std::array<Named, 23> kNamed = {{
    {"rate", extrapolated<true, true>},
    {"increase", extrapolated<true, false>},
    {"delta", extrapolated<false, false>},
    {"irate", plain<LastTwo<true>>},
    {"idelta", plain<LastTwo<false>>},
    {"resets", plain<Resets>},
    {"changes", plain<Changes>},
    {"count_over_time", plain<Count>},
    {"present_over_time", plain<Present>},
    {"first_over_time", plain<Edge<true, false>>},
    {"last_over_time", plain<Edge<false, false>>},
    {"ts_of_first_over_time", plain<Edge<true, true>>},
    {"ts_of_last_over_time", plain<Edge<false, true>>},
    {"sum_over_time", plain<Sum>},
    {"avg_over_time", plain<Average>},
    {"max_over_time", plain<Extreme<true, false>>},
    {"min_over_time", plain<Extreme<false, false>>},
    {"ts_of_max_over_time", plain<Extreme<true, true>>},
    {"ts_of_min_over_time", plain<Extreme<false, true>>},
    {"stdvar_over_time", plain<Variance<false>>},
    {"stddev_over_time", plain<Variance<true>>},
    {"mad_over_time", plain<MedianDeviation>},
    {"deriv", plain<Derivative>},
}};

}  // namespace

double quantile_of(double quantile, std::span<double> values) {
  if (values.empty() || std::isnan(quantile)) return kNaN;
  if (quantile < 0) return -std::numeric_limits<double>::infinity();
  if (quantile > 1) return std::numeric_limits<double>::infinity();
  const double rank = quantile * static_cast<double>(values.size() - 1);
  const auto lower = values.begin() + static_cast<std::ptrdiff_t>(rank);
  const double weight = rank - std::floor(rank);
  const auto less = [](double a, double b) {
    return a < b || (std::isnan(a) && !std::isnan(b));
  };  // NaN first
  std::nth_element(values.begin(), lower, values.end(), less);
  if (weight == 0) return *lower;
  const auto upper = lower + 1 == values.end() ? lower : std::min_element(lower + 1, values.end(), less);
  return *lower * (1 - weight) + *upper * weight;
}

std::optional<FillRow> window_function(std::string_view name, const WindowPlan& plan,
                                       std::span<const Scalars> scalars) {
  if (const auto found = std::ranges::find(kNamed, name, &Named::name); found != kNamed.end())
    return found->make(plan);
  if (name == "quantile_over_time") return fill_with(plan, Quantile{{}, scalars[0]});
  if (name == "predict_linear") return fill_with(plan, Predict{{}, scalars[0]});
  if (name == "double_exponential_smoothing") return fill_with(plan, Smoothed{{}, scalars[0], scalars[1]});
  return std::nullopt;
}

}  // namespace ullage::query
