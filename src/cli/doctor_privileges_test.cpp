// SPDX-License-Identifier: Apache-2.0
// What other users' processes let be read; that a denial is told is tests/integration's, as another user.
#include "cli/doctor_privileges.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "cli/finding.h"
#include "sense/fixture.h"

namespace ullage::cli {
namespace {

TEST(DoctorOfPrivileges, SaysOfWhomSharesAndIoCanBeRead) {
  const sense::Fixture machine({{"/proc/self/smaps_rollup", "Rss: 4 kB\n"},
                                {"/proc/self/io", "rchar: 1\n"},
                                {"/proc/12/smaps_rollup", "Rss: 4 kB\n"},
                                {"/proc/12/statm", "9 1 0 0 0 0 0\n"},
                                {"/proc/12/io", "rchar: 1\n"},
                                {"/proc/13/stat", "13 (kthreadd) S\n"}});
  const uid_t own = ::geteuid(), other = own + 1;
  EXPECT_EQ(check_shared_memory(machine.root(), own).text, "is divided among those who share it (PSS)");
  EXPECT_EQ(check_storage_io(machine.root(), own).text, "of each process");
  EXPECT_EQ(check_shared_memory(machine.root(), other).text,
            "is divided among those who share it (PSS), of other users' processes too");
  EXPECT_EQ(check_storage_io(machine.root(), other).text, "of each process, of other users' processes too");
}

TEST(DoctorOfPrivileges, WhatTheKernelLacksIsMissing) {
  const sense::Fixture nothing;
  EXPECT_EQ(check_shared_memory(nothing.root(), 0).state, Finding::State::missing);
  EXPECT_EQ(check_storage_io(nothing.root(), 0).remedy, "a kernel with CONFIG_TASK_IO_ACCOUNTING");
}

}  // namespace
}  // namespace ullage::cli
