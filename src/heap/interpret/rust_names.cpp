// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/rust_names.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace ullage::heap {

namespace {

constexpr std::size_t kDepthMost = 100;       // of things within things
constexpr std::size_t kNameBytesMost = 4096;  // references back could make it as long as one likes
constexpr std::size_t kStepsMost = 20'000;

std::string_view basic_type(char tag) {
  constexpr std::string_view kNames[] = {"i8",    "bool", "char", "f64", "str",  "f32",  "",    "u8", "isize",
                                         "usize", "",     "i32",  "u32", "i128", "u128", "_",   "",   "",
                                         "i16",   "u16",  "()",   "...", "",     "i64",  "u64", "!"};
  return tag >= 'a' && tag <= 'z' ? kNames[tag - 'a'] : std::string_view();
}

// Reads the name from left to right and writes what it says; each function is a rule of the RFC's grammar.
class Reader {
 public:
  explicit Reader(std::string_view name) : name_(name) {}

  std::optional<std::string> symbol() {
    path(Place::value);
    if (has_failed_) return std::nullopt;
    // The crate that made an instance of it is of no interest; ".llvm.…" is the compiler's.
    return text_;
  }

 private:
  enum class Place : std::uint8_t { value, type };  // arguments of a value's path follow "::"

  char peek() const { return at_ < name_.size() ? name_[at_] : '\0'; }
  char next() { return at_ < name_.size() ? name_[at_++] : fail(); }
  bool eat(char tag) {
    if (peek() != tag) return false;
    ++at_;
    return true;
  }
  char fail() {
    has_failed_ = true;
    return '\0';
  }
  void say(std::string_view text) {
    if (is_silent_) return;
    if (text_.size() + text.size() > kNameBytesMost)
      fail();
    else
      text_ += text;
  }
  // Counts a step into what lies within; false where it has been too many.
  bool enter() {
    if (++depth_ > kDepthMost || ++steps_ > kStepsMost) fail();
    return !has_failed_;
  }
  class Within {
   public:
    explicit Within(Reader& reader) : reader_(reader), may_go_on_(reader.enter()) {}
    ~Within() { --reader_.depth_; }
    Within(const Within&) = delete;
    Within& operator=(const Within&) = delete;
    explicit operator bool() const { return may_go_on_; }

   private:
    Reader& reader_;
    bool may_go_on_;
  };

  std::uint64_t decimal() {
    std::uint64_t number = 0;
    const char* begin = name_.data() + at_;
    const auto [end, error] = std::from_chars(begin, name_.data() + name_.size(), number);
    if (error != std::errc()) {  // also at the name's end, where there is nothing to look at
      fail();
      return 0;
    }
    const bool is_zero = *begin == '0';  // digits after it are not the number's
    at_ += is_zero ? 1 : static_cast<std::size_t>(end - begin);
    return is_zero ? 0 : number;
  }
  // "_" is 0, "0_" 1, "Z_" 62.
  std::uint64_t base62() {
    if (eat('_')) return 0;
    std::uint64_t number = 0;
    while (!has_failed_ && !eat('_')) {
      const char c = next();
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'z' ? c - 'a' + 10
                        : c >= 'A' && c <= 'Z' ? c - 'A' + 36
                                               : -1;
      if (digit < 0 || number > std::numeric_limits<std::uint64_t>::max() / 62 - 62) return fail();
      number = number * 62 + static_cast<std::uint64_t>(digit);
    }
    return number + 1;
  }
  std::uint64_t disambiguator() { return eat('s') ? base62() + 1 : 0; }

  std::string_view bare_identifier() {
    const bool is_punycode = eat('u');
    const std::uint64_t bytes = decimal();
    eat('_');
    if (has_failed_ || bytes > name_.size() - at_) {
      fail();
      return {};
    }
    const std::string_view word = name_.substr(at_, bytes);
    at_ += bytes;
    // Letters that are not ASCII's stand behind the others, as numbers: these say enough.
    return is_punycode ? word.substr(0, word.rfind('_')) : word;
  }

  // Goes on at an earlier place of the name, and comes back.
  template <typename Rule>
  void back_reference(std::size_t tag_at, Rule rule) {
    const std::uint64_t to = base62();
    if (has_failed_ || to >= tag_at) {
      fail();
      return;
    }
    if (is_silent_) return;
    const std::size_t here = at_;
    at_ = to;
    rule();
    at_ = here;
  }

  void path(Place place) {
    const Within within(*this);
    if (!within) return;
    const std::size_t tag_at = at_;
    switch (next()) {
      case 'C':
        disambiguator();
        return say(bare_identifier());
      case 'M':
        impl_path();
        say("<");
        type();
        return say(">");
      case 'X':
        impl_path();
        [[fallthrough]];
      case 'Y':
        say("<");
        type();
        say(" as ");
        path(Place::type);
        return say(">");
      case 'N':
        return nested_path(place);
      case 'I':
        path(place);
        if (place == Place::value) say("::");
        say("<");
        list([this] { generic_argument(); });
        return say(">");
      case 'B':
        return back_reference(tag_at, [this, place] { path(place); });
      default:
        fail();
    }
  }

  // Where an implementation stands is not part of how it is called.
  void impl_path() {
    disambiguator();
    const bool was_silent = is_silent_;
    is_silent_ = true;
    path(Place::type);
    is_silent_ = was_silent;
  }

  void nested_path(Place place) {
    const char space = next();
    path(place);
    const std::uint64_t number = disambiguator();
    const std::string_view word = bare_identifier();
    if (space >= 'a' && space <= 'z') {  // of types or of values: told by the word alone
      if (!word.empty()) say("::"), say(word);
      return;
    }
    say("::{");
    say(space == 'C' ? "closure" : space == 'S' ? "shim" : std::string_view(&space, 1));
    if (!word.empty()) say(":"), say(word);
    say("#" + std::to_string(number));
    say("}");
  }

  // Up to an "E", with commas between.
  template <typename Rule>
  std::size_t list(Rule rule) {
    std::size_t count = 0;
    for (; !has_failed_ && !eat('E'); ++count) {
      if (count > 0) say(", ");
      rule();
    }
    return count;
  }

  void generic_argument() {
    if (eat('L')) {
      base62();
      return say("'_");
    }
    if (eat('K')) return constant();
    type();
  }

  void type() {
    const Within within(*this);
    if (!within) return;
    const std::size_t tag_at = at_;
    const char tag = next();
    if (const std::string_view basic = basic_type(tag); !basic.empty()) return say(basic);
    switch (tag) {
      case 'A':
        say("[");
        type();
        say("; ");
        constant();
        return say("]");
      case 'S':
        say("[");
        type();
        return say("]");
      case 'T': {
        say("(");
        const std::size_t count = list([this] { type(); });
        return say(count == 1 ? ",)" : ")");
      }
      case 'R':
      case 'Q':
        if (eat('L')) base62();
        say(tag == 'R' ? "&" : "&mut ");
        return type();
      case 'P':
      case 'O':
        say(tag == 'P' ? "*const " : "*mut ");
        return type();
      case 'F':
        return function_type();
      case 'D':
        return trait_object();
      case 'B':
        return back_reference(tag_at, [this] { type(); });
      default:
        at_ = tag_at;
        path(Place::type);
    }
  }

  void binder() {
    if (eat('G')) base62();
  }

  void function_type() {
    binder();
    if (eat('U')) say("unsafe ");
    if (eat('K')) {
      say("extern \"");
      if (eat('C'))
        say("C");
      else
        say(bare_identifier());
      say("\" ");
    }
    say("fn(");
    list([this] { type(); });
    say(")");
    if (eat('u')) return;
    say(" -> ");
    type();
  }

  void trait_object() {
    say("dyn ");
    binder();
    for (bool is_first = true; !has_failed_ && !eat('E'); is_first = false) {
      if (!is_first) say(" + ");
      path(Place::type);
      while (eat('p')) {
        say("::");
        say(bare_identifier());
        say(" = ");
        type();
      }
    }
    if (!eat('L')) fail();
    base62();
  }

  void constant() {
    const Within within(*this);
    if (!within) return;
    const std::size_t tag_at = at_;
    const char tag = next();
    if (tag == 'p') return say("_");
    if (tag == 'B') return back_reference(tag_at, [this] { constant(); });
    const bool is_negative = eat('n');
    const std::size_t begin = at_;
    while (!has_failed_ && next() != '_') {
    }
    if (basic_type(tag).empty() ||
        has_failed_) {  // of other types the RFC's successors have forms of their own
      fail();
      return;
    }
    const std::string_view digits = name_.substr(begin, at_ - begin - 1);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (tag == 'b') return say(value == 0 ? "false" : "true");
    if (is_negative) say("-");
    if (error == std::errc() && end == digits.data() + digits.size())
      say(std::to_string(value));
    else
      say("0x"), say(digits);
  }

  std::string_view name_;  // behind the "_R"
  std::size_t at_ = 0, depth_ = 0, steps_ = 0;
  bool has_failed_ = false, is_silent_ = false;
  std::string text_;
};

}  // namespace

std::optional<std::string> demangle_rust(std::string_view name) {
  if (!name.starts_with("_R") || name.size() < 3) return std::nullopt;
  return Reader(name.substr(2)).symbol();
}

}  // namespace ullage::heap
