// SPDX-License-Identifier: Apache-2.0
#include "sense/net/udp_queues_collector.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

namespace {

//   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid …
//  317: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000     0 …
// (net/ipv4/udp.c, udp4_format_sock)
Result<void> add_queues(std::string_view text, const char* path, std::string_view ip, metric::Frame& frame) {
  std::uint64_t sent = 0, received = 0;
  std::string_view line;
  take_line(text, line);
  while (take_line(text, line)) {
    const std::string_view whole = line;
    for (int word = 0; word < 4; ++word) take_word(line);
    std::string_view queues = take_word(line);
    const auto sends = parse_hexadecimal(take_until(queues, ':'));
    const auto receives = parse_hexadecimal(queues);
    if (!sends || !receives) return fail("not a socket: '" + printable(whole) + "'", path);
    sent += *sends;
    received += *receives;
  }
  frame.add("node_udp_queues", {{"queue", "tx"}, {"ip", ip}}, static_cast<double>(sent));
  frame.add("node_udp_queues", {{"queue", "rx"}, {"ip", ip}}, static_cast<double>(received));
  return {};
}

}  // namespace

Result<void> UdpQueuesCollector::collect(metric::Frame& frame) {
  const auto text = udp_.read(buffer_);
  const bool is_there = text.has_value();
  if (is_there)
    if (auto done = add_queues(*text, "/proc/net/udp", "v4", frame); !done) return done;
  const auto text6 = udp6_.read(buffer_);
  if (!is_there && !text6) return fail("cannot be read", "/proc/net/udp");
  if (!text6) return {};  // a kernel without IPv6
  return add_queues(*text6, "/proc/net/udp6", "v6", frame);
}

}  // namespace ullage::sense
