// SPDX-License-Identifier: Apache-2.0
#include "run/series_view.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/series_file.h"
#include "metric/series.h"

namespace ullage::run {

SeriesView view_of(const history::SeriesReader& reader) {
  return {.keys = reader.series(),
          .each_tick = [&reader](const auto& visit) { return reader.each_tick(visit); },
          .samples = [&reader](metric::SeriesId id) { return reader.samples(id); }};
}

SeriesView view_of(std::span<const metric::SeriesKey> keys, std::span<const metric::Tick> ticks) {
  return {.keys = keys,
          .each_tick =
              [ticks](const auto& visit) {
                for (const metric::Tick& tick : ticks) visit(tick);
                return Result<void>();
              },
          .samples =
              [ticks](metric::SeriesId id) {
                std::vector<history::Sample> samples;
                for (const metric::Tick& tick : ticks)
                  for (const metric::Value& value : tick.values)
                    if (value.series == id) samples.push_back({tick.time_ms, value.value});
                return Result<std::vector<history::Sample>>(std::move(samples));
              }};
}

Result<std::vector<history::Sample>> summed(const SeriesView& view, std::string_view name) {
  std::map<std::int64_t, double> sums;
  for (std::size_t id = 0; id < view.keys.size(); ++id) {
    if (view.keys[id].name != name) continue;
    auto samples = view.samples(static_cast<metric::SeriesId>(id));
    if (!samples) return pass_on(samples);
    for (const history::Sample& sample : *samples) sums[sample.time_ms] += sample.value;
  }
  std::vector<history::Sample> out;
  out.reserve(sums.size());
  for (const auto& [time_ms, value] : sums) out.push_back({time_ms, value});
  return out;
}

std::vector<history::Sample> rates(const std::vector<history::Sample>& counter) {
  std::vector<history::Sample> out;
  for (std::size_t i = 1; i < counter.size(); ++i) {
    const double seconds = static_cast<double>(counter[i].time_ms - counter[i - 1].time_ms) / 1000;
    if (seconds <= 0) continue;
    const double step = counter[i].value - counter[i - 1].value;
    out.push_back({counter[i].time_ms, std::max(step >= 0 ? step : counter[i].value, 0.0) / seconds});
  }
  return out;
}

}  // namespace ullage::run
