// SPDX-License-Identifier: Apache-2.0
#include "analysis/growth.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/forecast.h"

namespace ullage::analysis {

namespace {

// Whatever is shorter is a start-up.
constexpr double kSecondsMin = 12;
constexpr std::size_t kSamplesMin = 40;
// Of a shorter run no verdict is as sure as of a longer one: most of it may be start-up.
constexpr double kSecondsSure = 60;
constexpr std::size_t kWindowsMax = 48;
constexpr std::size_t kSamplesAWindow = 3;

// At the end a program may free all that it held.
constexpr double kTeardownShare = 0.05;
constexpr double kTeardownFall = 0.1;
constexpr double kGone = 0.02;  // of the most: its processes have ended

// A phase of at least this share of the time may have a level of its own; it reaches it within its first
// quarter.
constexpr double kLongPhaseShare = 0.10;
constexpr double kWarmUpShare = 0.25;
constexpr double kBesideShare = 0.1;  // of the time around a boundary: where its levels are read
constexpr double kSameBoundaryShare = 0.02;
// A name that comes back so often is the work's own beat: what rises through it has survived it.
constexpr std::ptrdiff_t kRecurs = 4;
constexpr double kLastPhaseShare = 0.15;
constexpr double kReleasedShare = 0.25;

// Growing is rising in each quarter of the time since it began, by at least this share of their average, and
// in the second half by this much of what it was in the first. A logarithm has 0.71 there, a square root
// 0.84.
constexpr double kEvenShare = 0.35;
constexpr double kHalvesRatio = 0.75;
constexpr double kEndShare = 0.2;  // and in the last eighth by this share of the average
// The floor's slope over the second half, by that over the second quarter of the run: a logarithm has 0.5, a
// square root 0.71.
constexpr double kSlowingRatio = 0.6;
// Of the quiet points one in so many: at the begin the start-up, at the end what may be a tooth of a saw.
constexpr std::size_t kUnconfirmed = 16;
// Since when: the longest stretch that is nearly as even as the most even one.
constexpr double kNearlyAsEven = 0.7;
// A last third with this little of the whole rise, where steady growth has a third, has settled: an
// exponential whose time constant is two fifths of the run.
constexpr double kSettledShare = 0.12;

std::vector<Point> finite_of(std::span<const Point> samples) {
  std::vector<Point> points;
  for (const Point& sample : samples)
    if (std::isfinite(sample.seconds) && std::isfinite(sample.value)) points.push_back(sample);
  return points;
}

double span_of(std::span<const Point> points) {
  return points.empty() ? 0 : points.back().seconds - points.front().seconds;
}

// The least value in [begin, end]; absent where nothing was sampled.
std::optional<double> least_within(std::span<const Point> points, double begin, double end) {
  std::optional<double> least;
  for (const Point& point : points)
    if (point.seconds >= begin && point.seconds <= end)
      least = std::min(least.value_or(point.value), point.value);
  return least;
}

// What falls so at the end, and never fell so before.
void cut_teardown(std::vector<Point>& points) {
  const double from = points.back().seconds - kTeardownShare * span_of(points);
  double highest = -std::numeric_limits<double>::infinity();
  double deepest_fall = 0;
  std::size_t tail = 0;
  for (; tail < points.size() && points[tail].seconds < from; ++tail) {
    highest = std::max(highest, points[tail].value);
    deepest_fall = std::max(deepest_fall, highest - points[tail].value);
  }
  const double gone = kGone * highest;
  while (points.size() > tail + 1 && points.back().value < gone) points.pop_back();
  double most = -std::numeric_limits<double>::infinity();
  for (std::size_t i = tail; i < points.size(); ++i) most = std::max(most, points[i].value);
  const double fall = most - points.back().value;
  if (fall < kTeardownFall * std::fabs(most) || fall < 2 * deepest_fall) return;
  while (points.size() > tail && points.back().value < most - kTeardownFall * std::fabs(most))
    points.pop_back();
}

// ---- phases

bool is_long(const PhaseSpan& phase, std::span<const PhaseSpan> phases, double seconds) {
  return phase.end_seconds - phase.begin_seconds >= kLongPhaseShare * seconds &&
         std::ranges::count(phases, phase.name, &PhaseSpan::name) < kRecurs;
}

// Where a long phase begins or ends, within the time that was watched.
std::vector<double> boundaries_of(std::span<const PhaseSpan> phases, double begin, double end) {
  const double span = end - begin;
  std::vector<double> all;
  for (const PhaseSpan& phase : phases) {
    if (!is_long(phase, phases, span)) continue;
    all.push_back(phase.begin_seconds);
    all.push_back(phase.end_seconds);
  }
  std::ranges::sort(all);
  std::vector<double> kept;
  double before = begin;
  for (const double at : all) {
    if (at - before < kSameBoundaryShare * span || end - at < kSameBoundaryShare * span) continue;
    kept.push_back(at);
    before = at;
  }
  return kept;
}

// The samples without the first quarter after each boundary, and without the step that was made there: what
// is left of the time is pushed together.
class NetOfPhases {
 public:
  NetOfPhases(std::span<const Point> raw, std::span<const double> boundaries) {
    std::size_t next = 0;
    double begin = raw.front().seconds;
    for (std::size_t i = 0; i <= boundaries.size(); ++i) {
      const double end = i < boundaries.size() ? boundaries[i] : raw.back().seconds;
      const double warm = i == 0 ? begin : begin + kWarmUpShare * (end - begin);
      if (i > 0) pass_over(raw, begin, warm, end);
      for (; next < raw.size() && (raw[next].seconds < end || i == boundaries.size()); ++next)
        if (raw[next].seconds >= warm)
          points_.push_back({raw[next].seconds - skipped_, raw[next].value - lifted_});
      begin = end;
    }
  }
  const std::vector<Point>& points() const { return points_; }
  double as_watched(double net_seconds) const {
    double seconds = net_seconds;
    for (const Gap& gap : gaps_)
      if (seconds >= gap.begin) seconds += gap.length;
    return seconds;
  }

 private:
  struct Gap {
    double begin, length;
  };
  void pass_over(std::span<const Point> raw, double begin, double warm, double end) {
    const auto before = least_within(points_, begin - skipped_ - kBesideShare * (end - begin),
                                     std::numeric_limits<double>::infinity());
    gaps_.push_back({begin, warm - begin});
    skipped_ += warm - begin;
    const auto after = least_within(raw, warm, warm + kBesideShare * (end - begin));
    if (before && after) lifted_ = *after - *before;
  }

  std::vector<Point> points_;
  std::vector<Gap> gaps_;  // in the watched time
  double skipped_ = 0, lifted_ = 0;
};

// ---- quiet points and their floor

struct Quiet {
  std::vector<Point> points;
  std::vector<double> floor;  // the least of this one and all later ones
  std::size_t size() const { return points.size(); }
  double rise(std::size_t from, std::size_t to) const { return floor[to] - floor[from]; }
};

Quiet quiet_of(std::span<const Point> points) {
  const std::size_t windows = std::clamp<std::size_t>(points.size() / kSamplesAWindow, 1, kWindowsMax);
  const double begin = points.front().seconds;
  const double length = std::max(span_of(points), 1e-9) / static_cast<double>(windows);
  Quiet quiet;
  std::size_t at = windows;  // none
  for (const Point& point : points) {
    const auto window = std::min(static_cast<std::size_t>((point.seconds - begin) / length), windows - 1);
    if (window != at) {
      quiet.points.push_back({begin + (static_cast<double>(window) + 0.5) * length, point.value});
      at = window;
    }
    quiet.points.back().value = std::min(quiet.points.back().value, point.value);
  }
  quiet.floor.resize(quiet.size());
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = quiet.size(); i-- > 0;)
    quiet.floor[i] = least = std::min(least, quiet.points[i].value);
  return quiet;
}

bool is_worth_a_word(double rise, double level, GrowthScale scale) {
  return rise >= scale.least_rise && rise >= scale.least_share * level;
}

// ---- judging

struct Stretch {  // from quiet point `from` to the last
  std::size_t from = 0;
  double evenness = 0;  // the least quarter's rise by the average
  double halves = 0;    // the second half's rise by the first's
  double end = 0;       // the last eighth's by the average
  std::optional<Trend> trend = {};
};

// How the floor rose in each quarter of the points, and a point.
Stretch stretch_from(const Quiet& quiet, std::size_t from) {
  const std::size_t last = quiet.size() - 1;
  const auto rate = [&](std::size_t begin, std::size_t end) {
    return quiet.rise(begin, end) / std::max(1.0, static_cast<double>(end - begin));
  };
  const auto place = [&](std::size_t quarter) { return from + (last - from) * quarter / 4; };
  const double average = rate(from, last);
  Stretch stretch{.from = from};
  if (average <= 0) return stretch;
  stretch.evenness = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < 4; ++i)
    stretch.evenness = std::min(stretch.evenness, rate(place(i), place(i + 1)) / average);
  stretch.halves = rate(place(2), last) / std::max(rate(from, place(2)), 1e-9 * average);
  stretch.end = rate(from + (last - from) * 7 / 8, last) / average;
  return stretch;
}

// Ever more slowly: the logarithm that a late stretch alone would take for a line.
bool slows(const Quiet& quiet) {
  std::vector<Point> floor;
  for (std::size_t i = 0; i < quiet.size(); ++i) floor.push_back({quiet.points[i].seconds, quiet.floor[i]});
  const std::size_t half = floor.size() / 2;
  const auto before = robust_trend(std::span(floor).subspan(half / 2, half - half / 2));
  const auto after = robust_trend(std::span(floor).subspan(half));
  return before && after && after->slope_per_second < kSlowingRatio * before->slope_per_second;
}

struct Search {
  std::optional<Stretch> grows;  // the longest that grows to the end
  bool is_slowing = false;       // one would, were its second half like its first
};

Search find_growth(const Quiet& quiet, GrowthScale scale) {
  Search search;
  std::vector<Stretch> found;
  const std::size_t last = quiet.size() - 1;
  const double level = quiet.points.back().value;
  for (std::size_t from = 0; from <= quiet.size() / 2; ++from) {
    if (!is_worth_a_word(quiet.rise(from, last), level, scale)) break;
    Stretch stretch = stretch_from(quiet, from);
    if (stretch.evenness < kEvenShare || stretch.end < kEndShare) continue;
    stretch.trend = robust_trend(std::span(quiet.points).subspan(from));
    if (!stretch.trend || stretch.trend->slope_low <= 0) continue;
    const double seconds = quiet.points[last].seconds - quiet.points[from].seconds;
    if (!is_worth_a_word(stretch.trend->slope_per_second * seconds, level, scale)) continue;
    if (stretch.halves >= kHalvesRatio)
      found.push_back(stretch);
    else
      search.is_slowing = true;
  }
  if (found.empty()) return search;
  if (slows(quiet)) {
    search.is_slowing = true;
    return search;
  }
  const double best = std::ranges::max_element(found, {}, &Stretch::evenness)->evenness;
  search.grows = *std::ranges::find_if(
      found, [best](const Stretch& stretch) { return stretch.evenness >= kNearlyAsEven * best; });
  return search;
}

// Where the floor came to within a tenth of its last rise.
std::size_t settled_at(const Quiet& quiet) {
  const double level = quiet.floor.back() - kSettledShare * quiet.rise(0, quiet.size() - 1);
  return static_cast<std::size_t>(
      std::ranges::find_if(quiet.floor, [level](double floor) { return floor >= level; }) -
      quiet.floor.begin());
}

double sureness(double seconds) { return 0.5 + 0.25 * std::min(1.0, seconds / kSecondsSure); }

void tell_growing(GrowthVerdict& verdict, const Quiet& quiet, const Stretch& stretch, double seconds) {
  verdict.kind = GrowthKind::growing;
  verdict.rate_per_second = stretch.trend->slope_per_second;
  verdict.rate_low = stretch.trend->slope_low;
  verdict.rate_high = stretch.trend->slope_high;
  verdict.since_seconds = quiet.points[stretch.from].seconds;
  verdict.risen = quiet.rise(stretch.from, quiet.size() - 1);
  verdict.quiet_points = quiet.size() - stretch.from;
  for (std::size_t i = stretch.from + 1; i < quiet.size(); ++i)
    verdict.rises += quiet.rise(i - 1, i) > 0 ? 1 : 0;
  // 0.97 at most: what comes after the end, samples do not tell.
  verdict.confidence = sureness(seconds) +
                       0.13 * std::clamp(verdict.rate_low / verdict.rate_per_second, 0.0, 1.0) +
                       0.09 * std::min(1.0, stretch.evenness);
}

// Of what did not grow, without its start-up and the last quiet points.
void tell_of_the_rest(GrowthVerdict& verdict, const Quiet& raw, const Quiet& net, bool is_slowing,
                      GrowthScale scale, double seconds) {
  const std::size_t last = net.size() - 1 - net.size() / kUnconfirmed;
  const double rise = raw.rise(raw.size() / kUnconfirmed, raw.size() - 1 - raw.size() / kUnconfirmed);
  verdict.quiet_points = net.size();
  for (std::size_t i = 2; i <= last; ++i) verdict.rises += net.rise(i - 1, i) > 0 ? 1 : 0;
  const double late = std::max(0.0, net.rise(last - last / 3, last));
  const bool still_rises = late > kSettledShare * rise && is_worth_a_word(late, verdict.level, scale);
  if (!is_worth_a_word(rise, verdict.level, scale)) {
    verdict.kind = GrowthKind::steady;
    verdict.confidence = sureness(seconds) + 0.2;
  } else if (!still_rises) {
    verdict.kind = GrowthKind::settled;
    verdict.risen = raw.rise(1, raw.size() - 1);
    verdict.since_seconds = raw.points[settled_at(raw)].seconds;
    verdict.confidence = sureness(seconds) + 0.2 * (1 - std::min(1.0, late / (kSettledShare * rise)));
  } else {
    verdict.doubt = is_slowing ? GrowthDoubt::slowing : GrowthDoubt::uneven;
  }
}

// A phase that grew by itself and gave it back; what grew and stayed is the run's own verdict.
std::optional<GrowthVerdict> find_released(std::span<const Point> points, std::span<const PhaseSpan> phases,
                                           GrowthScale scale) {
  for (const PhaseSpan& phase : phases) {
    const double end = points.back().seconds;
    if (!is_long(phase, phases, span_of(points)) || phase.end_seconds >= end) continue;
    std::vector<Point> within;
    for (const Point& point : points)
      if (point.seconds >= phase.begin_seconds && point.seconds <= phase.end_seconds) within.push_back(point);
    GrowthVerdict verdict = judge_growth(within, {}, scale);
    const double length = phase.end_seconds - phase.begin_seconds;
    const auto after = least_within(points, phase.end_seconds, phase.end_seconds + kWarmUpShare * length);
    if (verdict.kind != GrowthKind::growing || !after) continue;
    if (*after >= verdict.level - (1 - kReleasedShare) * verdict.risen) continue;
    verdict.kind = GrowthKind::unclear;
    verdict.doubt = GrowthDoubt::released;
    verdict.confidence = 0;
    verdict.phase = phase.name;
    return verdict;
  }
  return std::nullopt;
}

// What follows the last long phase and is too short to be judged itself.
bool cut_last_phase(std::vector<Point>& points, std::vector<double>& boundaries) {
  if (boundaries.empty()) return false;
  const double from = boundaries.back();
  if (points.back().seconds - from > kLastPhaseShare * span_of(points)) return false;
  std::erase_if(points, [from](const Point& point) { return point.seconds >= from; });
  boundaries.pop_back();
  return true;
}

}  // namespace

std::string_view name_of(GrowthKind kind) {
  switch (kind) {
    case GrowthKind::growing:
      return "growing";
    case GrowthKind::settled:
      return "settled";
    case GrowthKind::steady:
      return "steady";
    case GrowthKind::unclear:
      return "unclear";
  }
  return {};
}

GrowthVerdict judge_growth(std::span<const Point> samples, std::span<const PhaseSpan> phases,
                           GrowthScale scale) {
  GrowthVerdict verdict;
  std::vector<Point> points = finite_of(samples);
  const double seconds = span_of(points);
  if (seconds < kSecondsMin || points.size() < kSamplesMin) {
    verdict.doubt = GrowthDoubt::too_short;
    if (!points.empty()) verdict.level = points.back().value;
    return verdict;
  }
  cut_teardown(points);
  auto released = find_released(points, phases, scale);
  auto boundaries = boundaries_of(phases, points.front().seconds, points.back().seconds);
  const bool is_cut = cut_last_phase(points, boundaries);
  if (points.size() < kSamplesMin) {
    verdict.doubt = GrowthDoubt::too_short;
    return verdict;
  }
  const NetOfPhases net_of_phases(points, boundaries);
  const Quiet raw = quiet_of(points);
  const Quiet net = quiet_of(net_of_phases.points());
  verdict.level = raw.points.back().value;
  const Search search = find_growth(net, scale);
  // Through a phase that took more with it than it had grown by, the run may grow all the same.
  if (released && (is_cut || !search.grows)) return *std::move(released);
  if (!search.grows) {
    tell_of_the_rest(verdict, raw, net, search.is_slowing, scale, seconds);
    return verdict;
  }
  tell_growing(verdict, net, *search.grows, seconds);
  verdict.since_seconds = net_of_phases.as_watched(verdict.since_seconds);
  return verdict;
}

}  // namespace ullage::analysis
