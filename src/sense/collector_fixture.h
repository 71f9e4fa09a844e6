// SPDX-License-Identifier: Apache-2.0
// For tests: what a collector reads of a fixture, as lines of the exposition format in the order in which it
// gave them.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>

#include "metric/frame.h"
#include "metric/series.h"
#include "sense/collector.h"
#include "sense/fixture.h"

namespace ullage::sense {

class LinesFrame final : public metric::Frame {
 public:
  using Frame::add;
  void add(std::string_view name, std::span<const metric::LabelView> labels, double value) override {
    metric::SeriesKey key{std::string(name), {}};
    for (const auto& label : labels)
      if (!label.value.empty()) key.labels.push_back({std::string(label.name), std::string(label.value)});
    text += fmt::format("{} {}\n", key.text(), value);
  }
  std::string text;
};

// Its error, too, as a line.
inline std::string collect_lines(Collector& collector) {
  LinesFrame frame;
  if (const auto done = collector.collect(frame); !done) frame.text += "error: " + done.error().text() + '\n';
  return frame.text;
}

template <class Kind>
std::string collected(const Fixture& machine) {
  Kind collector(machine.root());
  return collect_lines(collector);
}

}  // namespace ullage::sense
