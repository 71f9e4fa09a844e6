// SPDX-License-Identifier: Apache-2.0
// The labels of a series inside the query engine, the name among them as `__name__`: one string of
// length-prefixed names and values, sorted by name. To copy one is to copy one string; to compare two is
// memcmp; to group by some labels is to copy a part. The bytes are those that Prometheus 3 hashes for
// limit_ratio, so that a ratio picks the same series in both.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metric/series.h"

namespace ullage::query {

inline constexpr std::string_view kNameLabel = "__name__";
inline constexpr std::string_view kBucketLabel = "le";

// The labels that say what a series measures, which an operation on it makes untrue.
bool is_metadata_label(std::string_view name);

class LabelSet {
 public:
  LabelSet() = default;
  explicit LabelSet(const metric::SeriesKey& key);
  explicit LabelSet(metric::Labels labels);  // in any order; the empty ones are left out

  bool empty() const { return bytes_.empty(); }
  std::string_view value(std::string_view name) const;  // empty when absent
  std::string_view name() const { return value(kNameLabel); }
  std::uint64_t hash() const;
  const std::string& bytes() const { return bytes_; }
  metric::Labels labels() const;
  metric::SeriesKey key() const;
  std::string text() const;         // name{a="b"}, {a="b"}, name, {}
  std::string braced_text() const;  // {__name__="name", a="b"}, as Prometheus's errors have it

  bool operator==(const LabelSet&) const = default;
  std::strong_ordering operator<=>(const LabelSet& other) const;  // label by label, as results are sorted

  // Calls visit(name, value) for each label in order.
  template <class Visit>
  void each(Visit visit) const {
    for (std::string_view rest = bytes_; !rest.empty();) {
      const std::string_view name = take_text(rest);
      visit(name, take_text(rest));
    }
  }

  // Parts of the set; the names are sorted. Those with a string append the part's bytes to it: a key to
  // group by that costs no allocation.
  LabelSet only(std::span<const std::string> names) const;
  LabelSet without(std::span<const std::string> names) const;  // metadata labels stay unless named
  LabelSet without_metadata() const;
  void append_only(std::span<const std::string> names, std::string& key) const;
  void append_without(std::span<const std::string> names, std::string& key) const;

  // The set with one label set to a value; an empty value removes it.
  LabelSet with(std::string_view name, std::string_view value) const;

 private:
  static std::string_view take_text(std::string_view& rest);  // the next one, off the front

  std::string bytes_;
};

// Sorted, without repeats; `metadata` adds the metadata labels, as `without` and `ignoring` mean them too.
std::vector<std::string> sorted_names(std::span<const std::string> names, bool metadata);

std::uint64_t xxhash64(std::string_view bytes);

}  // namespace ullage::query
