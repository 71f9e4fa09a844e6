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

TEST(BlamedFrame, IsNotWhatWrapsTheAllocator) {
  for (const char* name : {"xmalloc", "xmalloc(unsigned long)", "_PyObject_Malloc", "PyMem_Realloc",
                           "Perl_safesysmalloc", "g_malloc0"})
    EXPECT_TRUE(is_plumbing({.function = name})) << name;
  // libc's own wrappers, inlined from its headers.
  EXPECT_TRUE(is_plumbing(
      {.function = "getline", .file = "/usr/include/x86_64-linux-gnu/bits/stdio.h", .module = "app"}));
  EXPECT_FALSE(is_plumbing({.function = "getline", .file = "/home/me/app/bits/input.h", .module = "app"}));
}

TEST(BlamedFrame, IsNotOfRustsLibrary) {
  for (const char* file :
       {"/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/alloc/src/alloc.rs",
        "/rust/deps/hashbrown-0.16.1/src/raw/alloc.rs",
        "/home/me/.rustup/toolchains/stable/lib/rustlib/src/rust/library/alloc/src/vec/mod.rs"})
    EXPECT_TRUE(is_plumbing({.function = "f", .file = file, .module = "app"})) << file;
  for (const char* name :
       {"alloc::raw_vec::RawVec<T,A>::grow_one", "<alloc::string::String as core::clone::Clone>::clone",
        "hashbrown::raw::RawTable<T,A>::reserve_rehash", "__rust_alloc",
        "core::ops::function::FnOnce::call_once"})
    EXPECT_TRUE(is_plumbing({.function = name, .module = "app"})) << name;
  EXPECT_FALSE(is_plumbing({.function = "app::main", .file = "src/main.rs", .module = "app"}));
  EXPECT_FALSE(is_plumbing({.function = "<app::Cache as core::clone::Clone>::clone", .module = "app"}));
}

TEST(ShortName, KeepsTheBeginningOfALongOne) {
  EXPECT_EQ(short_name({.function = std::string(80, 'x')}), std::string(80, 'x'));
  EXPECT_EQ(short_name({.function = std::string(81, 'x')}), std::string(79, 'x') + "…");
}

}  // namespace
}  // namespace ullage::heap
