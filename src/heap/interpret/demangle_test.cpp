// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/demangle.h"

#include <gtest/gtest.h>

#include <string>

namespace ullage::heap {
namespace {

TEST(Demangle, ReadsNamesOfCxx) {
  EXPECT_EQ(demangle("_ZN3app5Cache6insertEi"), "app::Cache::insert(int)");
  EXPECT_EQ(demangle("malloc@GLIBC_2.2.5"), "malloc");
  EXPECT_EQ(demangle("_Zwhatever"), "_Zwhatever");
}

TEST(Demangle, ReadsNamesOfRustAsTheirAuthorWroteThem) {
  EXPECT_EQ(demangle("_ZN1g10make_cycle17h959c2911c99dd245E"), "g::make_cycle");
  EXPECT_EQ(demangle("_ZN5alloc7raw_vec20RawVecInner$LT$A$GT$15try_allocate_in17h296336bc22d1c4daE"),
            "alloc::raw_vec::RawVecInner<A>::try_allocate_in");
  EXPECT_EQ(demangle("_ZN49_$LT$app..Cache$u20$as$u20$core..clone..Clone$GT$5clone17h0123456789abcdefE"),
            "<app::Cache as core::clone::Clone>::clone");
  EXPECT_EQ(
      demangle("_ZN4core3ops8function6FnOnce40call_once$u7b$$u7b$vtable.shim$u7d$$u7d$17h0123456789abcdefE"),
      "core::ops::function::FnOnce::call_once{{vtable.shim}}");
}

TEST(Demangle, ReadsRustsOwnManglingToo) {
  EXPECT_EQ(demangle("_RNvCs15kBYyAo9fc_7mycrate7example"), "mycrate::example");
  EXPECT_EQ(demangle("_RNvMNtCs1234_3app5cacheNtB2_5Cache6insert"), "<app::cache::Cache>::insert");
  EXPECT_EQ(demangle("_RNvXs_CsbDqzXfLQacH_7mycrateNtB4_3FooNtB4_3Bar3baz.llvm.9D"),
            "<mycrate::Foo as mycrate::Bar>::baz");
  EXPECT_EQ(demangle("_RNCNvCsgStHSCytQ6I_7mycrate4main0B3_"), "mycrate::main::{closure#0}");
  EXPECT_EQ(demangle("_RNCNvCsgStHSCytQ6I_7mycrate4mains_0"), "mycrate::main::{closure#1}");
  EXPECT_EQ(demangle("_RINvCs1_3app3runTlRehEAhj3_E"), "app::run::<(i32, &str, u8), [u8; 3]>");
  EXPECT_EQ(demangle("_RINvCs1_3app3runKb1_FUKClEuDNtC4core4SendEL_E"),
            "app::run::<true, unsafe extern \"C\" fn(i32), dyn core::Send>");
}

TEST(Demangle, LeavesAsItIsWhatIsNoName) {
  for (const char* name : {"_R", "_Read", "_RNvC", "_RNvC1a9b", "_RB_", "_RNvB_1a", "_RINvC1a1b9E",
                           "_RC99999999999999999999a", "_RNvCs1"})
    EXPECT_EQ(demangle(name), name);
  EXPECT_EQ(demangle("_RINvC1a1b" + std::string(5000, 'S')), "_RINvC1a1b" + std::string(1014, 'S') + "…");
  // Each refers twice to the one before: 2^40 times the first.
  std::string name = "_RINvC1a1bTC1xC1xE";
  for (int i = 0; i < 40; ++i) name += "TB8_B8_E";
  EXPECT_LE(demangle(name + "E").size(), 1100);
}

}  // namespace
}  // namespace ullage::heap
