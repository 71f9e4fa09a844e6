// SPDX-License-Identifier: Apache-2.0
// Two runs beside each other, figure by figure under the JSON's own names: what matters first, then what
// changed most; and the gates of --fail-on. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "run/fail_on.h"
#include "run/record.h"
#include "run/style.h"

namespace ullage::run {

struct Change {
  std::string path;
  Unit unit;
  std::optional<double> before;
  std::optional<double> after;
  bool is_main = false;  // shown whether it changed or not
  // (after - before) / before; absent where that is nothing.
  std::optional<double> ratio() const;
  bool is_changed() const;  // by 1 % or more, or known in one only
};

struct Diff {
  Record before;
  Record after;
  std::vector<Change> changes;  // the main figures in their order, then by how much they changed
  std::vector<GateResult> gates;
  bool crossed() const;
};

Result<Diff> compare(Record before, Record after, std::span<const FailOn> gates);

std::string diff_text(const Diff& diff, const Style& style, std::size_t width, bool all);
std::string diff_markdown(const Diff& diff, bool all);
nlohmann::json diff_json(const Diff& diff);

}  // namespace ullage::run
