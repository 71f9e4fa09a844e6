// SPDX-License-Identifier: Apache-2.0
// The names and labels of many series as compressed bytes, each text once: those of a process that lived for
// a second would otherwise take more room than its samples. docs/formats/series-file.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metric/series.h"

namespace ullage::history {

struct SeriesList {
  std::string bytes;  // the texts, one after another
  std::vector<std::uint32_t> text_ends;
  std::vector<std::uint32_t>
      words;  // numbers of texts: of each series its name, then each label and its value
  std::vector<std::uint32_t> word_ends;

  std::size_t size() const { return word_ends.size(); }
  std::size_t texts() const { return text_ends.size(); }
  std::string_view text(std::size_t number) const;
  std::span<const std::uint32_t> words_of(std::size_t series) const;
  metric::SeriesKey key(std::size_t series) const;
};

std::string encode_series(std::span<const metric::SeriesKey> series);
Result<SeriesList> decode_series(std::string_view bytes);  // of any version
// What is inside: any bytes are a list or an error.
Result<SeriesList> parse_list_payload(std::string_view payload);

}  // namespace ullage::history
