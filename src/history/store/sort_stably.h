// SPDX-License-Identifier: Apache-2.0
// What std::stable_sort does: that of libstdc++ 12 calls what C++17 has deprecated, which clang says of each
// of its callers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

namespace ullage::history {

// In ascending order of what `key` gives; those of the same key stay in their order.
template <class T, class Key>
void sort_stably(std::vector<T>& values, const Key& key) {
  using KeyValue = std::decay_t<std::invoke_result_t<const Key&, const T&>>;
  std::vector<std::pair<KeyValue, std::size_t>> order;
  order.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) order.emplace_back(std::invoke(key, values[i]), i);
  std::ranges::sort(order);
  std::vector<T> sorted;
  sorted.reserve(values.size());
  for (const auto& [of_key, index] : order) sorted.push_back(std::move(values[index]));
  values = std::move(sorted);
}

}  // namespace ullage::history
