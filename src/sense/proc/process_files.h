// SPDX-License-Identifier: Apache-2.0
// The files of processes under /proc, some of whose descriptors stay open: pread on one costs a third of
// open, read and close, and it can never speak of another process that got the same number. At most a given
// number are kept; beyond that, and when the system refuses more, a file is opened for one reading. One
// thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"

namespace ullage::sense {

enum class ProcessFile : unsigned char { stat, status, io, schedstat, smaps_rollup };
constexpr std::size_t kProcessFiles = 5;

struct ProcessHandles {
  std::array<FileDescriptor, kProcessFiles> files;
};

class ProcessFiles {
 public:
  ProcessFiles(const OsRoot& root, std::size_t open_file_limit);

  // The file's text, valid until the next call; nothing when the process is gone or it may not be read.
  std::optional<std::string_view> read(std::int64_t pid, ProcessFile file, ProcessHandles& handles);
  // Any other file below /proc ("12/task/13/schedstat"), opened for this reading only.
  std::optional<std::string_view> read_once(const char* path);
  std::optional<std::string> read_command_line(std::int64_t pid);
  std::optional<std::uint64_t> count_open_files(std::int64_t pid);
  // The names under a folder below /proc ("." itself, "12/task") that are numbers. False when it cannot be
  // read.
  bool list_numbers(const char* path, std::vector<std::int64_t>& numbers);

  // Whether the last reading failed for want of a descriptor, which says nothing about the process.
  bool was_short() const { return was_short_; }
  // Whether the last reading failed because it is not for us to know (another user's process, hidepid).
  bool was_denied() const { return was_denied_; }
  void close(ProcessHandles& handles);
  std::size_t kept_open() const { return kept_open_; }

 private:
  std::optional<std::string_view> read_from(int fd);
  FileDescriptor open(const char* path, int flags);

  FileDescriptor proc_;
  FileDescriptor listing_;  // of /proc itself, rewound
  FileDescriptor spare_;    // given up when no other is to be had, so that reading goes on
  bool was_short_ = false, was_denied_ = false;
  std::size_t open_file_limit_;
  std::size_t kept_open_ = 0;
  bool fd_size_is_count_;
  std::vector<char> buffer_;
};

}  // namespace ullage::sense
