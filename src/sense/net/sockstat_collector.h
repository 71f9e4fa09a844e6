// SPDX-License-Identifier: Apache-2.0
// Sockets in use and the memory they hold: /proc/net/sockstat and sockstat6.
#pragma once

#include <string>
#include <string_view>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"
#include "sense/kernel_file.h"

namespace ullage::sense {

class SockstatCollector final : public Collector {
 public:
  explicit SockstatCollector(const OsRoot& root)
      : page_size_bytes_(static_cast<double>(root.page_size_bytes)),
        sockstat_(root.path("/proc/net/sockstat")),
        sockstat6_(root.path("/proc/net/sockstat6")) {}
  Result<void> collect(metric::Frame& frame) override;

 private:
  Result<void> add_lines(std::string_view text, const char* path, metric::Frame& frame);

  double page_size_bytes_;
  KernelFile sockstat_, sockstat6_;
  std::string buffer_, name_;
};

}  // namespace ullage::sense
