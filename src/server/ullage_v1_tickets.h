// SPDX-License-Identifier: Apache-2.0
// What lets a browser follow a link where a token is needed, which a link cannot send: who has the token gets
// a ticket for one page, good for ten minutes. A cookie would do too, but browsers send it to every port of a
// machine. One thread.
#pragma once

#include <chrono>
#include <deque>
#include <string>
#include <string_view>

namespace ullage::server {

class Tickets {
 public:
  // 64 digits that nobody can guess; empty when the system has no randomness.
  std::string issue(std::string_view subject, std::chrono::nanoseconds now);
  bool admit(std::string_view subject, std::string_view ticket, std::chrono::nanoseconds now) const;

 private:
  struct Ticket {
    std::string text, subject;
    std::chrono::nanoseconds until;
  };
  std::deque<Ticket> issued_;  // the oldest first
};

}  // namespace ullage::server
