// SPDX-License-Identifier: Apache-2.0
// host_metrics [ROOT]: reads every collector once and prints all values in Prometheus's text format, for
// tests that compare them with node_exporter's. ROOT is a folder that looks like a machine. What a collector
// could not read is a comment.
#include <fmt/format.h>
#include <poll.h>

#include <cstddef>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/descriptor.h"
#include "metric/live_series.h"
#include "sense/collector.h"

namespace {

constexpr std::size_t kSeriesMax = 100'000;

// One that reads on a thread of its own has nothing until the thread has; a busy machine may take its time.
bool has_still_to_read(const ullage::Result<void>& done) {
  return !done && (done.error().what == "nothing was read yet" ||
                   done.error().what == "no file system has answered yet");
}

void collect_all(const ullage::OsRoot& root, ullage::metric::LiveSeries& series) {
  for (const ullage::sense::CollectorEntry& entry : ullage::sense::collectors()) {
    const auto collector = entry.make(root);
    ullage::Result<void> done;
    for (int tries = 0; tries < 1000; ++tries) {
      done = collector->collect(series);
      if (!has_still_to_read(done)) break;
      ::poll(nullptr, 0, 10);
    }
    if (!done) fmt::print("# error {}: {}\n", entry.name, done.error().text());
  }
}

}  // namespace

int main(int count, char** arguments) {
  namespace metric = ullage::metric;
  ullage::OsRoot root = ullage::OsRoot::live();
  if (count > 1) root.prefix = arguments[1];
  metric::LiveSeries series(kSeriesMax);
  series.begin(1);
  collect_all(root, series);
  std::map<std::string, std::vector<std::string>> families;
  series.each_current([&](const metric::LiveSeries::Entry& entry) {
    families[entry.key.name].push_back(fmt::format("{} {}\n", entry.key.text(), entry.value));
  });
  for (const auto& [name, lines] : families) {
    if (const metric::Descriptor* known = metric::find_descriptor(name))
      fmt::print("# HELP {} {}\n# TYPE {} {}\n", name, metric::help_text(*known, name), name,
                 known->kind == metric::Kind::counter ? "counter" : "gauge");
    for (const std::string& line : lines) fmt::print("{}", line);
  }
  fmt::print("# duplicates {} refused {}\n", series.duplicates(), series.refused());
  return 0;
}
