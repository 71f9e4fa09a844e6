// SPDX-License-Identifier: Apache-2.0
// Varints (LEB128, seven bits a byte, lowest first) and zigzag, as protobuf has them. Writing is into a
// buffer that the caller has made large enough; reading checks every byte.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

namespace ullage::history {

constexpr std::size_t kVarintBytesMax = 10;

inline std::uint64_t zigzag(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return (bits << 1) ^ (~(bits >> 63) + 1);
}
inline std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

inline std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

inline char* write_varint(char* at, std::uint64_t value) {
  while (value >= 0x80) {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *at++ = static_cast<char>(value);
  return at;
}

// Takes values off the front of bytes. After a failure it stays failed and gives zeros.
class VarintReader {
 public:
  explicit VarintReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  std::uint64_t varint() {
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) return static_cast<unsigned char>(*at_++);
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    return fail();
  }
  std::int64_t signed_varint() { return unzigzag(varint()); }
  unsigned char byte() {
    return at_ == end_ ? static_cast<unsigned char>(fail()) : static_cast<unsigned char>(*at_++);
  }
  std::string_view take(std::size_t size) {
    if (size > left()) return fail(), std::string_view();
    at_ += size;
    return {at_ - size, size};
  }

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  bool failed() const { return failed_; }

 private:
  std::uint64_t fail() {
    failed_ = true;
    at_ = end_;
    return 0;
  }

  const char* at_;
  const char* end_;
  bool failed_ = false;
};

}  // namespace ullage::history
