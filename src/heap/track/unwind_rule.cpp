// SPDX-License-Identifier: Apache-2.0
#include "heap/track/unwind_rule.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ullage::heap::track {

namespace {

using Cfa = UnwindRule::Cfa;
using Saved = UnwindRule::SavedFramePointer;

// Numbers of registers in DWARF for x86-64 (System V ABI, figure 3.36).
constexpr std::uint64_t kFramePointer = 6, kStackPointer = 7, kReturnAddress = 16;

// Encodings of pointers (LSB, "DWARF Exception Header Encoding").
constexpr std::uint8_t kOmitted = 0xFF, kIndirect = 0x80, kFormat = 0x0F, kRelativeTo = 0x70;
constexpr std::uint8_t kToItself = 0x10, kToTable = 0x30;

class Bytes {
 public:
  Bytes(const unsigned char* at, const unsigned char* end) : at_(at), end_(end) {}
  bool is_at_end() const { return at_ >= end_; }
  const unsigned char* at() const { return at_; }
  void skip(std::uint64_t bytes) {
    const auto left = static_cast<std::uint64_t>(end_ > at_ ? end_ - at_ : 0);
    at_ += bytes < left ? bytes : left;
  }

  template <typename T>
  T fixed() {
    T value{};
    if (static_cast<std::size_t>(end_ - at_) >= sizeof value) std::memcpy(&value, at_, sizeof value);
    skip(sizeof value);
    return value;
  }
  std::uint64_t unsigned_leb() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; at_ < end_; shift += 7) {
      const unsigned char byte = *at_++;
      if (shift < 64) value |= std::uint64_t{byte & 0x7Fu} << shift;
      if ((byte & 0x80) == 0) break;
    }
    return value;
  }
  std::int64_t signed_leb() {
    std::uint64_t value = 0;
    unsigned shift = 0;
    unsigned char byte = 0;
    while (at_ < end_) {
      byte = *at_++;
      if (shift < 64) value |= std::uint64_t{byte & 0x7Fu} << shift;
      shift += 7;
      if ((byte & 0x80) == 0) break;
    }
    if (shift < 64 && (byte & 0x40) != 0) value |= ~std::uint64_t{0} << shift;
    return static_cast<std::int64_t>(value);
  }
  // Indirect ones are not followed: only personalities are, and these are skipped.
  std::uint64_t pointer(std::uint8_t encoding, const unsigned char* table) {
    const auto itself = reinterpret_cast<std::uint64_t>(at_);
    std::uint64_t value = 0;
    switch (encoding & kFormat) {
      case 0x01:
        value = unsigned_leb();
        break;
      case 0x02:
        value = fixed<std::uint16_t>();
        break;
      case 0x03:
        value = fixed<std::uint32_t>();
        break;
      case 0x09:
        value = static_cast<std::uint64_t>(signed_leb());
        break;
      case 0x0A:
        value = static_cast<std::uint64_t>(std::int64_t{fixed<std::int16_t>()});
        break;
      case 0x0B:
        value = static_cast<std::uint64_t>(std::int64_t{fixed<std::int32_t>()});
        break;
      default:
        value = fixed<std::uint64_t>();
        break;
    }
    if ((encoding & kRelativeTo) == kToItself) value += itself;
    if ((encoding & kRelativeTo) == kToTable) value += reinterpret_cast<std::uint64_t>(table);
    return value;
  }

 private:
  const unsigned char* at_;
  const unsigned char* end_;
};

// An entry's own length, and what follows it. A length of 0 ends the section; 64-bit ones are not written by
// compilers.
Bytes open_entry(const unsigned char* entry) {
  std::uint32_t length = 0;
  std::memcpy(&length, entry, sizeof length);
  if (length == 0xFFFFFFFF) length = 0;
  return {entry + 4, entry + 4 + length};
}

struct CommonEntry {
  std::uint64_t code_factor = 1;
  std::int64_t data_factor = 1;
  std::uint8_t pointer_encoding = 0;
  bool has_augmentation = false;
  bool is_signal = false;
  Bytes program{nullptr, nullptr};
};

CommonEntry read_common(const unsigned char* entry) {
  CommonEntry common;
  Bytes bytes = open_entry(entry);
  bytes.skip(4);  // its id, 0
  const auto version = bytes.fixed<std::uint8_t>();
  const auto* augmentation = reinterpret_cast<const char*>(bytes.at());
  bytes.skip(std::strlen(augmentation) + 1);
  common.code_factor = bytes.unsigned_leb();
  common.data_factor = bytes.signed_leb();
  if (version == 1)
    bytes.skip(1);
  else
    bytes.unsigned_leb();
  if (augmentation[0] == 'z') {
    common.has_augmentation = true;
    const std::uint64_t length = bytes.unsigned_leb();
    Bytes data = bytes;
    bytes.skip(length);
    for (const char* letter = augmentation + 1; *letter != '\0'; ++letter) {
      if (*letter == 'R') common.pointer_encoding = data.fixed<std::uint8_t>();
      if (*letter == 'P') data.pointer(data.fixed<std::uint8_t>() & 0x7F, nullptr);
      if (*letter == 'L') data.skip(1);
      if (*letter == 'S') common.is_signal = true;
    }
  }
  common.program = bytes;
  return common;
}

// The rows of a table that instructions build, as far as an UnwindRule wants them.
struct Row {
  enum class CfaBy : std::uint8_t { offset, dereferenced, procedure_linkage, other };
  CfaBy cfa_by = CfaBy::offset;
  std::uint64_t cfa_register = kStackPointer;
  std::int64_t cfa_offset = 0;
  Saved saved = Saved::unchanged;
  std::int64_t saved_offset = 0;
  bool is_saved_known = true;
  bool has_caller = true;
};

class Interpreter {
 public:
  Interpreter(const CommonEntry& common, std::uint64_t begin, std::uint64_t place)
      : common_(common), at_place_(begin), place_(place) {}

  // Runs up to the row of the place.
  void run(Bytes program) {
    while (!program.is_at_end() && at_place_ <= place_) step(program);
  }
  void keep_initial() { initial_ = row_; }
  const Row& row() const { return row_; }

 private:
  void advance(std::uint64_t by) { at_place_ += by * common_.code_factor; }

  void step(Bytes& program) {
    const auto code = program.fixed<std::uint8_t>();
    const std::uint64_t low = code & 0x3F;
    switch (code >> 6) {
      case 1:
        return advance(low);
      case 2:
        return set_saved_at_offset(low,
                                   static_cast<std::int64_t>(program.unsigned_leb()) * common_.data_factor);
      case 3:
        return restore(low);
      default:
        return step_long(code, program);
    }
  }

  void step_long(std::uint8_t code, Bytes& program) {
    switch (code) {
      case 0x00:  // nop
        return;
      case 0x01:  // set_loc
        at_place_ = program.pointer(common_.pointer_encoding, nullptr);
        return;
      case 0x02:
        return advance(program.fixed<std::uint8_t>());
      case 0x03:
        return advance(program.fixed<std::uint16_t>());
      case 0x04:
        return advance(program.fixed<std::uint32_t>());
      case 0x0A:  // remember_state
        if (depth_ < kDepthMax) remembered_[depth_] = row_;
        ++depth_;
        return;
      case 0x0B:  // restore_state
        if (depth_ == 0) return;
        --depth_;
        if (depth_ < kDepthMax) row_ = remembered_[depth_];
        return;
      case 0x2E:  // GNU_args_size
        program.unsigned_leb();
        return;
      default:
        if (code >= 0x0C && code <= 0x13 && code != 0x10 && code != 0x11) return step_cfa(code, program);
        return step_register(code, program);
    }
  }

  // def_cfa…
  void step_cfa(std::uint8_t code, Bytes& program) {
    if (code == 0x0F) return set_cfa_expression(program);
    const bool has_register = code == 0x0C || code == 0x0D || code == 0x12;
    const bool has_offset = code != 0x0D;
    if (has_register) {
      row_.cfa_by = Row::CfaBy::offset;
      row_.cfa_register = program.unsigned_leb();
    }
    if (!has_offset) return;
    const bool is_factored = code == 0x12 || code == 0x13;
    row_.cfa_offset = is_factored ? program.signed_leb() * common_.data_factor
                                  : static_cast<std::int64_t>(program.unsigned_leb());
  }

  void step_register(std::uint8_t code, Bytes& program) {
    if (code < 0x05 || code > 0x16) {  // unknown: what it takes is unknown too
      row_.cfa_by = Row::CfaBy::other;
      at_place_ = UINT64_MAX;
      return;
    }
    const std::uint64_t number = program.unsigned_leb();
    switch (code) {
      case 0x05:  // offset_extended
        return set_saved_at_offset(number,
                                   static_cast<std::int64_t>(program.unsigned_leb()) * common_.data_factor);
      case 0x06:  // restore_extended
        return restore(number);
      case 0x07:  // undefined
        return set_undefined(number);
      case 0x08:  // same_value
        return set_same(number);
      case 0x10:  // expression
        return set_saved_by_expression(number, program);
      case 0x11:  // offset_extended_sf
        return set_saved_at_offset(number, program.signed_leb() * common_.data_factor);
      case 0x16:  // val_expression
        program.skip(program.unsigned_leb());
        return set_unknown(number);
      default:  // register, val_offset, val_offset_sf
        program.unsigned_leb();
        return set_unknown(number);
    }
  }

  void set_saved_at_offset(std::uint64_t number, std::int64_t offset) {
    if (number == kFramePointer) {
      row_.saved = Saved::below_cfa;
      row_.saved_offset = offset;
      row_.is_saved_known = true;
    }
    if (number == kReturnAddress) row_.has_caller = true;
  }
  void set_undefined(std::uint64_t number) {
    if (number == kReturnAddress) row_.has_caller = false;
  }
  void set_same(std::uint64_t number) {
    if (number == kFramePointer) row_.saved = Saved::unchanged;
  }
  void set_unknown(std::uint64_t number) {
    if (number == kFramePointer) row_.is_saved_known = false;
  }
  void restore(std::uint64_t number) {
    if (number == kFramePointer) {
      row_.saved = initial_.saved;
      row_.saved_offset = initial_.saved_offset;
      row_.is_saved_known = initial_.is_saved_known;
    }
    if (number == kReturnAddress) row_.has_caller = initial_.has_caller;
  }

  // breg6 x, deref: a function that has aligned its stack. breg7 8, breg16 0, lit15, and, lit11, ge, lit3,
  // shl, plus: a stub of .plt, as linkers write it.
  void set_cfa_expression(Bytes& program) {
    const std::uint64_t length = program.unsigned_leb();
    Bytes expression(program.at(), program.at() + length);
    program.skip(length);
    constexpr unsigned char kPlt[] = {0x80, 0x00, 0x3F, 0x1A, 0x3B, 0x2A, 0x33, 0x24, 0x22};
    row_.cfa_by = Row::CfaBy::other;
    const auto first = expression.fixed<std::uint8_t>();
    const std::int64_t offset = expression.signed_leb();
    const auto left =
        length >= 2 ? length - static_cast<std::uint64_t>(expression.at() - (program.at() - length)) : 0;
    if (first == 0x76 && left == 1 && *expression.at() == 0x06) {
      row_.cfa_by = Row::CfaBy::dereferenced;
      row_.cfa_offset = offset;
    } else if (first == 0x77 && left == sizeof kPlt && std::memcmp(expression.at(), kPlt, sizeof kPlt) == 0) {
      row_.cfa_by = Row::CfaBy::procedure_linkage;
      row_.cfa_offset = offset;
    }
  }
  // breg6 x: saved beside where the frame pointer points to.
  void set_saved_by_expression(std::uint64_t number, Bytes& program) {
    const std::uint64_t length = program.unsigned_leb();
    Bytes expression(program.at(), program.at() + length);
    program.skip(length);
    if (number != kFramePointer) return;
    row_.is_saved_known = expression.fixed<std::uint8_t>() == 0x76;
    row_.saved = Saved::beside_frame_pointer;
    row_.saved_offset = expression.signed_leb();
    row_.is_saved_known = row_.is_saved_known && expression.is_at_end();
  }

  static constexpr int kDepthMax = 8;
  const CommonEntry& common_;
  std::uint64_t at_place_, place_;
  Row row_, initial_;
  Row remembered_[kDepthMax];
  int depth_ = 0;
};

UnwindRule to_rule(const Row& row, bool is_signal) {
  UnwindRule rule;
  if (is_signal) {
    rule.cfa = Cfa::signal;
    return rule;
  }
  if (!row.has_caller) {
    rule.cfa = Cfa::outermost;
    return rule;
  }
  if (row.cfa_by == Row::CfaBy::dereferenced)
    rule.cfa = Cfa::at_frame_pointer;
  else if (row.cfa_by == Row::CfaBy::procedure_linkage)
    rule.cfa = Cfa::procedure_linkage;
  else if (row.cfa_by == Row::CfaBy::offset && row.cfa_register == kStackPointer)
    rule.cfa = Cfa::stack_pointer;
  else if (row.cfa_by == Row::CfaBy::offset && row.cfa_register == kFramePointer)
    rule.cfa = Cfa::frame_pointer;
  if (!row.is_saved_known || row.saved_offset != static_cast<std::int16_t>(row.saved_offset) ||
      row.cfa_offset != static_cast<std::int32_t>(row.cfa_offset))
    rule.cfa = Cfa::none;
  rule.saved = row.saved;
  rule.saved_offset = static_cast<std::int16_t>(row.saved_offset);
  rule.cfa_offset = static_cast<std::int32_t>(row.cfa_offset);
  return rule;
}

// The entry of the last function that begins at or before a place; the table is of signed 32-bit offsets to
// itself, sorted.
const unsigned char* find_entry(const unsigned char* header, std::uintptr_t place) {
  constexpr std::uint8_t kSortedPairs = 0x3B;
  Bytes bytes(header, header + 64);
  const auto version = bytes.fixed<std::uint8_t>();
  const auto frame_encoding = bytes.fixed<std::uint8_t>();
  const auto count_encoding = bytes.fixed<std::uint8_t>();
  const auto table_encoding = bytes.fixed<std::uint8_t>();
  if (version != 1 || count_encoding == kOmitted || table_encoding != kSortedPairs) return nullptr;
  bytes.pointer(frame_encoding, header);
  const std::uint64_t count = bytes.pointer(count_encoding, header);
  struct Pair {
    std::int32_t begin, entry;
  };
  const auto* pairs = reinterpret_cast<const Pair*>(bytes.at());
  const auto offset = static_cast<std::int64_t>(place - reinterpret_cast<std::uintptr_t>(header));
  std::uint64_t low = 0, high = count;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (pairs[middle].begin <= offset)
      low = middle + 1;
    else
      high = middle;
  }
  return low == 0 ? nullptr : header + pairs[low - 1].entry;
}

}  // namespace

UnwindRule find_rule(const unsigned char* eh_frame_header, std::uintptr_t place) {
  if (eh_frame_header == nullptr) return {};
  const unsigned char* entry = find_entry(eh_frame_header, place);
  if (entry == nullptr) return {};
  Bytes bytes = open_entry(entry);
  const unsigned char* id_at = bytes.at();
  const auto to_common = bytes.fixed<std::uint32_t>();
  if (to_common == 0) return {};
  const CommonEntry common = read_common(id_at - to_common);
  if ((common.pointer_encoding & kIndirect) != 0) return {};
  const std::uint64_t begin = bytes.pointer(common.pointer_encoding, nullptr);
  const std::uint64_t length = bytes.pointer(common.pointer_encoding & kFormat, nullptr);
  if (place < begin || place >= begin + length) return {};
  if (common.has_augmentation) bytes.skip(bytes.unsigned_leb());
  Interpreter interpreter(common, begin, place);
  interpreter.run(common.program);
  interpreter.keep_initial();
  interpreter.run(bytes);
  return to_rule(interpreter.row(), common.is_signal);
}

}  // namespace ullage::heap::track
