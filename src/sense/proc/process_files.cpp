// SPDX-License-Identifier: Apache-2.0
#include "sense/proc/process_files.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"
#include "base/text.h"

namespace ullage::sense {

namespace {

constexpr std::size_t kBufferBytes = 32
                                     << 10;  // status of a machine of thousands of processors is below 16 KiB
constexpr std::size_t kCommandLineBytes = 4096;
constexpr std::array<std::string_view, kProcessFiles> kNames = {"stat", "status", "io", "schedstat",
                                                                "smaps_rollup"};

// "12/stat" on the stack: this is made for each process at each tick when descriptors are few.
struct ShortPath {
  std::array<char, 64> text;
  ShortPath(std::int64_t pid, std::string_view file) {
    char* end = std::to_chars(text.data(), text.data() + 24, pid).ptr;
    *end++ = '/';
    end = std::copy(file.begin(), file.end(), end);
    *end = '\0';
  }
};

bool is_denial(int error_number) { return error_number == EACCES || error_number == EPERM; }

std::size_t descriptors_to_keep(std::size_t asked) {
  struct rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::min<std::size_t>(asked, 16);
  return std::min<std::size_t>(asked, limit.rlim_cur / 2);  // the rest of the program needs some as well
}

struct RawEntry {  // linux_dirent64, getdents64(2)
  std::uint64_t inode;
  std::int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[1];
};
constexpr std::size_t kNameOffset = offsetof(RawEntry, name);

// Calls for each name of an open folder; false when it cannot be read. opendir(3) would allocate.
template <class Call>
bool for_each_name(int fd, std::span<char> buffer, Call call) {
  while (true) {
    const long got = ::syscall(SYS_getdents64, fd, buffer.data(), buffer.size());
    if (got <= 0) return got == 0;
    for (long at = 0; at < got;) {
      unsigned short length;
      std::memcpy(&length, buffer.data() + at + offsetof(RawEntry, length), sizeof(length));
      call(std::string_view(buffer.data() + at + kNameOffset));
      at += length;
    }
  }
}

}  // namespace

ProcessFiles::ProcessFiles(const OsRoot& root, std::size_t open_file_limit)
    : open_file_limit_(descriptors_to_keep(open_file_limit)), buffer_(kBufferBytes) {
  if (auto folder = open_file(root.path("/proc"), O_PATH | O_DIRECTORY)) proc_ = std::move(*folder);
  // Since Linux 6.2 the size of /proc/PID/fd is the number of descriptors (proc_pid_fd(5)); our own has some.
  struct stat info;
  fd_size_is_count_ = proc_.is_open() && ::fstatat(proc_.get(), "self/fd", &info, 0) == 0 &&
                      info.st_size > 0 && root.is_live();
}

FileDescriptor ProcessFiles::open(const char* path, int flags) {
  const auto try_open = [&] { return ::openat(proc_.get(), path, flags | O_RDONLY | O_CLOEXEC); };
  const auto is_short = [](int fd) { return fd < 0 && (errno == EMFILE || errno == ENFILE); };
  if (!spare_.is_open()) spare_ = FileDescriptor(::fcntl(proc_.get(), F_DUPFD_CLOEXEC, 0));
  int fd = try_open();
  if (is_short(fd)) {
    // Somebody else needs them more: never again as many as now.
    open_file_limit_ = std::min(open_file_limit_, kept_open_ / 2);
    spare_.reset();
    fd = try_open();
  }
  was_short_ = is_short(fd);
  was_denied_ = fd < 0 && is_denial(errno);
  return FileDescriptor(fd);
}

std::optional<std::string_view> ProcessFiles::read_from(int fd) {
  // One call: these files are made whole at the first read (single_open, fs/seq_file.c).
  ssize_t got;
  do got = ::pread(fd, buffer_.data(), buffer_.size(), 0);
  while (got < 0 && errno == EINTR);
  was_denied_ = got < 0 && is_denial(errno);
  if (got <= 0) return std::nullopt;
  return std::string_view(buffer_.data(), static_cast<std::size_t>(got));
}

std::optional<std::string_view> ProcessFiles::read(std::int64_t pid, ProcessFile file,
                                                   ProcessHandles& handles) {
  const auto index = static_cast<std::size_t>(file);
  FileDescriptor& kept = handles.files[index];
  was_short_ = false;
  if (kept.is_open()) {
    if (kept_open_ <= open_file_limit_) return read_from(kept.get());
    const auto text = read_from(kept.get());  // over the limit, since that was lowered: give it back
    kept.reset();
    --kept_open_;
    return text;
  }
  FileDescriptor opened = open(ShortPath(pid, kNames[index]).text.data(), 0);
  if (!opened.is_open()) return std::nullopt;
  const auto text = read_from(opened.get());
  // stat is read at each tick; the others keep theirs only while there are plenty.
  const std::size_t limit = file == ProcessFile::stat ? open_file_limit_ : open_file_limit_ / 4 * 3;
  if (text && kept_open_ < limit) {
    kept = std::move(opened);
    ++kept_open_;
  }
  return text;
}

std::optional<std::string_view> ProcessFiles::read_once(const char* path) {
  const FileDescriptor opened = open(path, 0);
  if (!opened.is_open()) return std::nullopt;
  return read_from(opened.get());
}

std::optional<std::string> ProcessFiles::read_command_line(std::int64_t pid) {
  const auto text = read_once(ShortPath(pid, "cmdline").text.data());
  if (!text) return std::nullopt;
  std::string_view line = text->substr(0, kCommandLineBytes);
  while (line.ends_with('\0')) line.remove_suffix(1);
  return std::string(line);
}

std::optional<std::uint64_t> ProcessFiles::count_open_files(std::int64_t pid) {
  const ShortPath path(pid, "fd");
  if (fd_size_is_count_) {
    struct stat info;
    if (::fstatat(proc_.get(), path.text.data(), &info, 0) != 0) return std::nullopt;
    // One may stat, but not list, another user's; its size is right all the same.
    return static_cast<std::uint64_t>(info.st_size);
  }
  const FileDescriptor folder = open(path.text.data(), O_DIRECTORY);
  std::uint64_t count = 0;
  const auto add = [&](std::string_view name) { count += name != "." && name != ".." ? 1u : 0u; };
  if (!folder.is_open() || !for_each_name(folder.get(), buffer_, add)) return std::nullopt;
  return count;
}

bool ProcessFiles::list_numbers(const char* path, std::vector<std::int64_t>& numbers) {
  numbers.clear();
  const auto add = [&](std::string_view name) {
    if (const auto number = to_signed(name); number && *number > 0) numbers.push_back(*number);
  };
  if (std::string_view(path) != ".") {
    const FileDescriptor folder = open(path, O_DIRECTORY);
    return folder.is_open() && for_each_name(folder.get(), buffer_, add);
  }
  if (!listing_.is_open()) listing_ = open(".", O_DIRECTORY);
  if (!listing_.is_open() || ::lseek(listing_.get(), 0, SEEK_SET) != 0) return false;
  return for_each_name(listing_.get(), buffer_, add);
}

void ProcessFiles::close(ProcessHandles& handles) {
  for (FileDescriptor& kept : handles.files) {
    if (!kept.is_open()) continue;
    kept.reset();
    --kept_open_;
  }
}

}  // namespace ullage::sense
