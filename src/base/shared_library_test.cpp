// SPDX-License-Identifier: Apache-2.0
#include "base/shared_library.h"

#include <gtest/gtest.h>

#include <cstddef>

namespace ullage {
namespace {

TEST(SharedLibrary, FindsFunctionsInTheFirstFileThatIsThere) {
  SharedLibrary libc("libc", {"libc.so.none", "libc.so.6"});
  std::size_t (*length)(const char*) = nullptr;
  libc.find("strlen", length);
  EXPECT_EQ(libc.problem(), "");
  ASSERT_NE(length, nullptr);
  EXPECT_EQ(length("four"), 4u);
}

TEST(SharedLibrary, SaysWhatIsMissingFirst) {
  SharedLibrary libc("libc", {"libc.so.6"});
  void (*function)() = nullptr;
  libc.find("no_such_function", function);
  libc.find("nor_this_one", function);
  EXPECT_EQ(function, nullptr);
  EXPECT_EQ(libc.problem(), "libc has no no_such_function");

  SharedLibrary none("libnone", {"libnone.so.1", "libnone.so.2"});
  none.find("anything", function);
  EXPECT_EQ(function, nullptr);
  EXPECT_EQ(none.problem(), "there is no libnone here (libnone.so.1)");
}

}  // namespace
}  // namespace ullage
