// SPDX-License-Identifier: Apache-2.0
// Any bytes as a block, and, since no fuzzer guesses checksums, with one, and as what is inside a block. What
// is a payload must mean the same when it is encoded again.
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "history/block_payload.h"
#include "history/checksum.h"

namespace {

using ullage::history::Block;

bool is_same(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::bit_cast<std::uint64_t>(a[i]) != std::bit_cast<std::uint64_t>(b[i])) return false;
  return true;
}

void check_payload(std::string_view payload) {
  const auto head = ullage::history::parse_payload_head(payload);
  if (!head) return;
  Block block{head->times_ms, head->series, {}};
  std::size_t begin = head->columns_begin;
  for (const std::size_t end : head->column_ends) {
    std::vector<double>& column = block.columns.emplace_back(block.times_ms.size());
    if (!ullage::history::parse_column(payload.substr(begin, end - begin), column)) return;
    begin = end;
  }
  const auto again = ullage::history::decode(ullage::history::encode(block));
  ullage::check(again.has_value(), "a block that was written is read");
  ullage::check(again->times_ms == block.times_ms && again->series == block.series, "its head is the same");
  for (std::size_t i = 0; i < block.columns.size(); ++i)
    ullage::check(is_same(again->columns[i], block.columns[i]), "its values are the same");
}

void check_sealed(std::string_view frames) {
  for (const std::string_view magic : {"UBK\x01", "UBK\x02"}) {
    std::string bytes(magic);
    bytes += frames;
    const std::uint32_t checksum = ullage::history::crc32c(bytes);
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(checksum >> shift);
    (void)ullage::history::decode(bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)ullage::history::decode(bytes);
  check_sealed(bytes);
  check_payload(bytes);
  return 0;
}
