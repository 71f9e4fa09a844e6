// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace ullage {

std::string Error::text() const {
  std::string line = where.empty() ? what : where + ": " + what;
  for (const Error* reason = cause.get(); reason != nullptr; reason = reason->cause.get())
    line += " (" + (reason->where.empty() ? reason->what : reason->where + ": " + reason->what) + ")";
  if (!hint.empty()) line += "; " + hint;
  return line;
}

tl::unexpected<Error> fail_errno(std::string_view tried, std::string where, int error_number) {
  return fail(Error{.what = std::string(tried) + ": " + std::strerror(error_number),
                    .where = std::move(where),
                    .system_error = error_number});
}

void check(bool holds, std::string_view promise) {
  if (holds) return;
  std::fprintf(stderr, "ullage: broken promise: %.*s\n", static_cast<int>(promise.size()), promise.data());
  std::abort();
}

}  // namespace ullage
