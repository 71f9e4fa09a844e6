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
#include "heap/track/os.h"
#include "heap/track/text.h"

namespace ullage::heap::track {

using file::Chunk;
using file::ChunkKind;
using file::FileHeader;

namespace {

constexpr int kDescriptorMin = 900;  // out of the way of programs that count theirs
constexpr int kNamesMax = 10'000;    // programs that one process becomes by exec

constexpr std::size_t in_pages(std::size_t bytes) {
  return (bytes + file::kPage - 1) / file::kPage * file::kPage;
}

bool identify(int descriptor, std::uint64_t& device, std::uint64_t& inode) {
  struct stat info;
  if (kernel_call(SYS_newfstatat, descriptor, reinterpret_cast<long>(""), reinterpret_cast<long>(&info),
                  AT_EMPTY_PATH) != 0)
    return false;
  device = info.st_dev;
  inode = info.st_ino;
  return true;
}

long open_at(const char* path, int flags) {
  return kernel_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), flags | O_CLOEXEC, 0600);
}

// Beyond the limit (ulimit -f) the program would be ended by a signal.
bool is_within_limit(std::uint64_t bytes) {
  rlimit limit{};
  return kernel_call(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, reinterpret_cast<long>(&limit)) != 0 ||
         bytes <= limit.rlim_cur;
}

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
  const long pid = kernel_call(SYS_getpid);
  long opened = -1;
  for (int number = 0; number < kNamesMax; ++number) {
    Text<sizeof path_> path;
    path.add(folder).add("/").add(static_cast<std::uint64_t>(pid));
    if (number > 0) path.add("-").add(static_cast<std::uint64_t>(number));
    path.add(".heap");
    if (path.is_cut()) return false;
    std::memcpy(path_, path.c_str(), sizeof path_);
    opened = open_at(path_, O_RDWR | O_CREAT | O_EXCL);
    constexpr long kExists = -17;
    if (opened != kExists) break;
  }
  if (opened < 0) return false;
  const long moved = kernel_call(SYS_fcntl, opened, F_DUPFD_CLOEXEC, kDescriptorMin);
  if (moved >= 0) kernel_call(SYS_close, opened);
  descriptor_ = static_cast<int>(moved >= 0 ? moved : opened);
  bytes_ = 0;
  bytes_max_ = bytes_max;
  return identify(descriptor_, device_, inode_);
}

bool HeapFile::begin() {
  std::uint64_t offset = 0;
  void* memory = grow(in_pages(sizeof(FileHeader)), offset);
  if (memory == nullptr) return false;
  header_ = static_cast<FileHeader*>(memory);
  header_->version = file::kVersion;
  header_->header_bytes = static_cast<std::uint32_t>(bytes_);
  header_->file_bytes = bytes_;
  header_->pid = static_cast<std::uint32_t>(kernel_call(SYS_getpid));
  header_->parent_pid = static_cast<std::uint32_t>(kernel_call(SYS_getppid));
  return true;
}

void HeapFile::abandon() {
  // What was mapped stays so: nobody looks there any more, and it costs nothing.
  if (descriptor_ >= 0 && is_ours(descriptor_)) kernel_call(SYS_close, descriptor_);
  header_ = nullptr;
  descriptor_ = -1;
  lock_.unlock();
}

// A program may close all descriptors, and open others under their numbers.
bool HeapFile::is_ours(int descriptor) const {
  std::uint64_t device = 0, inode = 0;
  return identify(descriptor, device, inode) && device == device_ && inode == inode_;
}

int HeapFile::descriptor() {
  if (descriptor_ >= 0 && is_ours(descriptor_)) return descriptor_;
  const long opened = open_at(path_, O_RDWR);
  if (opened < 0) return -1;
  if (!is_ours(static_cast<int>(opened))) {
    kernel_call(SYS_close, opened);
    return -1;
  }
  const long moved = kernel_call(SYS_fcntl, opened, F_DUPFD_CLOEXEC, kDescriptorMin);
  if (moved >= 0) kernel_call(SYS_close, opened);
  return descriptor_ = static_cast<int>(moved >= 0 ? moved : opened);
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

}  // namespace ullage::heap::track
