// SPDX-License-Identifier: Apache-2.0
// Any text as the name of a history's file. What is one must be the name of the file for its own time.
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "history/store/history_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view name(reinterpret_cast<const char*>(data), size);
  const auto file = ullage::history::parse_file_name(name);
  if (!file) return 0;
  const auto again = ullage::history::file_for(file->tier, file->begin_ms + 1, file->part);
  ullage::check(again.name == name && again.end_ms == file->end_ms, "a name says its time");
  return 0;
}
