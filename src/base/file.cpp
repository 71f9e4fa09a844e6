// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace ullage {

namespace {

// 0, or the errno of why not.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return 0;
}

Result<void> write_in_place(const std::string& path, std::string_view text) {
  // Without waiting: opening a pipe that nobody reads would never end. The writes may wait for the reader.
  const FileDescriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd.is_open()) return fail_errno("cannot write", path, errno);
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
  if (const int reason = write_all(fd.get(), text); reason != 0)
    return fail_errno("cannot write", path, reason);
  return {};
}

std::string real_path(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  return real ? real.get() : path;
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int FileDescriptor::release() { return std::exchange(fd_, -1); }

void FileDescriptor::reset() {
  if (fd_ >= 0) ::close(release());
}

Result<FileDescriptor> open_file(const std::string& path, int flags) {
  return open_file_at(AT_FDCWD, path, flags);
}

Result<FileDescriptor> open_file_at(int directory, const std::string& path, int flags) {
  const int fd = ::openat(directory, path.c_str(), flags | O_CLOEXEC, 0600);
  if (fd < 0) return fail_errno("cannot open", path, errno);
  return FileDescriptor(fd);
}

bool read_into(int fd, std::string& buffer, std::size_t limit_bytes) {
  constexpr std::size_t kFirst = 4096;
  std::size_t used = 0;
  buffer.resize(std::max(buffer.capacity(), kFirst));
  while (true) {
    const ssize_t got = ::pread(fd, buffer.data() + used, buffer.size() - used, static_cast<off_t>(used));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      buffer.clear();
      return false;
    }
    used += static_cast<std::size_t>(got);
    // A short read of a /proc file may be a boundary of the kernel's buffer, not the end: only 0 is the end.
    if (got == 0 || used >= limit_bytes) break;
    if (used == buffer.size()) buffer.resize(buffer.size() * 2);
  }
  buffer.resize(std::min(used, limit_bytes));
  return true;
}

Result<std::string> read_file(const std::string& path, std::size_t limit_bytes) {
  auto fd = open_file(path, O_RDONLY);
  if (!fd) return pass_on(fd);
  std::string text;
  if (!read_into(fd->get(), text, limit_bytes)) return fail_errno("cannot read", path, errno);
  return text;
}

Result<void> write_kernel_file(const std::string& path, std::string_view text) {
  auto fd = open_file(path, O_WRONLY);
  if (!fd) return pass_on(fd);
  if (::write(fd->get(), text.data(), text.size()) < 0)
    return fail_errno("cannot write '" + std::string(text) + "'", path, errno);
  return {};
}

Result<void> replace_file(const std::string& path, std::string_view text) {
  struct stat info;
  const bool is_there = ::stat(path.c_str(), &info) == 0;
  if (is_there && !S_ISREG(info.st_mode)) return write_in_place(path, text);
  const std::string target = is_there ? real_path(path) : path;
  std::string beside = target + ".XXXXXX";
  // As open(O_EXCL) with a name that nobody guesses, mode 0600: a link laid there is not followed.
  const FileDescriptor fd(::mkostemp(beside.data(), O_CLOEXEC));
  if (!fd.is_open()) return fail_errno("cannot write", path, errno);
  int reason = write_all(fd.get(), text);
  if (reason == 0 && ::rename(beside.c_str(), target.c_str()) != 0) reason = errno;
  if (reason == 0) return {};
  ::unlink(beside.c_str());
  return fail_errno("cannot write", path, reason);
}

Result<void> make_folders(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    const int reason = ::mkdir(part.c_str(), 0700) == 0 ? 0 : errno;
    // A folder above may be read-only and there all the same (EROFS, EACCES).
    if (reason != 0 && reason != EEXIST && !file_exists(part))
      return fail_errno("cannot make the folder", part, reason);
    if (end == std::string::npos) return {};
  }
}

bool is_own_folder(const std::string& path, unsigned closed_mode) {
  struct stat info;
  return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == ::geteuid() &&
         (info.st_mode & closed_mode) == 0;
}

bool file_exists(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0;
}

}  // namespace ullage
