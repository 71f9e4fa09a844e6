// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/demangle.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace ullage::heap
