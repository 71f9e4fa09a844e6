// SPDX-License-Identifier: Apache-2.0
#include "sense/file_collector.h"

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"

namespace ullage::sense {

Result<void> FileCollector::collect(metric::Frame& frame) {
  const auto text = file_.read(buffer_);
  if (!text) return broken("cannot be read");
  // The kernel ends every line; a number without one behind it may have lost digits.
  if (!text->ends_with('\n')) return broken("it is cut short");
  return add_values(*text, frame);
}

tl::unexpected<Error> FileCollector::broken(std::string_view what, std::string_view line) const {
  std::string text(what);
  if (!line.empty()) text += ": '" + printable(line) + "'";
  return fail(std::move(text), path_);
}

}  // namespace ullage::sense
