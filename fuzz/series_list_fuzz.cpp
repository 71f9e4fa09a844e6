// SPDX-License-Identifier: Apache-2.0
// Any bytes as what is inside a list of series. What is one and small means the same when it is encoded
// again, but for bytes that are not UTF-8, which are replaced.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "history/series_list.h"
#include "metric/series.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ullage;
  const auto list = history::parse_list_payload({reinterpret_cast<const char*>(data), size});
  if (!list || list->bytes.size() > 4096) return 0;
  std::vector<metric::SeriesKey> keys;
  for (std::size_t i = 0; i < list->size(); ++i) keys.push_back(list->key(i));
  const auto again = history::decode_series(history::encode_series(keys));
  check(again.has_value() && again->size() == keys.size(), "a list that was written is read");
  for (std::size_t i = 0; i < keys.size(); ++i)
    check(again->key(i).labels.size() == keys[i].labels.size(), "its series have as many labels");
  return 0;
}
