// SPDX-License-Identifier: Apache-2.0
// The pages of Prometheus's HTTP API v1 that tell of the server itself, as JSON. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "metric/series.h"
#include "server/api_v1.h"

namespace ullage::server {

std::string success_json(std::string_view data);  // data is JSON already

std::string build_info_json(const BuildInfo& build);
std::string runtime_info_json(const ApiSubjects& subjects);

// How many series there are of what, the most frequent first.
class SeriesCensus {
 public:
  void add(const metric::SeriesKey& key);
  std::string json(std::int64_t begin_ms, std::int64_t end_ms, std::size_t rows_max) const;

 private:
  void count(const std::string& label, const std::string& value);

  std::uint64_t series_ = 0;
  std::map<std::string, std::uint64_t> by_name_, by_pair_, bytes_by_label_;
  std::map<std::string, std::set<std::string>> values_by_label_;
};

// Of one pool, or of all where it is empty; `state` is active, dropped or any, which is what empty means too.
std::string targets_json(const std::vector<ScrapeTarget>& targets, std::string_view state,
                         std::string_view pool);
// Of metrics in the table and of what others say of theirs (`live` may be null); `metric` empty for all,
// `limit` 0 for no limit.
std::string metadata_json(std::string_view metric, std::size_t limit, const metric::LiveSeries* live);

}  // namespace ullage::server
