// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/user_names.h"

#include <gtest/gtest.h>

#include <chrono>

#include "sense/fixture.h"

namespace ullage::sense {
namespace {

using std::chrono::seconds;

TEST(UserNames, AreThoseOfPasswdAndElseNumbers) {
  const Fixture machine{{"/etc/passwd",
                         "root:x:0:0:root:/root:/bin/bash\ntoor:x:0:0::/root:/bin/sh\nbroken\n"
                         "anna:x:1000:1000:,,,:/home/anna:/bin/zsh\nnobody:x:x:\n"}};
  UserNames names(machine.root());
  EXPECT_TRUE(names.renew(seconds(0)));
  EXPECT_EQ(names.name(0), "root");
  EXPECT_EQ(names.name(1000), "anna");
  EXPECT_EQ(names.name(4242), "4242");
}

TEST(UserNames, AreReadAgainWhenTheFileChanges) {
  Fixture machine{{"/etc/passwd", "anna:x:1000:1000::/:/bin/sh\n"}};
  UserNames names(machine.root());
  names.renew(seconds(0));
  machine.write("/etc/passwd", "annabel:x:1000:1000::/:/bin/sh\n");
  EXPECT_FALSE(names.renew(seconds(5)));
  EXPECT_EQ(names.name(1000), "anna");
  EXPECT_TRUE(names.renew(seconds(20)));
  EXPECT_EQ(names.name(1000), "annabel");
  EXPECT_FALSE(names.renew(seconds(40)));
}

TEST(UserNames, AreNumbersWithoutTheFile) {
  const Fixture machine;
  UserNames names(machine.root());
  names.renew(seconds(0));
  EXPECT_EQ(names.name(0), "0");
}

}  // namespace
}  // namespace ullage::sense
