// SPDX-License-Identifier: Apache-2.0
// Gathers what the comments of an exposition say of families (# TYPE, # UNIT, # HELP), in whatever order they
// stand. A comment that is none of these, or is broken, says nothing: it is the samples that count. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "metric/family.h"

namespace ullage::metric {

class FamilyText {
 public:
  // They call a counter differently: in OpenMetrics the family x has the samples x_total.
  enum class Form { plain, open_metrics };
  FamilyText(Form form, std::size_t families_max) : form_(form), families_max_(families_max) {}

  void take(std::string_view comment);  // "# HELP x words"
  void take_sample(const std::string& name);
  std::vector<Family> families() const;

 private:
  struct Said {
    Family family;
    std::string type;
  };
  Form form_;
  std::size_t families_max_;
  std::map<std::string, Said> said_;  // by the name that stands there
  // Of OpenMetrics: families whose samples say when they began (x_created, a gauge to all others).
  std::set<std::string, std::less<>> created_;
};

}  // namespace ullage::metric
