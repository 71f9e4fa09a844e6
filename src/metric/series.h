// SPDX-License-Identifier: Apache-2.0
// A series: a name and labels, as Prometheus has them. A Tick: one moment's values of many series, spoken
// in dense ids so that the hot path moves 12 bytes a value and no text. SeriesTable gives out the ids.
// One thread owns a table.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ullage::metric {

struct Label {
  std::string name;
  std::string value;
  auto operator<=>(const Label&) const = default;
};
using Labels = std::vector<Label>;  // sorted by name, names unique

struct SeriesKey {
  std::string name;
  Labels labels;
  auto operator<=>(const SeriesKey&) const = default;
  // name{a="b",c="d"}, values escaped as in the exposition format; the name alone without labels.
  std::string text() const;
  std::string_view label(std::string_view name) const;  // its value, empty when absent
};

using SeriesId = std::uint32_t;

struct Value {
  SeriesId series;
  double value;
};

struct Tick {
  std::int64_t time_ms = 0;
  std::vector<Value> values;  // a series that is not in it has no sample at this tick

  void clear() { values.clear(); }
  void add(SeriesId series, double value) { values.push_back({series, value}); }
};

class SeriesTable {
 public:
  // The id of this series, the same at each call. Labels are put in order.
  SeriesId id(std::string_view name, Labels labels = {});
  // Whoever still has the id must forget it too: another series will get it.
  void forget(SeriesId id);
  const SeriesKey& key(SeriesId id) const { return keys_[id]; }
  SeriesId size() const {
    return static_cast<SeriesId>(keys_.size());
  }  // ids are 0 … size()-1, forgotten ones among them

 private:
  std::vector<SeriesKey> keys_;
  std::unordered_map<std::string, SeriesId> ids_;
  std::vector<SeriesId> free_;
};

}  // namespace ullage::metric
