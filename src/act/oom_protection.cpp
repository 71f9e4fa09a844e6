// SPDX-License-Identifier: Apache-2.0
#include "act/oom_protection.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"

namespace ullage::act {

namespace {

// proc_pid_oom_score_adj(5): -1000 is never; a daemon that leaks must not be the last one to go.
constexpr long kProtected = -900;
constexpr const char* kFile = "/proc/self/oom_score_adj";

}  // namespace

Result<void> protect_from_oom_killer(const OsRoot& root) {
  const auto before = read_file(root.path(kFile));
  // Whoever set it lower knew why.
  if (before && before->starts_with('-') && to_unsigned(before->substr(1, before->find('\n') - 1)) >= 900u)
    return {};
  return write_kernel_file(root.path(kFile), std::to_string(kProtected));
}

void give_up_oom_protection() {
  // Between fork and exec: nothing but system calls.
  const int file = ::open(kFile, O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  (void)!::write(file, "0", 1);
  ::close(file);
}

}  // namespace ullage::act
