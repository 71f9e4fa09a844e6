// SPDX-License-Identifier: Apache-2.0
// One moment's values of whatever is read now: what a collector writes to. It names each value in full, as
// the exposition format does, and who receives them finds the series without allocating; so a collector
// keeps no ids and is a function from what the kernel says to names and numbers.
#pragma once

#include <initializer_list>
#include <span>
#include <string_view>

#include "metric/family.h"

namespace ullage::metric {

struct LabelView {
  std::string_view name;
  std::string_view value;
};

class Frame {
 public:
  virtual ~Frame() = default;
  // A second value of a series in the same frame is dropped and counted. The order of labels is the caller's
  // own; always the same one is the fastest. Labels with an empty value are no labels.
  virtual void add(std::string_view name, std::span<const LabelView> labels, double value) = 0;
  void add(std::string_view name, std::initializer_list<LabelView> labels, double value) {
    add(name, std::span(labels.begin(), labels.size()), value);
  }
  void add(std::string_view name, double value) { add(name, std::span<const LabelView>(), value); }
  // What people say of metrics of their own; ours stand in the table of descriptors.
  virtual void describe(const Family& /*family*/) {}
};

}  // namespace ullage::metric
