// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/demangle.h"

#include <cxxabi.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "heap/interpret/rust_names.h"

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

// Of Rust: a hash of what it was compiled from, "::h" and 16 digits, ends the name.
constexpr std::size_t kHashBytes = 19;
bool is_of_rust(std::string_view name) {
  if (name.size() <= kHashBytes) return false;
  const std::string_view hash = name.substr(name.size() - kHashBytes);
  return hash.starts_with("::h") && hash.find_first_not_of("0123456789abcdef", 3) == std::string_view::npos;
}

// What stands between two dollars for a sign that a linker's name cannot have (the Rust project's
// compiler/rustc_symbol_mangling/src/legacy.rs); 0 where it is none of these.
char sign_of(std::string_view word) {
  constexpr auto kSigns = std::to_array<std::pair<std::string_view, char>>({{"SP", '@'},
                                                                            {"BP", '*'},
                                                                            {"RF", '&'},
                                                                            {"LT", '<'},
                                                                            {"GT", '>'},
                                                                            {"LP", '('},
                                                                            {"RP", ')'},
                                                                            {"C", ','}});
  for (const auto& [name, sign] : kSigns)
    if (word == name) return sign;
  unsigned code = 0;
  if (!word.starts_with('u')) return 0;
  const auto [end, error] = std::from_chars(word.data() + 1, word.data() + word.size(), code, 16);
  return error == std::errc() && end == word.data() + word.size() && code >= ' ' && code < 0x7F
             ? static_cast<char>(code)
             : '\0';
}

// "_$LT$app..Cache$u20$as$u20$core..clone..Clone$GT$::clone::h0123456789abcdef": <app::Cache as …>::clone.
std::string as_rust_writes_it(std::string_view name) {
  name.remove_suffix(kHashBytes);
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const std::string_view rest = name.substr(i);
    const bool is_first = text.empty() || text.ends_with("::");
    if (is_first && rest.starts_with("_$")) continue;
    if (rest.starts_with("..")) {
      text += "::";
      ++i;
      continue;
    }
    const std::size_t end = rest.starts_with('$') ? rest.find('$', 1) : std::string_view::npos;
    const char sign = end == std::string_view::npos ? '\0' : sign_of(rest.substr(1, end - 1));
    text += sign == 0 ? name[i] : sign;
    if (sign != 0) i += end;
  }
  return text;
}

}  // namespace

bool is_mangled(std::string_view name) { return name.starts_with("_Z") || name.starts_with("_R"); }

std::string demangle(std::string_view linker_name) {
  const std::string name(linker_name.substr(0, linker_name.find('@')));  // without a symbol's version
  if (!is_mangled(name) || name.size() > kMangledBytesMax) return shortened(name);
  if (const auto of_rust = demangle_rust(name)) return shortened(*of_rust);
  int status = 0;
  const std::unique_ptr<char, Free> text(abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status));
  if (status != 0 || text == nullptr) return shortened(name);
  return shortened(is_of_rust(text.get()) ? as_rust_writes_it(text.get()) : text.get());
}

}  // namespace ullage::heap
