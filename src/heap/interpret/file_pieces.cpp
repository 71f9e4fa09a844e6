// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/file_pieces.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/result.h"

namespace ullage::heap {

namespace {

constexpr std::size_t kBufferBytes = 256 << 10;

}  // namespace

Result<FilePieces> FilePieces::open(const std::string& path) {
  auto file = open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);  // no waiting for who would write to a pipe
  if (!file) return pass_on(file);
  struct stat info;
  if (::fstat(file->get(), &info) != 0) return fail_errno("cannot read", path, errno);
  if (!S_ISREG(info.st_mode)) return fail("not a file", path);
  FilePieces pieces;
  pieces.file_ = std::move(*file);
  pieces.buffer_.resize(kBufferBytes / sizeof(std::uint64_t));
  return pieces;
}

std::uint64_t FilePieces::size() const {
  struct stat info;
  return ::fstat(file_.get(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

std::size_t FilePieces::read(std::uint64_t offset, std::span<char> into) const {
  std::size_t got = 0;
  while (got < into.size()) {
    const ssize_t more =
        ::pread(file_.get(), into.data() + got, into.size() - got, static_cast<off_t>(offset + got));
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) break;
    got += static_cast<std::size_t>(more);
  }
  return got;
}

std::uint64_t FilePieces::next_data(std::uint64_t offset) const {
  const off_t data = ::lseek(file_.get(), static_cast<off_t>(offset), SEEK_DATA);
  if (data >= 0) return static_cast<std::uint64_t>(data);
  return errno == ENXIO ? UINT64_MAX : offset;  // any other: a file system that does not know of holes
}

}  // namespace ullage::heap
