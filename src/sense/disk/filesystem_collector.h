// SPDX-License-Identifier: Apache-2.0
// Space and files of each mounted file system. A network file system whose server is gone does not answer,
// ever: threads of the collector's own ask, every few ticks, and collect() gives what the last round found. A
// file system that has not answered for some ticks is named node_filesystem_device_error 1, and another
// thread asks the rest until it does.
#pragma once

#include <sys/statvfs.h>

#include <functional>
#include <memory>
#include <string>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"

namespace ullage::sense {

class FilesystemCollector final : public Collector {
 public:
  // As statvfs(3): 0, or -1. Called from several threads.
  using Ask = std::function<int(const char* path, struct statvfs& answer)>;

  explicit FilesystemCollector(const OsRoot& root);
  FilesystemCollector(const OsRoot& root, Ask ask);
  ~FilesystemCollector() override;  // threads that hang are left to it
  Result<void> collect(metric::Frame& frame) override;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
  int ticks_unanswered_ = 0, ticks_until_round_ = 0;
};

}  // namespace ullage::sense
