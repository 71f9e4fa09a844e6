// SPDX-License-Identifier: Apache-2.0
#include "session/command_socket.h"

#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>

#include "base/event_loop.h"
#include "base/file.h"
#include "base/result.h"
#include "sense/custom/line_protocol.h"
#include "sense/custom/line_server.h"

namespace ullage::session {

namespace {

constexpr std::uint64_t kBadLinesTold = 3;

// The usual one, if no stranger made it first; root that has a user's variables leaves the user's folder
// alone.
Result<std::string> usual_folder(const std::map<std::string, std::string>& environment) {
  const auto runtime = environment.find("XDG_RUNTIME_DIR");
  std::string folder = "/tmp/ullage-" + std::to_string(::geteuid());
  if (runtime != environment.end() && is_own_folder(runtime->second, 0)) folder = runtime->second + "/ullage";
  if (auto made = make_folders(folder); !made) return pass_on(made);
  if (!is_own_folder(folder, 077)) return fail("belongs to somebody else, or is open to others", folder);
  return folder;
}

template <class... Calls>
struct Overloaded : Calls... {
  using Calls::operator()...;
};

}  // namespace

CommandSocket::CommandSocket(EventLoop& loop, const std::string& run_id,
                             const std::map<std::string, std::string>& environment) {
  std::string folder = usual_folder(environment).value_or("");
  if (folder.empty()) {
    private_folder_ = "/tmp/ullage-XXXXXX";
    if (::mkdtemp(private_folder_.data()) == nullptr) {
      const int reason = errno;
      problem_ = fail_errno("cannot make a folder for the socket", "/tmp", reason).value();
      private_folder_.clear();
      return;
    }
    folder = private_folder_;
  }
  auto server = sense::LineServer::listen(
      loop, {.path = folder + '/' + run_id + ".socket"}, [this](const sense::Line& line) { take(line); },
      [this](const Error& error) {
        if (recorder_ == nullptr || ++bad_lines_ > kBadLinesTold) return;
        recorder_->event(now_(), "emit", "warning",
                         "a line to ULLAGE_SOCKET was not understood: " + error.text());
      });
  if (!server) {
    problem_ = server.error();
    return;
  }
  server_ = *std::move(server);
  path_ = server_->path();
}

CommandSocket::~CommandSocket() {
  server_.reset();
  if (!private_folder_.empty()) ::rmdir(private_folder_.c_str());
}

void CommandSocket::open(Recorder& recorder, Now now) {
  recorder_ = &recorder;
  now_ = std::move(now);
}

void CommandSocket::finish() {
  if (server_) server_->finish();
}

void CommandSocket::take(const sense::Line& line) {
  if (recorder_ == nullptr) return;
  const double cpu_seconds = recorder_->cpu_seconds();
  std::visit(
      Overloaded{[&](const sense::PhaseLine& phase) {
                   if (phase.begins) return recorder_->phases().begin(phase.name, now_(), cpu_seconds);
                   if (!recorder_->phases().end(phase.name, now_(), cpu_seconds))
                     recorder_->event(now_(), "emit", "warning",
                                      "phase '" + phase.name + "' ended but had not begun");
                 },
                 [&](const sense::GaugeLine& gauge) { recorder_->own_value(gauge); },
                 [&](const sense::CounterLine& counter) { recorder_->own_value(counter); },
                 [&](const sense::EventLine& event) { recorder_->event(now_(), "emit", "info", event.text); },
                 [](const sense::BlankLine&) {}},
      line);
}

}  // namespace ullage::session
