// SPDX-License-Identifier: Apache-2.0
#include "heap/track/heap_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "heap/track/format.h"
#include "heap/track/options.h"
#include "heap/track/os.h"
#include "heap/track/text.h"
#include "heap/track/thread_record.h"

namespace ullage::heap::track {

using file::Chunk;
using file::ChunkKind;
using file::FileHeader;

namespace {

constexpr int kDescriptorMin = 900;
constexpr int kDescriptorsMost = 3;  // the file's and the folder's; and one as they are moved
constexpr int kNamesMax = 10'000;    // programs that one process becomes by exec

constexpr std::size_t in_pages(std::size_t bytes) {
  return (bytes + file::kPage - 1) / file::kPage * file::kPage;
}

long open_at(int folder, const char* path, int flags) {
  return kernel_call(SYS_openat, folder, reinterpret_cast<long>(path), flags | O_CLOEXEC, 0600);
}

rlim_t limit_of(int resource) {
  rlimit limit{};
  const long failed = kernel_call(SYS_prlimit64, 0, resource, 0, reinterpret_cast<long>(&limit));
  return failed != 0 ? RLIM_INFINITY : limit.rlim_cur;
}

// The descriptor, out of the way of programs that count theirs: under a number as high as it may be.
int moved_away(int descriptor) {
  const rlim_t limit = limit_of(RLIMIT_NOFILE);
  const int least = limit >= kDescriptorMin + kDescriptorsMost ? kDescriptorMin
                    : limit > kDescriptorsMost                 ? static_cast<int>(limit - kDescriptorsMost)
                                                               : 0;
  const long moved = kernel_call(SYS_fcntl, descriptor, F_DUPFD_CLOEXEC, least);
  if (moved < 0) return descriptor;
  kernel_call(SYS_close, descriptor);
  return static_cast<int>(moved);
}

// Beyond the limit (ulimit -f) the program would be ended by a signal.
bool is_within_limit(std::uint64_t bytes) { return bytes <= limit_of(RLIMIT_FSIZE); }

// Zeroes are written where a file system cannot set room aside.
bool set_aside(int descriptor, std::uint64_t offset, std::size_t bytes) {
  const long done =
      kernel_call(SYS_fallocate, descriptor, 0, static_cast<long>(offset), static_cast<long>(bytes));
  if (done == 0) return true;
  constexpr long kNoSpace = -28, kTooBig = -27;
  if (done == kNoSpace || done == kTooBig) return false;
  static const char zeroes[file::kPage] = {};
  for (std::size_t at = 0; at < bytes; at += sizeof zeroes)
    if (kernel_call(SYS_pwrite64, descriptor, reinterpret_cast<long>(zeroes), sizeof zeroes,
                    static_cast<long>(offset + at)) != sizeof zeroes)
      return false;
  return true;
}

}  // namespace

bool HeapFile::make(const char* folder, std::uint64_t bytes_max) {
  pid_ = static_cast<std::uint32_t>(kernel_call(SYS_getpid));
  parent_pid_ = static_cast<std::uint32_t>(kernel_call(SYS_getppid));
  long opened = -1;
  for (int number = 0; number < kNamesMax; ++number) {
    Text<sizeof path_> path;
    path.add(folder).add("/");
    name_at_ = path.size();
    path.add(static_cast<std::uint64_t>(pid_));
    if (number > 0) path.add("-").add(static_cast<std::uint64_t>(number));
    path.add(".heap");
    if (path.is_cut()) return false;
    std::memcpy(path_, path.c_str(), sizeof path_);
    opened = open_own(O_RDWR | O_CREAT | O_EXCL);
    constexpr long kExists = -17;
    if (opened != kExists) break;
  }
  if (opened < 0) return false;
  bytes_ = 0;
  bytes_max_ = bytes_max;
  file_ = Opened::of(moved_away(static_cast<int>(opened)));
  return file_.descriptor >= 0;
}

bool HeapFile::hold_folder(const char* folder) {
  if (folder_.is_still_there()) return false;
  const long opened = open_at(AT_FDCWD, folder, O_PATH | O_DIRECTORY);
  if (opened < 0) return false;
  folder_ = Opened::of(moved_away(static_cast<int>(opened)));
  return folder_.descriptor >= 0;
}

void HeapFile::let_go_of_folder() {
  if (folder_.is_still_there()) kernel_call(SYS_close, folder_.descriptor);
  folder_ = {};
}

// In a process that has changed its root the path leads nowhere.
long HeapFile::open_own(int flags) const {
  if (folder_.is_still_there()) return open_at(folder_.descriptor, path_ + name_at_, flags);
  return open_at(AT_FDCWD, path_, flags);
}

bool HeapFile::begin() {
  std::uint64_t offset = 0;
  void* memory = grow(in_pages(sizeof(FileHeader)), offset);
  if (memory == nullptr) return false;
  header_ = static_cast<FileHeader*>(memory);
  header_->version = file::kVersion;
  header_->header_bytes = static_cast<std::uint32_t>(bytes_);
  header_->file_bytes = bytes_;
  header_->pid = pid_;
  header_->parent_pid = parent_pid_;
  return true;
}

// A length takes no room on a disk.
void HeapFile::tell_of_no_room() {
  if (header_ != nullptr) {
    header_->losses.no_room.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const int descriptor = this->descriptor();
  if (descriptor >= 0 && is_within_limit(file::kBytesWithoutRoom))
    kernel_call(SYS_ftruncate, descriptor, static_cast<long>(file::kBytesWithoutRoom));
}

HeapFile::Opened HeapFile::Opened::of(int descriptor) {
  Opened opened;
  struct stat info;
  if (kernel_call(SYS_newfstatat, descriptor, reinterpret_cast<long>(""), reinterpret_cast<long>(&info),
                  AT_EMPTY_PATH) == 0)
    opened = {descriptor, info.st_dev, info.st_ino};
  return opened;
}

// A program may close all descriptors, and open others under their numbers.
bool HeapFile::Opened::is_still_there() const {
  if (descriptor < 0) return false;
  const Opened now = of(descriptor);
  return now.descriptor >= 0 && now.device == device && now.inode == inode;
}

void HeapFile::abandon() {
  // What was mapped stays so: nobody looks there any more, and it costs nothing.
  if (file_.is_still_there()) kernel_call(SYS_close, file_.descriptor);
  header_ = nullptr;
  file_ = {};
  lock_.unlock();
}

int HeapFile::descriptor() {
  if (file_.is_still_there()) return file_.descriptor;
  const long opened = open_own(O_RDWR);
  if (opened < 0) return -1;
  const Opened found = Opened::of(static_cast<int>(opened));
  if (found.device != file_.device || found.inode != file_.inode) {
    kernel_call(SYS_close, opened);
    return -1;
  }
  return file_.descriptor = moved_away(static_cast<int>(opened));
}

void* HeapFile::grow(std::size_t bytes, std::uint64_t& offset) {
  if (bytes_ + bytes > bytes_max_ || !is_within_limit(bytes_ + bytes)) return nullptr;
  const int descriptor = this->descriptor();
  if (descriptor < 0 || !set_aside(descriptor, bytes_, bytes)) return nullptr;
  const long at = kernel_call(SYS_mmap, 0, static_cast<long>(bytes), PROT_READ | PROT_WRITE, MAP_SHARED,
                              descriptor, static_cast<long>(bytes_));
  if (at < 0 && at > -4096) return nullptr;
  offset = bytes_;
  bytes_ += bytes;
  return reinterpret_cast<void*>(at);
}

HeapFile::Piece HeapFile::add(ChunkKind kind, std::uint32_t owner, std::size_t bytes) {
  const Locked locked(lock_);
  if (header_ == nullptr) return {};
  const std::uint32_t number = header_->chunk_count.load(std::memory_order_relaxed);
  if (number >= file::kChunksMax) return {};
  bytes = in_pages(bytes);
  std::uint64_t offset = 0;
  void* memory = grow(bytes, offset);
  if (memory == nullptr) return {};
  header_->file_bytes.store(bytes_, std::memory_order_relaxed);
  Chunk& chunk = header_->chunks[number];
  chunk.owner = owner;
  chunk.offset = offset;
  chunk.bytes = bytes;
  chunk.kind.store(kind, std::memory_order_release);
  header_->chunk_count.store(number + 1, std::memory_order_release);
  return {memory, number};
}

void HeapFile::drop(const Piece& piece) {
  const Locked locked(lock_);
  if (header_ == nullptr || piece.memory == nullptr) return;
  Chunk& chunk = header_->chunks[piece.chunk];
  chunk.kind.store(ChunkKind::none, std::memory_order_release);
  unmap_memory(piece.memory, chunk.bytes);
  const int descriptor = this->descriptor();
  if (descriptor >= 0)
    kernel_call(SYS_fallocate, descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                static_cast<long>(chunk.offset), static_cast<long>(chunk.bytes));
}

void HeapFile::write_header(const Options& options) {
  file::FileHeader& header = *header_;
  header.mode = options.is_exact ? file::Mode::exact : file::Mode::sampled;
  header.mean_bytes = options.mean_bytes;
  header.temporary_within = kTemporaryWithin;
  header.started_wall_ns = clock_ns(CLOCK_REALTIME);
  header.started_monotonic_ns = clock_ns(CLOCK_MONOTONIC);
  header.last_event_ns = header.started_monotonic_ns;
  std::memcpy(header.program, program_path(), sizeof header.program - 1);
  std::atomic_thread_fence(std::memory_order_release);
  std::memcpy(header.magic, file::kMagic, sizeof header.magic);
}

}  // namespace ullage::heap::track
