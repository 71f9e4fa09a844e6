// SPDX-License-Identifier: Apache-2.0
// Any bytes as the profiler's file: whole, and as parts behind a header that names them, since no fuzzer
// finds its way through 160 KiB of header. What comes of it must fold and come back the same.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "heap/interpret/heap_file.h"
#include "heap/interpret/interpret.h"
#include "heap/interpret/profile_codec.h"
#include "heap/interpret/symbols.h"
#include "heap/profile.h"
#include "heap/track/format.h"

namespace {

using namespace ullage::heap;

void check_file(std::string_view head, std::string_view rest) {
  const int fd = ::memfd_create("heap", MFD_CLOEXEC);
  ullage::check(fd >= 0, "there is a file in memory");
  (void)::write(fd, head.data(), head.size());
  (void)::write(fd, rest.data(), rest.size());
  const LostBlocks lost{0x1000};
  auto raw = read_heap_file("/proc/self/fd/" + std::to_string(fd), &lost);
  ::close(fd);
  if (!raw) return;
  for (auto& [number, module] : raw->modules)
    module.path = "/none";  // the fuzzer shall not open what it names
  Symbols symbols("/none");
  const Profile profile = to_profile(std::move(*raw), symbols);
  const std::string payload = profile_payload(profile);
  const auto again = parse_profile_payload(payload);
  ullage::check(again.has_value(), "a profile that was made can be read");
  ullage::check(profile_payload(*again) == payload, "it is the same");
}

// Parts: kind, owner and a length of two bytes each, in front of all of them.
void check_parts(std::string_view bytes) {
  constexpr std::size_t kEntry = 4;
  if (bytes.empty()) return;
  const std::size_t count = static_cast<unsigned char>(bytes[0]) % 8;
  if (bytes.size() < 1 + count * kEntry) return;
  auto header = std::make_unique<file::FileHeader>();
  std::memcpy(header->magic, file::kMagic, sizeof file::kMagic);
  header->version = file::kVersion;
  header->mode = (bytes[0] & 0x40) != 0 ? file::Mode::exact : file::Mode::sampled;
  header->mean_bytes = 4096;
  header->slot = 2;
  std::uint64_t offset = sizeof(file::FileHeader);
  for (std::size_t i = 0; i < count; ++i) {
    const auto* entry = reinterpret_cast<const unsigned char*>(bytes.data()) + 1 + i * kEntry;
    file::Chunk& chunk = header->chunks[i];
    chunk.owner = entry[1];
    chunk.offset = offset;
    chunk.bytes = std::uint64_t{entry[2]} << 8 | entry[3];
    chunk.kind = static_cast<file::ChunkKind>(entry[0] % 8);
    offset += chunk.bytes;
    if (chunk.owner < file::kShards) header->live_chunk[chunk.owner] = static_cast<std::uint32_t>(i) + 1;
  }
  header->chunk_count = static_cast<std::uint32_t>(count);
  check_file({reinterpret_cast<const char*>(header.get()), sizeof(file::FileHeader)},
             bytes.substr(1 + count * kEntry));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.starts_with("ULL")) check_file(bytes, {});
  check_parts(bytes);
  return 0;
}
