// SPDX-License-Identifier: Apache-2.0
#include "history/series_list.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "history/envelope.h"
#include "history/store/symbols.h"
#include "history/varint.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr std::string_view kMagic = "UBS\x02";  // the last byte is the version
constexpr std::size_t kTextBytesMax = 256u << 20;
constexpr std::size_t kListBytesMax = 512u << 20;

void append(std::string& bytes, std::uint64_t value) {
  std::array<char, kVarintBytesMax> buffer;
  bytes.append(buffer.data(), write_varint(buffer.data(), value));
}

std::size_t shared_front(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

SeriesList list_of(std::span<const metric::SeriesKey> series) {
  SeriesList list;
  Symbols symbols;
  const auto add = [&](std::string_view text) { list.words.push_back(symbols.add(valid_utf8(text))); };
  for (const metric::SeriesKey& key : series) {
    add(key.name);
    for (const metric::Label& label : key.labels) {
      add(label.name);
      add(label.value);
    }
    list.word_ends.push_back(static_cast<std::uint32_t>(list.words.size()));
  }
  for (Symbols::Symbol symbol = 0; symbol < symbols.size(); ++symbol) {
    list.bytes += symbols.text(symbol);
    list.text_ends.push_back(static_cast<std::uint32_t>(list.bytes.size()));
  }
  return list;
}

// Version 1, of which new lists are not any more.
Result<SeriesList> parse_json(std::string_view text) {
  const auto list = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
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
  return list_of(series);
}

// False for bytes that are none.
bool read_texts(VarintReader& in, std::uint64_t count, SeriesList& list) {
  list.text_ends.reserve(count);
  std::size_t last = 0;  // where the text before begins
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t begin = list.bytes.size();
    const std::uint64_t shared = in.varint();
    const std::string_view rest = in.take(in.varint());
    if (in.failed() || shared > begin - last || begin + shared + rest.size() > kTextBytesMax) return false;
    list.bytes.append(list.bytes, last, shared);
    list.bytes += rest;
    list.text_ends.push_back(static_cast<std::uint32_t>(list.bytes.size()));
    last = begin;
  }
  return true;
}

bool read_words(VarintReader& in, std::uint64_t count, SeriesList& list) {
  list.word_ends.reserve(count);
  std::uint32_t next = 0;  // the text behind all that were named so far
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t words = 1 + 2 * std::min<std::uint64_t>(in.varint(), in.left());
    for (std::uint64_t word = 0; word < words && !in.failed(); ++word) {
      const std::uint64_t read = in.varint();
      const std::uint64_t number = read == 0 ? next : read - 1;
      if (number >= list.texts()) return false;
      list.words.push_back(static_cast<std::uint32_t>(number));
      next = std::max(next, list.words.back() + 1);
    }
    list.word_ends.push_back(static_cast<std::uint32_t>(list.words.size()));
  }
  return !in.failed() && in.left() == 0;
}

}  // namespace

std::string_view SeriesList::text(std::size_t number) const {
  const std::size_t begin = number == 0 ? 0 : text_ends[number - 1];
  return std::string_view(bytes).substr(begin, text_ends[number] - begin);
}

std::span<const std::uint32_t> SeriesList::words_of(std::size_t series) const {
  const std::size_t begin = series == 0 ? 0 : word_ends[series - 1];
  return std::span(words).subspan(begin, word_ends[series] - begin);
}

metric::SeriesKey SeriesList::key(std::size_t series) const {
  const std::span<const std::uint32_t> all = words_of(series);
  metric::SeriesKey key{std::string(text(all[0])), {}};
  for (std::size_t i = 1; i + 1 < all.size(); i += 2)
    key.labels.push_back({std::string(text(all[i])), std::string(text(all[i + 1]))});
  return key;
}

std::string encode_series(std::span<const metric::SeriesKey> series) {
  const SeriesList list = list_of(series);
  std::string payload;
  append(payload, list.texts());
  append(payload, list.size());
  std::string_view last;
  for (std::size_t i = 0; i < list.texts(); ++i) {
    const std::string_view text = list.text(i);
    const std::size_t shared = shared_front(text, last);
    append(payload, shared);
    append(payload, text.size() - shared);
    payload += text.substr(shared);
    last = text;
  }
  std::uint32_t next = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::span<const std::uint32_t> words = list.words_of(i);
    append(payload, words.size() / 2);
    for (const std::uint32_t word : words) {
      append(payload, word == next ? 0 : std::uint64_t{word} + 1);
      next = std::max(next, word + 1);
    }
  }
  return seal(kMagic, payload);
}

Result<SeriesList> parse_list_payload(std::string_view payload) {
  VarintReader in(payload);
  const std::uint64_t texts = in.varint(), series = in.varint();
  // Each takes two bytes at least: more than there are bytes is a lie.
  if (texts > in.left() / 2 || series > in.left() / 2) return fail("it is no list of series");
  SeriesList list;
  if (!read_texts(in, texts, list) || !read_words(in, series, list)) return fail("it is no list of series");
  return list;
}

Result<SeriesList> decode_series(std::string_view bytes) {
  const auto sealed = open_seal(kMagic, bytes, kListBytesMax);
  if (!sealed) return fail(sealed.error());
  const Sealed::Frame& frame = sealed->frames.front();
  if (sealed->frames.size() != 1) return fail("its compressed part is damaged");
  const auto payload = decompress_frame(bytes.substr(frame.begin, frame.end - frame.begin), frame.size);
  if (!payload) return fail(payload.error());
  return sealed->version == 1 ? parse_json(*payload) : parse_list_payload(*payload);
}

}  // namespace ullage::history
