// SPDX-License-Identifier: Apache-2.0
// A collector of one kernel file: the reading, and what all of them do when the file is not there or was cut
// short. What the text says is left to each.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"
#include "sense/kernel_file.h"

namespace ullage::sense {

class FileCollector : public Collector {
 public:
  Result<void> collect(metric::Frame& frame) final;

 protected:
  FileCollector(const OsRoot& root, std::string_view path) : path_(path), file_(root.path(path)) {}
  // Of whole lines.
  virtual Result<void> add_values(std::string_view text, metric::Frame& frame) = 0;
  // "/proc/stat: what", with the line at fault where there is one.
  tl::unexpected<Error> broken(std::string_view what, std::string_view line = {}) const;

 private:
  std::string path_;
  KernelFile file_;
  std::string buffer_;
};

}  // namespace ullage::sense
