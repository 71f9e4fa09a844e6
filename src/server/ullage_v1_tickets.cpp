// SPDX-License-Identifier: Apache-2.0
#include "server/ullage_v1_tickets.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "server/http_gate.h"

namespace ullage::server {

namespace {

constexpr std::chrono::minutes kGoodFor{10};
constexpr std::size_t kTicketsMax = 1000;  // the oldest go

}  // namespace

std::string Tickets::issue(std::string_view subject, std::chrono::nanoseconds now) {
  std::array<unsigned char, 32> bytes;
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return {};
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  while (!issued_.empty() && (issued_.front().until <= now || issued_.size() >= kTicketsMax))
    issued_.pop_front();
  issued_.push_back({text, std::string(subject), now + kGoodFor});
  return text;
}

bool Tickets::admit(std::string_view subject, std::string_view ticket, std::chrono::nanoseconds now) const {
  return std::ranges::any_of(issued_, [&](const Ticket& issued) {
    return issued.until > now && issued.subject == subject && is_same_secret(ticket, issued.text);
  });
}

}  // namespace ullage::server
