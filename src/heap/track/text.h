// SPDX-License-Identifier: Apache-2.0
// Short texts without an allocation: cut at their bound, always zero-ended.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ullage::heap::track {

template <std::size_t capacity>
class Text {
 public:
  Text& add(const char* text) {
    for (; *text != '\0'; ++text) put(*text);
    return *this;
  }
  Text& add(std::uint64_t number) {
    char digits[20];
    int count = 0;
    do digits[count++] = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    while (count > 0) put(digits[--count]);
    return *this;
  }
  const char* c_str() const { return text_; }
  char* data() { return text_; }
  std::size_t size() const { return size_; }
  bool is_cut() const { return is_cut_; }

 private:
  void put(char c) {
    if (size_ + 1 < capacity)
      text_[size_++] = c;
    else
      is_cut_ = true;
  }
  char text_[capacity] = {};
  std::size_t size_ = 0;
  bool is_cut_ = false;
};

}  // namespace ullage::heap::track
