// SPDX-License-Identifier: Apache-2.0
// What `ullage run --heap` asks of the profiler: ULLAGE_HEAP=MODE:MEAN:RATE:ROOM:FOLDER, as
// "sampled:524288:1000:1073741824:/…/ID.heap".
#pragma once

#include <cstdint>

namespace ullage::heap::track {

struct Options {
  bool is_exact = false;
  std::uint64_t mean_bytes = 512 << 10;
  std::uint32_t samples_per_second = 1000;  // that a thread takes at most; 0: as many as there are
  std::uint64_t file_bytes_max = std::uint64_t{1} << 30;
  const char* folder = nullptr;
};

inline bool parse_number(const char*& text, std::uint64_t& number) {
  number = 0;
  const char* begin = text;
  for (; *text >= '0' && *text <= '9' && text - begin < 18; ++text)
    number = number * 10 + static_cast<unsigned>(*text - '0');
  if (text == begin || *text != ':') return false;
  ++text;
  return true;
}

// False for anything else. The folder is the rest of the text, which must stay.
inline bool parse_options(const char* text, Options& options) {
  if (text == nullptr) return false;
  const auto take = [&](const char* word) {
    const char* at = text;
    for (; *word != '\0'; ++word, ++at)
      if (*at != *word) return false;
    text = at;
    return true;
  };
  options.is_exact = take("exact:");
  if (!options.is_exact && !take("sampled:")) return false;
  std::uint64_t rate = 0;
  if (!parse_number(text, options.mean_bytes) || !parse_number(text, rate) ||
      !parse_number(text, options.file_bytes_max))
    return false;
  options.samples_per_second = static_cast<std::uint32_t>(rate);
  options.folder = text;
  return options.mean_bytes > 0 && *text == '/';
}

}  // namespace ullage::heap::track
