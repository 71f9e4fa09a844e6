// SPDX-License-Identifier: Apache-2.0
#include "sense/net/conntrack_collector.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

namespace {

constexpr struct {
  std::string_view column;
  std::string_view metric;
} kStatistics[] = {
    {"found", "node_nf_conntrack_stat_found"},
    {"invalid", "node_nf_conntrack_stat_invalid"},
    {"ignore", "node_nf_conntrack_stat_ignore"},
    {"insert", "node_nf_conntrack_stat_insert"},
    {"insert_failed", "node_nf_conntrack_stat_insert_failed"},
    {"drop", "node_nf_conntrack_stat_drop"},
    {"early_drop", "node_nf_conntrack_stat_early_drop"},
    {"search_restart", "node_nf_conntrack_stat_search_restart"},
};
constexpr std::size_t kColumnsMax = 32;

// A line of names, then one of hexadecimal counts for each processor.
Result<void> add_statistics(std::string_view text, metric::Frame& frame) {
  std::array<double, kColumnsMax> sums{};
  std::string_view names, line;
  take_line(text, names);
  while (take_line(text, line)) {
    for (double& sum : sums) {
      const std::string_view word = take_word(line);
      if (word.empty()) break;
      const auto count = parse_hexadecimal(word);
      if (!count) return fail("not a count: '" + printable(word) + "'", "/proc/net/stat/nf_conntrack");
      sum += static_cast<double>(*count);
    }
  }
  for (const double sum : sums) {
    const std::string_view name = take_word(names);
    if (name.empty()) break;
    const auto* known =
        std::ranges::find_if(kStatistics, [&](const auto& row) { return row.column == name; });
    if (known != std::end(kStatistics)) frame.add(known->metric, sum);
  }
  return {};
}

}  // namespace

Result<void> ConntrackCollector::collect(metric::Frame& frame) {
  const auto count = count_.read_number(buffer_);
  if (!count)
    return fail("cannot be read", "/proc/sys/net/netfilter/nf_conntrack_count",
                "it is there once a rule needs the module nf_conntrack");
  frame.add("node_nf_conntrack_entries", static_cast<double>(*count));
  if (const auto limit = limit_.read_number(buffer_))
    frame.add("node_nf_conntrack_entries_limit", static_cast<double>(*limit));
  // CONFIG_NF_CONNTRACK_PROCFS is off in some kernels.
  if (const auto text = statistics_.read(buffer_); text && text->ends_with('\n'))
    return add_statistics(*text, frame);
  return {};
}

}  // namespace ullage::sense
