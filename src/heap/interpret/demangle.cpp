// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/demangle.h"

#include <cxxabi.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace ullage::heap {

namespace {

// Longer ones are cut: a name of templates within templates is longer than anybody reads.
constexpr std::size_t kMangledBytesMax = 8 << 10;
constexpr std::size_t kNameBytesMax = 1 << 10;

struct Free {
  void operator()(char* text) const { std::free(text); }
};

std::string shortened(std::string_view name) {
  if (name.size() <= kNameBytesMax) return std::string(name);
  std::size_t end = kNameBytesMax;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;  // not within a character
  return std::string(name.substr(0, end)) + "…";
}

}  // namespace

bool is_mangled(std::string_view name) { return name.starts_with("_Z"); }

std::string demangle(std::string_view linker_name) {
  const std::string name(linker_name.substr(0, linker_name.find('@')));  // without a symbol's version
  if (!is_mangled(name) || name.size() > kMangledBytesMax) return shortened(name);
  int status = 0;
  const std::unique_ptr<char, Free> text(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status));
  return shortened(status == 0 && text != nullptr ? std::string_view(text.get()) : name);
}

}  // namespace ullage::heap
