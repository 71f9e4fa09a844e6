// SPDX-License-Identifier: Apache-2.0
// The groups that an aggregation's by or without makes of a vector's series, in the order of their first
// member.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "query/ast.h"
#include "query/label_set.h"
#include "query/matrix.h"

namespace ullage::query {

class AggregateGroups {
 public:
  AggregateGroups(const Matrix& input, const Aggregate& aggregate)
      : is_without_(aggregate.is_without), names_(sorted_names(aggregate.labels, aggregate.is_without)) {
    std::unordered_map<std::string, std::size_t> groups;
    std::string key;
    for (std::size_t i = 0; i < input.size(); ++i) {
      key.clear();
      const LabelSet& labels = input.series()[i].labels;
      if (is_without_)
        labels.append_without(names_, key);
      else
        labels.append_only(names_, key);
      const auto [found, is_new] = groups.try_emplace(key, members_.size());
      if (is_new) members_.emplace_back();
      members_[found->second].push_back(i);
    }
  }

  const std::vector<std::vector<std::size_t>>& members() const { return members_; }
  LabelSet labels(const LabelSet& member) const {
    return is_without_ ? member.without(names_) : member.only(names_);
  }

 private:
  bool is_without_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::size_t>> members_;
};

}  // namespace ullage::query
