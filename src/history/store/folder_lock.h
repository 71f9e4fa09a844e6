// SPDX-License-Identifier: Apache-2.0
// One writer a history: a lock on a file in its folder, which the kernel gives back when the writer is
// killed.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"

namespace ullage::history {

// Held until the descriptor is closed. EBUSY when another process has it.
Result<FileDescriptor> lock_history(const std::string& folder);

}  // namespace ullage::history
