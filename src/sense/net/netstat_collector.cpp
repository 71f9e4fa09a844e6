// SPDX-License-Identifier: Apache-2.0
#include "sense/net/netstat_collector.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/kernel_file.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

namespace {

constexpr std::string_view kIp[] = {"Forwarding"};
constexpr std::string_view kOctets[] = {"InOctets", "OutOctets"};
constexpr std::string_view kIcmp[] = {"InMsgs", "OutMsgs"};
constexpr std::string_view kTcpExt[] = {"Listen*", "Syncookies*", "TCPSynRetrans", "TCPTimeouts"};
constexpr std::string_view kTcp[] = {"ActiveOpens", "CurrEstab",    "InSegs",     "OutRsts",
                                     "OutSegs",     "PassiveOpens", "RetransSegs"};
constexpr std::string_view kUdp[] = {"InDatagrams", "NoPorts", "OutDatagrams", "RcvbufErrors",
                                     "SndbufErrors"};

constexpr struct {
  std::string_view protocol;
  std::span<const std::string_view> counts;  // beside InErrors and InErrs, which every protocol gives
} kSelected[] = {
    {"Ip", kIp},         {"IpExt", kOctets}, {"Ip6", kOctets}, {"Icmp", kIcmp}, {"Icmp6", kIcmp},
    {"TcpExt", kTcpExt}, {"Tcp", kTcp},      {"Udp", kUdp},    {"Udp6", kUdp},
};

std::span<const std::string_view> selected_of(std::string_view protocol) {
  for (const auto& [name, counts] : kSelected)
    if (name == protocol) return counts;
  return {};
}

bool is_selected(std::span<const std::string_view> counts, std::string_view key) {
  if (key == "InErrors" || key == "InErrs") return true;
  return std::ranges::any_of(counts, [&](std::string_view count) {
    return count.ends_with('*') ? key.starts_with(count.substr(0, count.size() - 1)) : key == count;
  });
}

void name_count(std::string& name, std::string_view protocol, std::string_view key) {
  name = "node_netstat_";
  name += protocol;
  name += '_';
  name += key;
}

}  // namespace

// Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens …
// Tcp: 1 200 120000 -1 3744 …
Result<void> NetstatCollector::add_table(KernelFile& file, const char* path, metric::Frame& frame) {
  const auto text = file.read(buffer_);
  if (!text) return fail("cannot be read", path);
  if (!text->ends_with('\n')) return fail("it is cut short", path);
  std::string_view rest = *text, keys, values;
  while (take_line(rest, keys) && take_line(rest, values)) {
    const std::string_view protocol = take_until(keys, ':');
    if (take_until(values, ':') != protocol) return fail("keys and values do not follow each other", path);
    const auto counts = selected_of(protocol);
    for (std::string_view key; !(key = take_word(keys)).empty();) {
      const std::string_view word = take_word(values);
      if (!is_selected(counts, key)) continue;
      const auto value = to_signed(word);
      if (!value) return fail("not a count: '" + printable(key) + ' ' + printable(word) + "'", path);
      name_count(name_, protocol, key);
      frame.add(name_, static_cast<double>(*value));
    }
  }
  return {};
}

// Ip6InReceives                   	1
// UdpLite6InErrors                	0
Result<void> NetstatCollector::collect(metric::Frame& frame) {
  if (auto done = add_table(netstat_, "/proc/net/netstat", frame); !done) return done;
  if (auto done = add_table(snmp_, "/proc/net/snmp", frame); !done) return done;
  const auto text = snmp6_.read(buffer_);
  if (!text) return {};  // a kernel without IPv6
  std::string_view rest = *text, line, protocol;
  std::span<const std::string_view> counts;
  if (!rest.ends_with('\n')) return fail("it is cut short", "/proc/net/snmp6");
  while (take_line(rest, line)) {
    const std::string_view word = take_word(line);
    const std::size_t six = word.find('6');
    if (six == std::string_view::npos) continue;
    if (protocol != word.substr(0, six + 1)) counts = selected_of(protocol = word.substr(0, six + 1));
    const std::string_view key = word.substr(six + 1);
    if (!is_selected(counts, key)) continue;
    const auto value = take_unsigned(line);
    if (!value) return fail("not a count: '" + printable(word) + "'", "/proc/net/snmp6");
    name_count(name_, protocol, key);
    frame.add(name_, static_cast<double>(*value));
  }
  return {};
}

}  // namespace ullage::sense
