// SPDX-License-Identifier: Apache-2.0
// Any bytes as a settings file, by both sets of rules. What is accepted must be accepted again when it is
// written back as `config show` writes it.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/document.h"
#include "config/value.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ullage::config::Document;
  using ullage::config::parse_document;
  using ullage::config::Scope;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<ullage::Error> errors;
  parse_document(text, "project.yaml", Scope::project, errors);
  errors.clear();
  const Document document = parse_document(text, "owner.yaml", Scope::owner, errors);
  if (!errors.empty()) return 0;
  std::string again;
  for (const auto& [key, entry] : document.entries)
    again += key + ": " +
             (ullage::config::find_key(key)->type == ullage::config::Type::list
                  ? entry.value
                  : ullage::config::yaml_scalar(entry.value)) +
             "\n";
  const Document second = parse_document(again, "again.yaml", Scope::owner, errors);
  ullage::check(errors.empty(), "what was written back is read again");
  for (const auto& [key, entry] : document.entries)
    ullage::check(second.entries.at(key).value == entry.value, "what was written back is the same");
  return 0;
}
