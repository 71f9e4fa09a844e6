// SPDX-License-Identifier: Apache-2.0
// Any bytes as the body of a remote write, and as what is inside one; as a record of the queue. What is
// understood must mean the same when it is written again.
#include <snappy.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "history/remote/queue_record.h"
#include "history/remote/write_request.h"

namespace {

void check_body(std::string_view body) {
  const auto read = ullage::history::parse_write_request(body, 1u << 20);
  if (!read) return;
  ullage::history::WriteRequest request;
  for (const auto& series : *read) request.add(series.key, series.samples);
  const auto again = ullage::history::parse_write_request(request.body());
  ullage::check(again.has_value() && again->size() == read->size(), "what was written is read again");
  for (std::size_t i = 0; i < read->size(); ++i)
    ullage::check(
        (*again)[i].key == (*read)[i].key && (*again)[i].samples.size() == (*read)[i].samples.size(),
        "and means the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_body(bytes);
  std::string packed;
  snappy::Compress(bytes.data(), bytes.size(), &packed);
  check_body(packed);
  (void)ullage::history::parse_record(bytes, static_cast<std::uint32_t>(size / 2));
  return 0;
}
