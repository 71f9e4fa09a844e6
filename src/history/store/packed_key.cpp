// SPDX-License-Identifier: Apache-2.0
#include "history/store/packed_key.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "history/store/sort_stably.h"
#include "history/varint.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr std::string_view kNameLabel = "__name__";

void append(std::string& packed, std::string_view text) {
  std::array<char, kVarintBytesMax> size;
  packed.append(size.data(), write_varint(size.data(), text.size()));
  packed += text;
}

}  // namespace

std::optional<metric::SeriesKey> normal_key(const metric::SeriesKey& key) {
  std::size_t bytes = key.name.size();
  for (const metric::Label& label : key.labels) bytes += label.name.size() + label.value.size();
  if (bytes > kKeyBytesMax) return std::nullopt;

  metric::SeriesKey normal{valid_utf8(key.name), {}};
  for (const metric::Label& label : key.labels) {
    if (label.value.empty() || label.name.empty()) continue;
    if (label.name != kNameLabel)
      normal.labels.push_back({valid_utf8(label.name), valid_utf8(label.value)});
    else if (normal.name.empty())
      normal.name = valid_utf8(label.value);
  }
  if (normal.name.empty()) return std::nullopt;
  sort_stably(normal.labels, &metric::Label::name);
  const auto repeated = std::ranges::unique(normal.labels, {}, &metric::Label::name);
  normal.labels.erase(repeated.begin(), repeated.end());
  return normal;
}

std::string pack_key(const metric::SeriesKey& key) {
  std::string packed;
  append(packed, key.name);
  for (const metric::Label& label : key.labels) {
    append(packed, label.name);
    append(packed, label.value);
  }
  return packed;
}

metric::SeriesKey unpack_key(std::string_view packed) {
  VarintReader in(packed);
  const auto take = [&] { return std::string(in.take(in.varint())); };
  metric::SeriesKey key{take(), {}};
  while (in.left() > 0) {
    std::string name = take();
    std::string value = take();
    key.labels.push_back({std::move(name), std::move(value)});
  }
  return key;
}

}  // namespace ullage::history
