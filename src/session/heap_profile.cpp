// SPDX-License-Identifier: Apache-2.0
#include "session/heap_profile.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"
#include "session/run_options.h"

namespace ullage::session {

namespace {

constexpr std::string_view kRunEnding = ".ullage";
constexpr std::size_t kHeadBytes = 64 << 10;  // of a program: its headers lie in front
constexpr int kInterpretersMost = 4;          // as the kernel (fs/exec.c)

template <typename Value>
bool read_at(std::string_view bytes, std::size_t offset, Value& into) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof into) return false;
  std::memcpy(&into, bytes.data() + offset, sizeof into);
  return true;
}

std::string why_not_elf(std::string_view head) {
  if (static_cast<unsigned char>(head[EI_CLASS]) != ELFCLASS64) return std::string(kIs32Bit);
  Elf64_Ehdr header;
  if (!read_at(head, 0, header)) return "its file is cut off";
  bool has_loader = false;
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    if (!read_at(head, header.e_phoff + i * header.e_phentsize, segment)) break;
    has_loader = has_loader || segment.p_type == PT_INTERP;
  }
  return has_loader ? "" : "it is statically linked";
}

// "#!/usr/bin/env python3" → "/usr/bin/env": what the kernel starts, and where the profiler is loaded first.
std::string interpreter_of(std::string_view head) {
  std::string_view line = head.substr(2, head.find('\n') - 2);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  return std::string(line.substr(0, line.find_first_of(" \t")));
}

}  // namespace

Result<void> prepare_heap_profile(const HeapOptions& options, const std::string& run_file,
                                  std::map<std::string, std::string>& environment) {
  if (::access(options.library.c_str(), R_OK) != 0)
    return fail_errno("the profiler cannot be loaded", options.library, errno);
  if (options.library.find_first_of(" :") != std::string::npos)
    return fail("the profiler cannot be loaded from a path with spaces or colons", options.library,
                "install Ullage elsewhere, or link to it");
  const std::string folder = run_file.substr(0, run_file.size() - kRunEnding.size()) + ".heap";
  if (auto made = make_folders(folder); !made) return pass_on(made);
  if (!options.scanner.empty() && ::symlink(options.scanner.c_str(), (folder + "/scanner").c_str()) != 0)
    return fail_errno("cannot link to the scanner", folder, errno);
  std::string& preloaded = environment["LD_PRELOAD"];
  preloaded = options.library + (preloaded.empty() ? "" : ":" + preloaded);
  environment["ULLAGE_HEAP"] =
      fmt::format("{}:{}:{}:{}:{}", options.is_exact ? "exact" : "sampled", options.mean_bytes,
                  options.samples_per_second, options.file_bytes_max, folder);
  return {};
}

std::string why_not_profiled(const std::string& program_path) {
  std::string path = program_path;
  for (int i = 0; i <= kInterpretersMost; ++i) {
    struct stat info;
    if (::stat(path.c_str(), &info) != 0) return {};
    if ((info.st_mode & (S_ISUID | S_ISGID)) != 0) return "it runs with the rights of another user or group";
    const auto file = open_file(path, O_RDONLY);
    std::string head;
    if (!file || !read_into(file->get(), head, kHeadBytes) || head.size() <= EI_CLASS) return {};
    if (head.starts_with(ELFMAG)) return why_not_elf(head);
    if (!head.starts_with("#!")) return {};
    path = interpreter_of(head);
  }
  return {};
}

}  // namespace ullage::session
