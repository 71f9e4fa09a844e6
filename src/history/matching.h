// SPDX-License-Identifier: Apache-2.0
// Matchers made ready: most expressions are texts to compare (text_pattern.h); others are compiled once (RE2,
// which answers in linear time, whoever wrote them) and asked once about each distinct value. One thread an
// object.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "history/series_source.h"
#include "history/text_pattern.h"
#include "metric/series.h"

namespace re2 {
class RE2;
}

namespace ullage::history {

class Matching {
 public:
  // An expression that cannot be compiled is an error, which says where.
  static Result<Matching> compile(std::span<const Matcher> matchers);
  Matching(Matching&&) noexcept;
  Matching& operator=(Matching&&) noexcept;
  ~Matching();

  std::size_t size() const { return matchers_.size(); }
  const std::string& label(std::size_t matcher) const { return matchers_[matcher].label; }
  // All the values that hold, where they can be named and the empty one is none of them; else empty.
  std::span<const std::string> wanted_values(std::size_t matcher) const;
  // Asks without remembering: who knows which values are distinct asks once.
  bool holds(std::size_t matcher, std::string_view value) const;
  bool holds(const metric::SeriesKey& key);  // all of them

 private:
  struct Prepared {
    std::string label;
    bool is_negative = false;
    std::optional<TextPattern> pattern;
    std::unique_ptr<re2::RE2> expression;  // where there is no pattern
    std::unordered_map<std::string, bool> known;
  };
  Matching() = default;

  std::vector<Prepared> matchers_;
};

}  // namespace ullage::history
