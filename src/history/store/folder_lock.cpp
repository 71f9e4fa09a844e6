// SPDX-License-Identifier: Apache-2.0
#include "history/store/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace ullage::history {

Result<FileDescriptor> lock_history(const std::string& folder) {
  auto file = open_file(folder + "/lock", O_CREAT | O_RDWR);
  if (!file) return file;
  if (::flock(file->get(), LOCK_EX | LOCK_NB) == 0) return file;
  return fail(
      Error{.what = "another process is writing this history", .where = folder, .system_error = EBUSY});
}

}  // namespace ullage::history
