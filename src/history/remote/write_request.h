// SPDX-License-Identifier: Apache-2.0
// The body of Prometheus's remote write, protocol 1.0 (prometheus.io/docs/specs/prw/remote_write_spec): a
// WriteRequest in protobuf, as one snappy block. Reading it back is for a receiver and for tests; it trusts
// nothing. Pure: values in, bytes out.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "history/remote/series_samples.h"
#include "history/series_file.h"
#include "metric/series.h"

namespace ullage::history {

class WriteRequest {
 public:
  // Each series once, its samples ascending. Text is made UTF-8; labels without a value are left out.
  void add(const metric::SeriesKey& key, std::span<const Sample> samples);
  std::string body() const;  // compressed

 private:
  std::string message_;
};

constexpr std::size_t kWriteRequestBytesMax = 64u << 20;  // of the message, unpacked

// Series that come twice stay apart. What the protocol has besides (metadata, exemplars, native histograms)
// is passed over.
Result<std::vector<SeriesSamples>> parse_write_request(std::string_view body,
                                                       std::size_t bytes_max = kWriteRequestBytesMax);

}  // namespace ullage::history
