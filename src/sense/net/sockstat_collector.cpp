// SPDX-License-Identifier: Apache-2.0
#include "sense/net/sockstat_collector.h"

#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

Result<void> SockstatCollector::collect(metric::Frame& frame) {
  const auto text = sockstat_.read(buffer_);
  if (!text) return fail("cannot be read", "/proc/net/sockstat");
  if (auto done = add_lines(*text, "/proc/net/sockstat", frame); !done) return done;
  const auto text6 = sockstat6_.read(buffer_);
  if (!text6) return {};  // a kernel without IPv6
  return add_lines(*text6, "/proc/net/sockstat6", frame);
}

// sockets: used 13
// TCP: inuse 2 orphan 0 tw 2 alloc 2 mem 0        (mem in pages)
Result<void> SockstatCollector::add_lines(std::string_view text, const char* path, metric::Frame& frame) {
  if (!text.ends_with('\n')) return fail("it is cut short", path);
  std::string_view rest = text, line;
  while (take_line(rest, line)) {
    const std::string_view protocol = take_until(line, ':');
    for (std::string_view key; !(key = take_word(line)).empty();) {
      const auto value = to_signed(take_word(line));
      if (!value) return fail("not a count: '" + printable(protocol) + ' ' + printable(key) + "'", path);
      name_ = "node_sockstat_";
      name_ += protocol;
      name_ += '_';
      name_ += key;
      frame.add(name_, static_cast<double>(*value));
      if (key != "mem") continue;
      name_ += "_bytes";
      frame.add(name_, static_cast<double>(*value) * page_size_bytes_);
    }
  }
  return {};
}

}  // namespace ullage::sense
