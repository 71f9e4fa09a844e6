// SPDX-License-Identifier: Apache-2.0
// When to send again, and what an answer means: rules of the remote-write protocol 1.0. 2xx is taken; 429,
// 5xx, redirects and silence are tried again, ever more rarely; any other 4xx is final. Pure: time and chance
// are passed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/http_client.h"
#include "base/result.h"

namespace ullage::history {

struct SendOutcome {
  int status = 0;  // 0: there was no answer
  std::optional<std::chrono::milliseconds> retry_after = {};
  std::string problem = {};  // in words, when it was not taken
};
// `wall_ms` is for a Retry-After that is a date.
SendOutcome outcome_of(const Result<HttpAnswer>& answer, std::int64_t wall_ms);
// Seconds, or a date as in "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 10.2.3).
std::optional<std::chrono::milliseconds> parse_retry_after(const std::string& text, std::int64_t wall_ms);

enum class Verdict {
  taken,
  again,    // later
  unfit,    // something in it is not wanted: parts of it may be
  refused,  // all of it, for good
};
Verdict judge(const SendOutcome& outcome);

struct BackOffOptions {
  std::chrono::milliseconds first{500};
  std::chrono::milliseconds longest{60'000};
  std::chrono::milliseconds retry_after_longest{600'000};  // that a receiver may ask for
};

class BackOff {
 public:
  explicit BackOff(const BackOffOptions& options = {}) : options_(options) {}
  // How long to wait after one more failure: twice as long each time, of which `chance` (0 … 1) decides half,
  // so that many senders do not come back at once; no less than the receiver asks for.
  std::chrono::milliseconds after_failure(const SendOutcome& outcome, double chance);
  void reset() { failures_ = 0; }

 private:
  BackOffOptions options_;
  int failures_ = 0;
};

}  // namespace ullage::history
