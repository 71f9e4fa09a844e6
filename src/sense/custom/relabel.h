// SPDX-License-Identifier: Apache-2.0
// Prometheus's relabelling: rules that keep, drop and rewrite a set of labels, in the order in which they
// stand. The name of a metric is the label __name__. Expressions are RE2's and match the whole text. Pure; a
// rule may be used by many threads.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metric/series.h"

namespace re2 {
class RE2;
}

namespace ullage::sense {

enum class RelabelAction {
  replace,
  keep,
  drop,
  labeldrop,
  labelkeep,
  labelmap,
  keepequal,
  dropequal,
  lowercase,  // ASCII's letters
  uppercase
};
std::span<const std::string_view> relabel_action_names();  // in the enum's order

struct RelabelRule {
  RelabelAction action = RelabelAction::replace;
  std::vector<std::string> source_labels = {};
  std::string separator = ";";
  std::string target_label = {};
  std::string replacement = "$1";
  std::shared_ptr<const re2::RE2> regex = {};  // of compile_relabel_regex; null: everything, "(.*)"
};

Result<std::shared_ptr<const re2::RE2>> compile_relabel_regex(const std::string& text);
// False when the rules drop the whole.
bool relabel(std::span<const RelabelRule> rules, metric::Labels& labels);

// Labels in order: of one that is not there the text is empty; set to an empty text it is gone.
std::string_view label_of(const metric::Labels& labels, std::string_view name);
void set_label(metric::Labels& labels, std::string_view name, std::string_view value);

}  // namespace ullage::sense
