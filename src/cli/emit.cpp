// SPDX-License-Identifier: Apache-2.0
#include "cli/emit.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/verb.h"
#include "sense/custom/line_protocol.h"

namespace ullage::cli {

namespace {

constexpr timeval kPatience = {.tv_sec = 1, .tv_usec = 0};  // a script is not held up by a run that hangs

struct EmitOptions {
  std::vector<std::string> words;
  bool require = false;
};

Result<FileDescriptor> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return fail("is too long a path for a socket", path);
  path.copy(address.sun_path, path.size());
  FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return fail_errno("cannot make a socket", path, errno);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return fail_errno("cannot reach the run", path, errno);
  return fd;
}

Result<void> send_text(const FileDescriptor& fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t put = ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_errno("cannot reach the run", path, errno);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

// The run that this process is part of, if it is part of one and that is still there.
Result<FileDescriptor> open_run(const Console& console) {
  const auto socket = console.environment.find("ULLAGE_SOCKET");
  if (socket == console.environment.end() || socket->second.empty())
    return fail("this is not part of a run: ULLAGE_SOCKET is not set", {}, "start it by `ullage run`");
  return connect_to(socket->second);
}

int send_lines(const std::string& text, bool require, const Console& console) {
  const auto run = open_run(console);
  if (!run) return require ? refuse(console, run.error()) : 0;
  const auto sent = send_text(*run, text, console.environment.at("ULLAGE_SOCKET"));
  return sent || !require ? 0 : refuse(console, sent.error());
}

int emit_line(const std::string& text, const EmitOptions& options, const Console& console) {
  if (const auto line = sense::parse_line(text); !line) {
    Error error = line.error();
    error.where = fmt::format("'{}', {}", printable(text), error.where);
    return refuse(console, error);
  }
  return send_lines(text + "\n", options.require, console);
}

// k=v as it was typed becomes k="v" where the value holds blanks.
Result<std::string> label_text(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos)
    return fail(fmt::format("'{}' is no label", printable(word)), {}, "a label reads as shard=a");
  const sense::GaugeLine carrier{"x", 0, {{word.substr(0, equals), word.substr(equals + 1)}}};
  return sense::format_line(carrier).substr(std::string_view("gauge x 0").size());
}

int emit_phase(const EmitOptions& options, const Console& console) {
  const auto& words = options.words;
  if (words.size() != 2 || (words[1] != "begin" && words[1] != "end"))
    return refuse(console,
                  {.what = "a phase needs a name, and begin or end", .hint = "ullage emit phase load begin"});
  return emit_line(sense::format_line(sense::PhaseLine{words[0], words[1] == "begin"}), options, console);
}

int emit_value(std::string_view kind, const EmitOptions& options, const Console& console) {
  const auto& words = options.words;
  if (words.size() < 2)
    return refuse(console, {.what = fmt::format("a {} needs a name and a number", kind),
                            .hint = kind == "gauge" ? "ullage emit gauge queue_depth 3"
                                                    : "ullage emit counter rows_total +500"});
  std::string line = fmt::format("{} {} {}", kind, words[0], words[1]);
  for (std::size_t i = 2; i < words.size(); ++i) {
    const auto label = label_text(words[i]);
    if (!label) return refuse(console, label.error());
    line += *label;
  }
  return emit_line(line, options, console);
}

int emit_event(const EmitOptions& options, const Console& console) {
  return emit_line(sense::format_line(sense::EventLine{fmt::format("{}", fmt::join(options.words, " "))}),
                   options, console);
}

// Lines from standard input: one process for many of them.
int emit_lines(const EmitOptions& options, const Console& console, std::istream& in) {
  const auto run = open_run(console);
  if (!run && options.require) return refuse(console, run.error());
  bool reached = run.has_value(), all_understood = true;
  std::string text;
  for (std::uint64_t number = 1; std::getline(in, text); ++number) {
    if (const auto line = sense::parse_line(text); !line) {
      all_understood = false;
      Error error = line.error();
      error.where = fmt::format("line {}, {}", number, error.where);
      refuse(console, error);
      continue;
    }
    if (!reached) continue;  // the rest is still read, so that who writes does not get SIGPIPE
    const auto sent = send_text(*run, text + "\n", console.environment.at("ULLAGE_SOCKET"));
    if (!sent && options.require) return refuse(console, sent.error());
    reached = sent.has_value();
  }
  return all_understood ? 0 : 2;
}

struct Kind {
  const char* name;
  const char* help;
  const char* words;  // nullptr: takes none
  int (*act)(const EmitOptions&, const Console&);
};

constexpr Kind kKinds[] = {
    {"phase", "A phase begins or ends: ullage emit phase load begin", "NAME begin|end", emit_phase},
    {"gauge", "A value of now: ullage emit gauge queue_depth 3 shard=a", "NAME VALUE [LABEL=VALUE ...]",
     [](const EmitOptions& options, const Console& console) {
       return emit_value("gauge", options, console);
     }},
    {"counter", "So much more of something: ullage emit counter rows_total +500", "NAME +N [LABEL=VALUE ...]",
     [](const EmitOptions& options, const Console& console) {
       return emit_value("counter", options, console);
     }},
    {"event", "Something happened: ullage emit event checkpoint written", "TEXT", emit_event},
    {"lines", "All of these as lines from standard input, for many at once.", nullptr,
     [](const EmitOptions& options, const Console& console) {
       return emit_lines(options, console, std::cin);
     }},
};

}  // namespace

std::vector<Verb> add_emit(Command parent, Common& common, Console& console) {
  const Command emit = parent.verb("emit", "Send a phase, a value or an event from inside a run.");
  emit.footer("Outside of a run it does nothing and succeeds; --require makes that an error.");
  std::vector<Verb> verbs = {{emit}};
  for (const Kind& kind : kKinds) {
    const Command verb = emit.verb(kind.name, kind.help);
    const auto options = std::make_shared<EmitOptions>();
    if (kind.words != nullptr) verb.option("words", options->words, "").shows_as(kind.words);
    verb.flag("--require", options->require,
              "fail when this is not part of a run, or the run cannot be reached");
    verbs.push_back({verb, [options, &kind, &common, &console] {
                       std::ranges::copy(common.after_dashes, std::back_inserter(options->words));
                       return kind.act(*options, console);
                     }});
  }
  return verbs;
}

}  // namespace ullage::cli
