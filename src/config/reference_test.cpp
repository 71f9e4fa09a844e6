// SPDX-License-Identifier: Apache-2.0
#include "config/reference.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/file.h"
#include "config/document.h"
#include "config/schema.h"
#include "config/value.h"

namespace ullage::config {
namespace {

// A file in the tree that is written by the code; ULLAGE_RENEW=1 writes it anew.
void expect_file(const std::string& path, const std::string& wanted) {
  if (std::getenv("ULLAGE_RENEW") != nullptr) {
    ASSERT_TRUE(replace_file(path, wanted));
  }
  const auto text = read_file(path);
  ASSERT_TRUE(text) << text.error().text();
  EXPECT_EQ(*text, wanted) << "run with ULLAGE_RENEW=1 and read the difference";
}

// The file as it is when every '#' before a key is taken away.
std::string uncommented(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] != '#' || i + 1 == text.size() || text[i + 1] == ' ') out += text[i];
  return out;
}

TEST(Reference, ThePageIsTheSchemas) { expect_file("docs/reference/configuration.md", reference_page()); }

TEST(Reference, InitTextsReadAsTheyAre) {
  for (const Scope scope : {Scope::owner, Scope::project}) {
    std::vector<Error> errors;
    EXPECT_TRUE(parse_document(init_text(scope), "init.yaml", scope, errors).entries.empty());
    EXPECT_TRUE(errors.empty()) << errors.front().text();
  }
}

TEST(Reference, InitTextsHoldEveryKeyWithItsDefault) {
  for (const Scope scope : {Scope::owner, Scope::project}) {
    std::vector<Error> errors;
    const Document document = parse_document(uncommented(init_text(scope)), "init.yaml", scope, errors);
    EXPECT_TRUE(errors.empty()) << errors.front().text();
    for (const Key& key : schema()) {
      if (scope == Scope::project && key.scope == Scope::owner) continue;
      ASSERT_TRUE(document.entries.contains(std::string(key.name))) << key.name;
      EXPECT_EQ(document.entries.at(std::string(key.name)).value,
                check_value(key, key.default_value).value_or(""));
    }
    EXPECT_EQ(document.profiles.size(), scope == Scope::owner ? 1u : 0u);
  }
}

}  // namespace
}  // namespace ullage::config
