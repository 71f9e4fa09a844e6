// SPDX-License-Identifier: Apache-2.0
#include <sys/ioctl.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <system_error>

#include "act/start_state.h"
#include "base/clock.h"
#include "base/os_root.h"
#include "cli/verb.h"

namespace {

std::map<std::string, std::string> environment_variables() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

int terminal_width(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

int main(int argc, char** argv) {
  // Before anything else: what the command of a run must find as we found it.
  ullage::act::start_state();
  ullage::act::guard_standard_descriptors();
  ullage::act::raise_open_files();
  const ullage::SystemClock clock;
  std::error_code no_working_directory;
  ullage::cli::Console console{
      .out = std::cout,
      .err = std::cerr,
      .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
      .width = terminal_width(STDOUT_FILENO),
      .environment = environment_variables(),
      .working_directory = std::filesystem::current_path(no_working_directory).string(),
      .clock = clock,
      .root = ullage::OsRoot::live()};
  const bool colour = !console.environment.contains("NO_COLOR");
  console.colour = colour && console.out_is_terminal;
  console.err_colour = colour && ::isatty(STDERR_FILENO) == 1;
  return ullage::cli::run_command_line({argv + 1, argv + argc}, console);
}
