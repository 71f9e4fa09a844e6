// SPDX-License-Identifier: Apache-2.0
#include "cli/run_options.h"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "act/cage.h"
#include "base/result.h"
#include "base/text.h"
#include "cli/verb.h"
#include "cli/version.h"
#include "config/settings.h"
#include "config/value.h"
#include "run/catalog.h"
#include "session/run_options.h"

namespace ullage::cli {

namespace {

Result<std::map<std::string, std::string>> parse_tags(const std::vector<std::string>& tags) {
  std::map<std::string, std::string> parsed;
  for (const std::string& tag : tags) {
    const std::size_t equals = tag.find('=');
    if (equals == 0 || equals == std::string::npos)
      return fail("'" + printable(tag) + "' is not a tag", "--tag", "a tag reads as key=value");
    parsed[valid_utf8(tag.substr(0, equals))] = valid_utf8(tag.substr(equals + 1));
  }
  return parsed;
}

std::optional<std::chrono::nanoseconds> duration_unless(const config::Settings& settings,
                                                        std::string_view key, std::string_view word) {
  if (!settings.is_set(key) || settings.text(key) == word) return std::nullopt;
  return settings.duration(key);
}

// Beside the program, or where an installation has it.
std::string heap_library() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path beside = program.parent_path() / "libullage_heap.so";
  if (std::filesystem::exists(beside, error)) return beside;
  return (program.parent_path().parent_path() / "lib/ullage/libullage_heap.so").string();
}

std::optional<session::HeapOptions> heap_options(const config::Settings& settings) {
  const std::string how = settings.text("run.heap");
  if (how == "off") return std::nullopt;
  std::error_code error;
  const bool scans = settings.text("run.heap_scan") == "exit";
  return session::HeapOptions{
      .is_exact = how == "exact",
      .mean_bytes = settings.bytes("run.heap_interval"),
      .samples_per_second = settings.count("run.heap_rate"),
      .file_bytes_max = settings.bytes("run.heap_file_size"),
      .library = heap_library(),
      .scanner = scans ? std::filesystem::read_symlink("/proc/self/exe", error).string() : ""};
}

act::LimitRequest limits_of(const config::Settings& settings) {
  act::LimitRequest limits;
  if (settings.is_set("limits.memory")) limits.memory_bytes = settings.bytes("limits.memory");
  if (settings.is_set("limits.cpus")) limits.cores = settings.number("limits.cpus");
  if (settings.is_set("limits.pids")) limits.processes = settings.count("limits.pids");
  return limits;
}

// exec='notify it' whole in quotes, as examples have it, where a shell has left the inner ones.
std::string without_quotes(const std::string& command) {
  const char quote = command.front();
  const bool is_quoted = command.size() > 2 && (quote == '\'' || quote == '"') && command.back() == quote &&
                         command.find(quote, 1) == command.size() - 1;
  return is_quoted ? command.substr(1, command.size() - 2) : command;
}

}  // namespace

Result<session::PressureAction> parse_pressure_action(const std::string& text) {
  using Kind = session::PressureAction::Kind;
  if (text == "none") return session::PressureAction{};
  if (text == "stop") return session::PressureAction{.kind = Kind::stop};
  if (text == "term") return session::PressureAction{.kind = Kind::term};
  if (text == "kill") return session::PressureAction{.kind = Kind::kill};
  if (text.starts_with("exec=") && text.size() > 5)
    return session::PressureAction{.kind = Kind::exec, .command = without_quotes(text.substr(5))};
  if (text.starts_with("signal=")) {
    auto number = config::parse_signal(std::string_view(text).substr(7));
    if (!number) return pass_on(number);
    return session::PressureAction{.kind = Kind::signal, .signal = *number};
  }
  return fail("'" + printable(text) + "' is not something to do", "--on-pressure",
              "none, stop, term, kill, signal=USR1 or exec='COMMAND'");
}

Result<session::RunOptions> run_options(const config::Settings& settings, const RunArguments& arguments,
                                        const Console& console) {
  session::RunOptions options;
  options.command = arguments.command;
  options.name = valid_utf8(arguments.name);
  if (auto named = run::check_run_name(options.name); !named) return pass_on(named);
  auto tags = parse_tags(arguments.tags);
  if (!tags) return pass_on(tags);
  options.tags = *std::move(tags);
  options.environment = console.environment;
  options.recorded_variables = settings.list("run.environment");
  options.working_directory = console.working_directory;
  options.state_directory = settings.text("state.directory");
  options.profile = settings.profile();
  options.ullage_version = kVersion;
  options.interval = duration_unless(settings, "run.interval", "auto");
  options.costly_share = settings.number("run.pss_budget");
  options.process_rows = settings.count("run.max_processes");
  options.limits = limits_of(settings);
  options.timeout = duration_unless(settings, "limits.timeout", "none");
  options.strict = settings.flag("run.strict");
  options.grace = settings.duration("run.grace");
  options.warn_at = settings.ratios("run.warn_at");
  options.horizon = settings.duration("run.horizon");
  auto action = parse_pressure_action(settings.text("run.on_pressure"));
  if (!action) return pass_on(action);
  options.on_pressure = *std::move(action);
  options.heap = heap_options(settings);
  options.wait_for_all = settings.text("run.wait") == "all";
  options.kill_with_me = settings.flag("run.kill_with_me");
  return options;
}

}  // namespace ullage::cli
