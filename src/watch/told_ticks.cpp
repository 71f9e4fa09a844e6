// SPDX-License-Identifier: Apache-2.0
#include "watch/told_ticks.h"

#include "metric/live_series.h"

namespace ullage::watch {

ToldTick TickTeller::tell(const metric::LiveSeries& live) {
  ToldTick told{.names = {}, .tick = {.time_ms = live.time_ms(), .values = {}}};
  live.each_current([&](const metric::LiveSeries::Entry& entry) {
    if (entry.id >= births_.size()) births_.resize(entry.id + 1);
    if (births_[entry.id] != entry.birth) {
      births_[entry.id] = entry.birth;
      told.names.push_back({entry.id, entry.key});
    }
    told.tick.add(entry.id, entry.value);
  });
  return told;
}

void TickTeller::take_back(const ToldTick& told) {
  for (const ToldTick::Name& name : told.names) births_[name.id] = 0;
}

}  // namespace ullage::watch
