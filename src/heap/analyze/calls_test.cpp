// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/calls.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "heap/profile.h"

namespace ullage::heap {
namespace {

TEST(BlamedFrame, IsTheInnermostOfTheProgramsOwn) {
  const std::vector<Frame> stack{
      {.function = "operator new(unsigned long)", .module = "libstdc++.so.6"},
      {.function = "std::__new_allocator<char>::allocate(unsigned long, void const*)", .module = "app"},
      {.function = "decltype (::new ((void*)(0)) A((declval<int>)())) std::construct_at<A, int>(A*, int&&)",
       .module = "app"},
      {.function = "void std::vector<A>::_M_realloc_insert<A>(A&&)", .module = "app"},
      {.function = "construct<A>", .file = "/usr/include/c++/12/bits/alloc_traits.h", .module = "app"},
      {.function = "app::Cache::insert(int)", .file = "cache.cpp", .module = "app"},
      {.function = "main", .module = "app"}};
  EXPECT_EQ(blamed_frame(stack), 5);
}

TEST(BlamedFrame, IsTheProgramsWhereItsNamesLookAlike) {
  for (const char* name :
       {"(anonymous namespace)::operator_new_order()", "std_cache::put(std::string const&)",
        "std::vector<int> app::make(int)", "app::make()::{lambda(int)#1}::operator()(int) const",
        "app::operator+(std::string const&, app::Text const&)"})
    EXPECT_FALSE(is_plumbing({.function = name})) << name;
  for (const char* name :
       {"operator new(unsigned long)", "void* std::__detail::make<app::X>(app::X&)",
        "std::operator+(std::string const&, char const*)", "std::function<void ()>::operator()() const"})
    EXPECT_TRUE(is_plumbing({.function = name})) << name;
}

TEST(ShortName, KeepsTheBeginningOfALongOne) {
  EXPECT_EQ(short_name({.function = std::string(80, 'x')}), std::string(80, 'x'));
  EXPECT_EQ(short_name({.function = std::string(81, 'x')}), std::string(79, 'x') + "…");
}

}  // namespace
}  // namespace ullage::heap
