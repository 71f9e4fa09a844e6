// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/pushed_values.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "metric/family.h"
#include "metric/frame.h"
#include "metric/series.h"
#include "sense/custom/line_protocol.h"
#include "sense/custom/series_gate.h"
#include "sense/custom/statsd.h"

namespace ullage::sense {

namespace {

constexpr std::chrono::hours kForgottenAfter(1);
constexpr std::chrono::seconds kSweptEvery(10);
constexpr std::size_t kMembersMax = 100'000;

// "gauge depth 3" is ours, "depth:3|g" StatsD's; what is neither is told what ours would be.
bool is_statsd(std::string_view line) {
  return line.substr(0, line.find_first_of(" \t")).find_first_of(":|{") != std::string_view::npos ||
         (line.find('|') != std::string_view::npos && line.find(':') < line.find('|'));
}

}  // namespace

PushedValues::Series* PushedValues::series_of(const metric::SeriesKey& key, Kind kind,
                                              std::chrono::nanoseconds now) {
  const std::string text = key.text();
  auto found = series_.find(text);
  if (found == series_.end()) {
    if (series_.size() >= series_max_) {
      ++counts_.beyond_limit;
      return nullptr;
    }
    found = series_.emplace(text, Series{.key = key, .count_key = {}, .sum_key = {}, .kind = kind}).first;
    if (kind == Kind::timing) {
      found->second.count_key = {key.name + "_count", key.labels};
      found->second.sum_key = {key.name + "_sum", key.labels};
    }
  }
  if (found->second.kind != kind) {
    ++counts_.other_kind;
    return nullptr;
  }
  found->second.heard = now;
  found->second.is_told = false;
  return &found->second;
}

void PushedValues::take_sample(const metric::SeriesKey& key, const StatsdSample& sample,
                               std::chrono::nanoseconds now) {
  switch (sample.kind) {
    case StatsdSample::Kind::counter:
      if (Series* series = series_of(key, Kind::counter, now)) series->value += sample.value * sample.weight;
      return;
    case StatsdSample::Kind::gauge:
      if (Series* series = series_of(key, Kind::gauge, now)) series->value = sample.value;
      return;
    case StatsdSample::Kind::gauge_change:
      if (Series* series = series_of(key, Kind::gauge, now)) series->value += sample.value;
      return;
    case StatsdSample::Kind::timing:
      if (Series* series = series_of(key, Kind::timing, now)) {
        series->value += sample.value * sample.weight;
        series->count += sample.weight;
      }
      return;
    case StatsdSample::Kind::set:
      if (Series* series = series_of(key, Kind::set, now)) {
        const std::size_t member = std::hash<std::string>()(sample.member);
        if (members_ >= kMembersMax && !series->members.holds(member)) {
          ++counts_.beyond_limit;
          return;
        }
        members_ -= series->members.held();
        series->members.add(member, now);
        members_ += series->members.held();
      }
      return;
  }
}

Result<bool> PushedValues::take_own(const Line& line, std::chrono::nanoseconds now) {
  if (std::holds_alternative<BlankLine>(line)) return false;
  if (const auto* gauge = std::get_if<GaugeLine>(&line)) {
    take_sample({gauge->name, gauge->labels}, {.kind = StatsdSample::Kind::gauge, .value = gauge->value},
                now);
    return true;
  }
  if (const auto* counter = std::get_if<CounterLine>(&line)) {
    take_sample({counter->name, counter->labels},
                {.kind = StatsdSample::Kind::counter, .value = counter->increment}, now);
    return true;
  }
  return fail("phases and events belong to a run", "column 1", "the daemon takes gauges and counters");
}

Result<bool> PushedValues::take_line(std::string_view line, std::chrono::nanoseconds now) {
  if (!is_statsd(line)) {
    auto own = parse_line(line);
    if (!own) return pass_on(own);
    return take_own(*own, now);
  }
  auto statsd = parse_statsd(line);
  if (!statsd) return pass_on(statsd);
  for (const StatsdSample& sample : statsd->samples) take_sample(statsd->key, sample, now);
  return true;
}

Result<bool> PushedValues::take(std::string_view line, std::chrono::nanoseconds now) {
  auto taken = take_line(line, now);
  if (!taken) {
    ++counts_.bad_lines;
    last_error_ = "'" + printable(line.substr(0, 60)) + "': " + taken.error().text();
  } else if (*taken) {
    ++counts_.lines;
  }
  return taken;
}

void PushedValues::take_all(std::string_view text, std::chrono::nanoseconds now) {
  while (!text.empty())
    if (const std::string_view line = take_until(text, '\n'); !line.empty()) (void)take(line, now);
}

void PushedValues::sweep(std::chrono::nanoseconds now) {
  swept_ = now;
  std::erase_if(series_, [&](const auto& entry) { return now - entry.second.heard > kForgottenAfter; });
  members_ = 0;
  for (auto& [text, series] : series_) {
    series.members.sweep(now);
    members_ += series.members.held();
  }
}

metric::FamilyKind PushedValues::family_kind(Kind kind) {
  switch (kind) {
    case Kind::counter:
      return metric::FamilyKind::counter;
    case Kind::gauge:
    case Kind::set:
      return metric::FamilyKind::gauge;
    case Kind::timing:
      return metric::FamilyKind::summary;
  }
  return metric::FamilyKind::unknown;
}

void PushedValues::add_to(metric::Frame& frame, SeriesGate& gate, std::chrono::nanoseconds now) {
  if (now - swept_ >= kSweptEvery) sweep(now);
  for (auto& [text, series] : series_) {
    if (!std::exchange(series.is_described, true))
      frame.describe({.name = series.key.name, .kind = family_kind(series.kind)});
    const auto word =
        std::exchange(series.is_told, true) ? SeriesGate::Word::repeated : SeriesGate::Word::first;
    if (series.kind == Kind::timing) {
      gate.add(frame, series.count_key, series.count, word);
      gate.add(frame, series.sum_key, series.value, word);
    } else if (series.kind == Kind::set) {
      gate.add(frame, series.key, static_cast<double>(series.members.count(now)), word);
    } else {
      gate.add(frame, series.key, series.value, word);
    }
  }
}

}  // namespace ullage::sense
