// SPDX-License-Identifier: Apache-2.0
#include "history/series_list.h"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "history/envelope.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr std::string_view kMagic = "UBS\x01";  // the last byte is the version
constexpr std::size_t kTextBytesMax = 256u << 20;

}  // namespace

std::string encode_series(std::span<const metric::SeriesKey> series) {
  nlohmann::json list = nlohmann::json::array();
  for (const metric::SeriesKey& key : series) {
    nlohmann::json labels = nlohmann::json::object();
    for (const metric::Label& label : key.labels) labels[valid_utf8(label.name)] = valid_utf8(label.value);
    list.push_back({valid_utf8(key.name), std::move(labels)});
  }
  return seal(kMagic, list.dump());
}

Result<std::vector<metric::SeriesKey>> decode_series(std::string_view bytes) {
  const auto text = unseal(kMagic, bytes, kTextBytesMax);
  if (!text) return fail(text.error());
  const auto list = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!list.is_array()) return fail("it is no list of series");
  std::vector<metric::SeriesKey> series;
  for (const nlohmann::json& item : list) {
    if (!item.is_array() || item.size() != 2 || !item[0].is_string() || !item[1].is_object())
      return fail("it is no list of series");
    metric::SeriesKey& key = series.emplace_back(metric::SeriesKey{item[0].get<std::string>(), {}});
    for (const auto& [label, value] : item[1].items()) {
      if (!value.is_string()) return fail("it is no list of series");
      key.labels.push_back({label, value.get<std::string>()});
    }
    std::ranges::sort(key.labels);
  }
  return series;
}

}  // namespace ullage::history
