// SPDX-License-Identifier: Apache-2.0
#include "sense/host_archive.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace ullage::sense {

namespace {

constexpr std::string_view kBegin = "-- /", kEnd = " --";

bool begins_file(std::string_view line) { return line.starts_with(kBegin) && line.ends_with(kEnd); }

bool is_command_line(std::string_view path) { return path.ends_with("/cmdline"); }

bool leads_out(std::string_view path) {
  while (!path.empty())
    if (take_until(path, '/') == "..") return true;
  return false;
}

// Arguments on one line.
std::string packed_arguments(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c == '\0')
      line += "\\0";
    else
      line += c == '\n' ? ' ' : c == '\\' ? '/' : c;  // so that \0 means one thing only
  }
  return line;
}

std::string unpacked_arguments(std::string_view line) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool is_nul = line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '0';
    text += is_nul ? '\0' : line[i];
    i += is_nul ? 1 : 0;
  }
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

std::string pack_archive(const std::vector<ArchiveFile>& files) {
  std::string archive;
  for (const ArchiveFile& file : files) {
    archive += "-- " + file.path + std::string(kEnd) + '\n';
    const std::string text = is_command_line(file.path) ? packed_arguments(file.text) : file.text;
    std::string_view rest = text;
    while (!rest.empty()) {
      std::string_view line = take_until(rest, '\n');
      if (begins_file(line)) archive += '_';
      archive += line;
      archive += '\n';
    }
  }
  return archive;
}

std::vector<ArchiveFile> unpack_archive(std::string_view archive) {
  std::vector<ArchiveFile> files;
  bool is_taken = false;
  while (!archive.empty()) {
    const std::string_view line = take_until(archive, '\n');
    if (begins_file(line)) {
      const std::string_view path = line.substr(3, line.size() - 3 - kEnd.size());
      is_taken = !leads_out(path);
      if (is_taken) files.push_back({std::string(path), {}});
    } else if (is_taken) {
      files.back().text.append(line).append("\n");
    }
  }
  for (ArchiveFile& file : files)
    if (is_command_line(file.path)) file.text = unpacked_arguments(file.text);
  return files;
}

}  // namespace ullage::sense
