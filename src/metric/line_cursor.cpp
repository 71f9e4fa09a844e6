// SPDX-License-Identifier: Apache-2.0
#include "metric/line_cursor.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace ullage::metric {

std::string_view LineCursor::take_until(char c) {
  const std::string_view taken = rest().substr(0, rest().find(c));
  at_ += taken.size();
  return taken;
}

tl::unexpected<Error> LineCursor::fail_here(std::string what, std::string hint, std::size_t back) const {
  const std::size_t column = at_ - std::min(at_, back) + 1;
  return fail(std::move(what), "line " + std::to_string(number_) + ':' + std::to_string(column),
              std::move(hint));
}

}  // namespace ullage::metric
