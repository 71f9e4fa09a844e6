// SPDX-License-Identifier: Apache-2.0
// What doctor says of privileges: the capabilities that matter here, what each gives and how to get it; and,
// since having one is not yet being allowed (namespaces, security modules), what is tried: reading processes
// of other users, asking the kernel for its tasks.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

#include "base/os_root.h"
#include "cli/finding.h"

namespace ullage::cli {

std::vector<Finding> what_is_allowed(const OsRoot& root);
// The same of all in one, for a daemon to tell of itself.
Finding held_capabilities(const OsRoot& root);

// PSS and I/O: of whom. `own`: whose processes are not other users'.
Finding check_shared_memory(const OsRoot& root, uid_t own);
Finding check_storage_io(const OsRoot& root, uid_t own);

}  // namespace ullage::cli
