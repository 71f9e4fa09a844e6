// SPDX-License-Identifier: Apache-2.0
// A file of records, read piece by piece into one buffer: not mapped, since a file that is cut while it is
// mapped ends its reader, and since mapped pages count as the reader's memory. Holes are passed over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace ullage::heap {

class FilePieces {
 public:
  static Result<FilePieces> open(const std::string& path);  // only a regular file

  std::uint64_t size() const;  // at this moment
  // As many bytes as there are from `offset` on, at most those asked for.
  std::size_t read(std::uint64_t offset, std::span<char> into) const;

  // Calls visit(number, record) for the whole records from `begin` to `end`; not for those in a hole, which
  // are of zeros. The records lie aligned to 8 bytes.
  template <class Record, class Visit>
  void for_each(std::uint64_t begin, std::uint64_t end, const Visit& visit) {
    static_assert(alignof(Record) <= alignof(std::uint64_t));
    const std::size_t in_buffer = buffer_.size() * sizeof(std::uint64_t) / sizeof(Record);
    const std::uint64_t count = end > begin ? (end - begin) / sizeof(Record) : 0;
    char* const bytes = reinterpret_cast<char*>(buffer_.data());
    for (std::uint64_t number = 0; number < count;) {
      const std::uint64_t data = next_data(begin + number * sizeof(Record));
      number = data > begin ? (data - begin) / sizeof(Record) : 0;
      if (number >= count) return;
      const auto wanted = count - number < in_buffer ? static_cast<std::size_t>(count - number) : in_buffer;
      const std::size_t got = read(begin + number * sizeof(Record), {bytes, wanted * sizeof(Record)});
      for (std::size_t i = 0; i < got / sizeof(Record); ++i)
        visit(number + i, *reinterpret_cast<const Record*>(bytes + i * sizeof(Record)));
      if (got < wanted * sizeof(Record)) return;
      number += wanted;
    }
  }

 private:
  std::uint64_t next_data(std::uint64_t offset) const;  // UINT64_MAX: nothing but a hole follows

  FileDescriptor file_;
  std::vector<std::uint64_t> buffer_;
};

}  // namespace ullage::heap
