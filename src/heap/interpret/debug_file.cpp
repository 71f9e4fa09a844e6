// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/debug_file.h"

#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>

#include "base/file.h"
#include "heap/interpret/libdw.h"

namespace ullage::heap {

namespace {

// The checksum of .gnu_debuglink is zlib's CRC-32 of the whole file.
bool has_checksum(const FileDescriptor& file, std::uint32_t wanted) {
  std::array<unsigned char, std::size_t{64} << 10> buffer;
  auto checksum = ::crc32(0, nullptr, 0);
  while (true) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0) return false;
    if (got == 0) return checksum == wanted;
    checksum = ::crc32(checksum, buffer.data(), static_cast<unsigned>(got));
  }
}

// libdw takes the descriptor, and frees the path.
int hand_over(FileDescriptor file, const std::string& path, char** found_path) {
  *found_path = ::strdup(path.c_str());
  return file.release();
}

}  // namespace

int find_debug_file(Dwfl_Module* module, void** userdata, const char* name, Dwarf_Addr base,
                    const char* file_path, const char* link_name, GElf_Word link_checksum,
                    char** found_path) {
  const int by_build_id =
      libdw().find_by_build_id(module, userdata, name, base, file_path, link_name, link_checksum, found_path);
  if (by_build_id >= 0 || link_name == nullptr || file_path == nullptr) return by_build_id;
  const std::filesystem::path beside = std::filesystem::path(file_path).parent_path();
  const std::filesystem::path debug_folder = **reinterpret_cast<std::string**>(userdata);
  for (const std::filesystem::path& path : {beside / link_name, beside / ".debug" / link_name,
                                            debug_folder / beside.relative_path() / link_name}) {
    if (path == file_path) continue;
    auto file = open_file(path.string(), O_RDONLY | O_NONBLOCK | O_NOCTTY);
    // Without a checksum it is the file that several debug files share (dwz), which libdw knows by its own
    // id.
    if (file && (link_checksum == 0 || has_checksum(*file, link_checksum)))
      return hand_over(std::move(*file), path.string(), found_path);
  }
  return -1;
}

}  // namespace ullage::heap
