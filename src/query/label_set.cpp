// SPDX-License-Identifier: Apache-2.0
#include "query/label_set.h"

#include <algorithm>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metric/series.h"
#include "query/quoting.h"

namespace ullage::query {

namespace {

constexpr std::size_t kLongText = 255;  // from here on the length takes three bytes more

void append_text(std::string_view text, std::string& bytes) {
  if (text.size() < kLongText) {
    bytes += static_cast<char>(text.size());
  } else {
    bytes += '\xff';
    for (int shift = 0; shift < 24; shift += 8) bytes += static_cast<char>(text.size() >> shift);
  }
  bytes += text;
}

void append_label(std::string_view name, std::string_view value, std::string& bytes) {
  append_text(name, bytes);
  append_text(value, bytes);
}

// Walks two sorted lists of names side by side: is this one in the other list?
class NamesCursor {
 public:
  explicit NamesCursor(std::span<const std::string> names) : names_(names) {}
  bool has(std::string_view name) {
    while (next_ < names_.size() && names_[next_] < name) ++next_;
    return next_ < names_.size() && names_[next_] == name;
  }

 private:
  std::span<const std::string> names_;
  std::size_t next_ = 0;
};

// {a="b", c="d"} of the labels that are wanted.
template <class IsWanted>
std::string in_braces(const LabelSet& labels, IsWanted is_wanted) {
  std::string text = "{";
  labels.each([&](std::string_view name, std::string_view value) {
    if (!is_wanted(name)) return;
    if (text.size() > 1) text += ", ";
    text += quote_unless_name(name) + '=' + quote(value);
  });
  return text + '}';
}

}  // namespace

bool is_metadata_label(std::string_view name) {
  return name == kNameLabel || name == "__type__" || name == "__unit__";
}

LabelSet::LabelSet(const metric::SeriesKey& key) {
  std::size_t size = key.name.size() + kNameLabel.size() + 2;
  for (const auto& [name, value] : key.labels) size += name.size() + value.size() + 2;
  bytes_.reserve(size);
  bool named = key.name.empty();
  for (const auto& [name, value] : key.labels) {
    if (!named && kNameLabel < name) {
      append_label(kNameLabel, key.name, bytes_);
      named = true;
    }
    if (!value.empty()) append_label(name, value, bytes_);
  }
  if (!named) append_label(kNameLabel, key.name, bytes_);
}

LabelSet::LabelSet(metric::Labels labels) {
  std::ranges::sort(labels);
  for (const auto& [name, value] : labels)
    if (!value.empty()) append_label(name, value, bytes_);
}

std::string_view LabelSet::take_text(std::string_view& rest) {
  const auto byte = [&](std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(rest[at]));
  };
  const bool is_long = byte(0) == kLongText;
  const std::size_t length = is_long ? byte(1) | byte(2) << 8 | byte(3) << 16 : byte(0);
  const std::string_view text = rest.substr(is_long ? 4 : 1, length);
  rest.remove_prefix((is_long ? 4 : 1) + length);
  return text;
}

std::string_view LabelSet::value(std::string_view name) const {
  for (std::string_view rest = bytes_; !rest.empty();) {
    const std::string_view found = take_text(rest), held = take_text(rest);
    if (found == name) return held;
    if (found > name) break;
  }
  return {};
}

std::uint64_t LabelSet::hash() const { return xxhash64(bytes_); }

metric::Labels LabelSet::labels() const {
  metric::Labels labels;
  each([&](std::string_view name, std::string_view value) {
    labels.push_back({std::string(name), std::string(value)});
  });
  return labels;
}

metric::SeriesKey LabelSet::key() const {
  metric::SeriesKey key;
  each([&](std::string_view name, std::string_view value) {
    if (name == kNameLabel)
      key.name = value;
    else
      key.labels.push_back({std::string(name), std::string(value)});
  });
  return key;
}

std::string LabelSet::text() const {
  const std::string rest = in_braces(*this, [](std::string_view name) { return name != kNameLabel; });
  return name().empty() || rest != "{}" ? std::string(name()) + rest : std::string(name());
}

std::string LabelSet::braced_text() const {
  return in_braces(*this, [](std::string_view) { return true; });
}

std::strong_ordering LabelSet::operator<=>(const LabelSet& other) const {
  std::string_view mine = bytes_, theirs = other.bytes_;
  while (!mine.empty() && !theirs.empty())
    if (const auto order = take_text(mine) <=> take_text(theirs); order != 0) return order;
  return mine.size() <=> theirs.size();
}

LabelSet LabelSet::only(std::span<const std::string> names) const {
  LabelSet part;
  append_only(names, part.bytes_);
  return part;
}

LabelSet LabelSet::without(std::span<const std::string> names) const {
  LabelSet part;
  part.bytes_.reserve(bytes_.size());
  append_without(names, part.bytes_);
  return part;
}

LabelSet LabelSet::without_metadata() const {
  LabelSet part;
  part.bytes_.reserve(bytes_.size());
  each([&](std::string_view name, std::string_view value) {
    if (!is_metadata_label(name)) append_label(name, value, part.bytes_);
  });
  return part;
}

void LabelSet::append_only(std::span<const std::string> names, std::string& key) const {
  NamesCursor cursor(names);
  each([&](std::string_view name, std::string_view value) {
    if (cursor.has(name)) append_label(name, value, key);
  });
}

void LabelSet::append_without(std::span<const std::string> names, std::string& key) const {
  NamesCursor cursor(names);
  each([&](std::string_view name, std::string_view value) {
    if (!cursor.has(name)) append_label(name, value, key);
  });
}

LabelSet LabelSet::with(std::string_view name, std::string_view value) const {
  LabelSet changed;
  changed.bytes_.reserve(bytes_.size() + name.size() + value.size() + 2);
  bool is_done = value.empty();
  each([&](std::string_view held, std::string_view held_value) {
    if (!is_done && name <= held) {
      append_label(name, value, changed.bytes_);
      is_done = true;
    }
    if (held != name) append_label(held, held_value, changed.bytes_);
  });
  if (!is_done) append_label(name, value, changed.bytes_);
  return changed;
}

std::vector<std::string> sorted_names(std::span<const std::string> names, bool metadata) {
  std::vector<std::string> sorted(names.begin(), names.end());
  if (metadata)
    for (const char* name : {"__name__", "__type__", "__unit__"}) sorted.emplace_back(name);
  std::ranges::sort(sorted);
  const auto repeats = std::ranges::unique(sorted);
  sorted.erase(repeats.begin(), repeats.end());
  return sorted;
}

namespace {

// XXH64 with seed 0, as its specification has it (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
constexpr std::uint64_t kPrime1 = 0x9E3779B185EBCA87ULL, kPrime2 = 0xC2B2AE3D27D4EB4FULL,
                        kPrime3 = 0x165667B19E3779F9ULL, kPrime4 = 0x85EBCA77C2B2AE63ULL,
                        kPrime5 = 0x27D4EB2F165667C5ULL;

template <class Word>
std::uint64_t word_at(const char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof word);  // little-endian machines only, as the file formats
  return word;
}

std::uint64_t mixed(std::uint64_t lane, std::uint64_t word) {
  return std::rotl(lane + word * kPrime2, 31) * kPrime1;
}

std::uint64_t merged(std::uint64_t hash, std::uint64_t lane) {
  return (hash ^ mixed(0, lane)) * kPrime1 + kPrime4;
}

}  // namespace

std::uint64_t xxhash64(std::string_view bytes) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  std::uint64_t hash = kPrime5;
  if (bytes.size() >= 32) {
    std::uint64_t lanes[4] = {kPrime1 + kPrime2, kPrime2, 0, 0 - kPrime1};
    for (; end - at >= 32; at += 32)
      for (std::ptrdiff_t i = 0; i < 4; ++i) lanes[i] = mixed(lanes[i], word_at<std::uint64_t>(at + 8 * i));
    hash =
        std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
    for (const std::uint64_t lane : lanes) hash = merged(hash, lane);
  }
  hash += bytes.size();
  for (; end - at >= 8; at += 8)
    hash = std::rotl(hash ^ mixed(0, word_at<std::uint64_t>(at)), 27) * kPrime1 + kPrime4;
  for (; end - at >= 4; at += 4)
    hash = std::rotl(hash ^ (word_at<std::uint32_t>(at) * kPrime1), 23) * kPrime2 + kPrime3;
  for (; at < end; ++at) hash = std::rotl(hash ^ (static_cast<unsigned char>(*at) * kPrime5), 11) * kPrime1;
  hash = (hash ^ (hash >> 33)) * kPrime2;
  hash = (hash ^ (hash >> 29)) * kPrime3;
  return hash ^ (hash >> 32);
}

}  // namespace ullage::query
