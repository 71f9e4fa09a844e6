// SPDX-License-Identifier: Apache-2.0
#include "sense/attribute.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

namespace {

constexpr std::size_t kAttributeBytesMax = 4096;  // a page, as sysfs has it

}  // namespace

std::optional<std::string> read_attribute(const std::string& path) {
  const auto text = read_file(path, kAttributeBytesMax);
  if (!text) return std::nullopt;
  return std::string(trim(*text));
}

std::optional<std::int64_t> read_number_attribute(const std::string& path) {
  const auto text = read_file(path, kAttributeBytesMax);
  if (!text || !text->ends_with('\n')) return std::nullopt;
  const std::string_view number = trim(*text);
  if (!number.starts_with("0x")) return to_signed(number);
  const auto value = parse_hexadecimal(number);
  if (!value || *value > INT64_MAX) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::optional<std::vector<std::string>> folder_names(const std::string& path) {
  std::error_code error;
  std::filesystem::directory_iterator entry(path, error);
  if (error) return std::nullopt;
  std::vector<std::string> names;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error))
    names.push_back(entry->path().filename().string());
  std::ranges::sort(names);
  return names;
}

}  // namespace ullage::sense
