// SPDX-License-Identifier: Apache-2.0
#include "run/run_lock.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/result.h"

namespace ullage::run {

namespace {

using Inode = std::pair<std::uint64_t, std::uint64_t>;  // device, number

// Far beyond SQLite's lock bytes, which begin at 1 GiB (sqlite.org/fileformat2.html, "The Lock-Byte Page").
constexpr off_t kLockByte = off_t{1} << 42;

struct HeldHere {
  std::mutex mutex;
  std::set<Inode> runs;
};
HeldHere& held_here() {
  static HeldHere held;
  return held;
}

struct flock lock_of(short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = kLockByte;
  lock.l_len = 1;
  return lock;
}

}  // namespace

Result<RunLock> RunLock::take(const std::string& path) {
  RunLock lock;
  auto file = open_file(path, O_RDWR);
  if (!file) return pass_on(file);
  lock.file_ = std::move(*file);
  struct flock wanted = lock_of(F_WRLCK);
  if (::fcntl(lock.file_.get(), F_OFD_SETLK, &wanted) != 0) return fail_errno("cannot lock", path, errno);
  struct stat info;
  if (::fstat(lock.file_.get(), &info) != 0) return fail_errno("cannot lock", path, errno);
  lock.inode_ = {info.st_dev, info.st_ino};
  const std::scoped_lock guard(held_here().mutex);
  held_here().runs.insert(lock.inode_);
  return lock;
}

RunLock::RunLock(RunLock&& other) noexcept
    : file_(std::move(other.file_)), inode_(std::exchange(other.inode_, {})) {}
RunLock& RunLock::operator=(RunLock&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(inode_, other.inode_);
  return *this;
}

RunLock::~RunLock() {
  if (!file_.is_open()) return;
  const std::scoped_lock guard(held_here().mutex);
  held_here().runs.erase(inode_);
}

bool is_alive(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return false;
  {
    const std::scoped_lock guard(held_here().mutex);
    if (held_here().runs.contains({info.st_dev, info.st_ino})) return true;
  }
  auto file = open_file(path, O_RDONLY);
  if (!file) return false;
  struct flock wanted = lock_of(F_WRLCK);
  return ::fcntl(file->get(), F_OFD_GETLK, &wanted) == 0 && wanted.l_type != F_UNLCK;
}

}  // namespace ullage::run
