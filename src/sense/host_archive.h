// SPDX-License-Identifier: Apache-2.0
// A folder tree in one text, as tests/fixtures/hosts have it: a line `-- /path --` begins a file, each of its
// lines follows. In the arguments of a process `\0` stands for the byte 0. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ullage::sense {

struct ArchiveFile {
  std::string path;  // absolute, as on the machine
  std::string text;
};

// Lines of a file that would read as the begin of another are changed so that they do not.
std::string pack_archive(const std::vector<ArchiveFile>& files);
// Paths that would lead out of the tree are left out.
std::vector<ArchiveFile> unpack_archive(std::string_view archive);

}  // namespace ullage::sense
