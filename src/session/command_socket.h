// SPDX-License-Identifier: Apache-2.0
// ULLAGE_SOCKET: what the command tells of itself (phases, own values, events) goes into the record. A run
// without a socket is a run all the same: a command that tells nothing misses nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/event_loop.h"
#include "sense/custom/line_server.h"
#include "session/recorder.h"

namespace ullage::session {

class CommandSocket {
 public:
  using Now = std::function<std::int64_t()>;  // milliseconds of wall time

  // run_id names the socket, in $XDG_RUNTIME_DIR or /tmp/ullage-UID where that is ours and closed to others,
  // else in a fresh folder.
  CommandSocket(EventLoop& loop, const std::string& run_id,
                const std::map<std::string, std::string>& environment);
  ~CommandSocket();
  CommandSocket(const CommandSocket&) = delete;
  CommandSocket& operator=(const CommandSocket&) = delete;
  const std::string& path() const { return path_; }  // empty when there is none
  const std::optional<Error>& problem() const { return problem_; }
  // Lines go to the recorder from now on.
  void open(Recorder& recorder, Now now);
  // Takes what was written until now.
  void finish();

 private:
  void take(const sense::Line& line);

  std::optional<sense::LineServer> server_;
  std::string path_;
  std::string private_folder_;  // made for this socket alone
  std::optional<Error> problem_;
  Recorder* recorder_ = nullptr;
  Now now_;
  std::uint64_t bad_lines_ = 0;
};

}  // namespace ullage::session
