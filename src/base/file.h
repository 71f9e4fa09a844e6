// SPDX-License-Identifier: Apache-2.0
// Files as whole texts, and descriptors that close themselves. read_into() reuses the caller's buffer and
// allocates nothing once that has grown: it is what the collectors call each tick.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ullage {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { reset(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int release();
  void reset();

 private:
  int fd_ = -1;
};

// Opens with O_CLOEXEC added; a new file gets mode 0600.
Result<FileDescriptor> open_file(const std::string& path, int flags);
// As openat(2): a path under a directory held open, which stays right when the directory's name is reused.
Result<FileDescriptor> open_file_at(int directory, const std::string& path, int flags);

// The whole file. Files of /proc have no size: read until the end, at most limit_bytes.
constexpr std::size_t kReadLimitBytes = 64u << 20;
Result<std::string> read_file(const std::string& path, std::size_t limit_bytes = kReadLimitBytes);
// From the start of an open descriptor (pread), into a buffer that is reused. False when the file's
// subject is gone (ESRCH, ENODEV) or it cannot be read; errno says why.
bool read_into(int fd, std::string& buffer, std::size_t limit_bytes = kReadLimitBytes);

// In place, as kernel files are written: one write(2).
Result<void> write_kernel_file(const std::string& path, std::string_view text);
// Beside it, then renamed over it, so that a reader sees the old or the new, never half. Mode 0600. Of a
// link, the file it points to; what is there and no regular file (a device, a pipe with a reader) is written
// to.
Result<void> replace_file(const std::string& path, std::string_view text);
// The folder and its parents, mode 0700.
Result<void> make_folders(const std::string& path);
// A directory, no link to one, that belongs to us and keeps these mode bits (022, 077) from everybody else:
// what lies in a folder that all may write to may have been laid there by a stranger.
bool is_own_folder(const std::string& path, unsigned closed_mode);
bool file_exists(const std::string& path);

}  // namespace ullage
