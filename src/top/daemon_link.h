// SPDX-License-Identifier: Apache-2.0
// Asks the daemon of a state directory through its socket, by its HTTP API. One that is not there, does not
// answer at once or speaks another version of the API is done without. Blocks for a second at most; one
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/http_client.h"
#include "base/result.h"
#include "top/daemon_word.h"

namespace ullage::top {

class DaemonLink {
 public:
  // `socket`: its path; empty for none.
  explicit DaemonLink(std::string socket) : socket_(std::move(socket)) {}

  enum class About { all, present };  // with the past, or only what changes
  // An error says why there is no word. One that failed is left alone for half a minute.
  Result<DaemonWord> ask(About about, std::int64_t now_ms);

 private:
  Result<std::string> get(const std::string& path);

  std::string socket_;
  std::optional<HttpClient> client_;
  std::optional<Error> failure_;
  std::int64_t failed_ms_ = 0;
};

// Of the API's answers, each added to what is known already. Pure.
Result<void> take_overview(std::string_view json, DaemonWord& word);
Result<void> take_growth_of_processes(std::string_view json, DaemonWord& word);
Result<void> take_growth_of_groups(std::string_view json, DaemonWord& word);
Result<void> take_past(std::string_view json, DaemonWord& word);
Result<void> take_runs(std::string_view json, DaemonWord& word);
Result<void> take_run_values(std::string_view json, DaemonWord& word);

}  // namespace ullage::top
