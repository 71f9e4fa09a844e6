// SPDX-License-Identifier: Apache-2.0
// Result<T>: what crosses a module's face instead of an exception. An Error says what was wrong, where
// (file:line:column, a path, a flag), what would be right, and what caused it, in words for the person
// at the terminal. A programmer's mistake is not an Error: it ends the program through check().
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace ullage {

struct Error {
  std::string what;        // what was wrong: "not a size"
  std::string where = {};  // "ullage.yaml:3:7", "/proc/12/stat", "--memory"
  std::string hint = {};   // what would be right: "a size reads as 512M, 4G, 1.5GiB"
  int system_error = 0;    // errno, where the system said no
  std::shared_ptr<const Error> cause = {};

  // "where: what (cause); hint", on one line.
  std::string text() const;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }
inline tl::unexpected<Error> fail(std::string what, std::string where = {}, std::string hint = {}) {
  return fail(Error{.what = std::move(what), .where = std::move(where), .hint = std::move(hint)});
}
// An error of the system's: what was tried ("cannot open"), on what, and errno's own words.
tl::unexpected<Error> fail_errno(std::string_view tried, std::string where, int error_number);

// Hands a failed result's error on: if (!file) return pass_on(file);
template <class T>
tl::unexpected<Error> pass_on(Result<T>& failed) {
  return fail(std::move(failed).error());
}

// Always on, in release builds too: ends the program when a promise of the code itself is broken.
void check(bool holds, std::string_view promise);

}  // namespace ullage
