// SPDX-License-Identifier: Apache-2.0
// A kernel file that is read each tick through a descriptor kept open. One that was missing is looked for
// again now and then, since a controller may be switched on later. One thread.
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

class KernelFile {
 public:
  explicit KernelFile(std::string path) : path_(std::move(path)) {}

  // Its text, in the buffer given; nothing when it is not there or says nothing.
  std::optional<std::string_view> read(std::string& buffer) {
    if (!file_.is_open() && !open_again()) return std::nullopt;
    if (!read_into(file_.get(), buffer)) {
      file_.reset();
      return std::nullopt;
    }
    if (buffer.empty()) return std::nullopt;
    return buffer;
  }
  // A file that is one number on a line; one that was cut short has none.
  std::optional<std::uint64_t> read_number(std::string& buffer) {
    const auto text = read(buffer);
    return text && text->ends_with('\n') ? parse_one_number(*text) : std::nullopt;
  }
  // Until the next reading. One that was missing stays so for a while.
  void close() {
    if (!file_.is_open()) return;
    file_.reset();
    readings_until_try_ = 0;
  }

 private:
  static constexpr int kReadingsBetweenTries = 64;

  bool open_again() {
    if (readings_until_try_-- > 0) return false;
    readings_until_try_ = kReadingsBetweenTries;
    if (auto opened = open_file(path_, O_RDONLY)) file_ = std::move(*opened);
    return file_.is_open();
  }

  std::string path_;
  FileDescriptor file_;
  int readings_until_try_ = 0;
};

}  // namespace ullage::sense
