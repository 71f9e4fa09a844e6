// SPDX-License-Identifier: Apache-2.0
#include "config/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "config/value.h"

namespace ullage::config {

namespace {

constexpr double kMiB = 1 << 20, kGiB = 1 << 30, kHour = 3600, kDay = 24 * kHour;
constexpr double kMostBytes = 8191.0 * kGiB * kMiB;  // what base/units reads at most: 8191 PiB
constexpr double kMostPids = 1 << 22;                // the kernel's PID_MAX_LIMIT
constexpr std::string_view kRunsCode = "it can execute commands";
constexpr std::string_view kPlacesFiles = "it says where files are written";
constexpr std::string_view kDeletesRuns = "it decides which of your runs are deleted";
constexpr std::string_view kDeletesHistory = "it decides how much of your machine's history is kept";
constexpr std::string_view kWatchesMachine = "it decides what is watched of your machine";
constexpr std::string_view kRecordsSecrets = "it decides what of your environment is recorded";

constexpr std::string_view kOpensPorts = "it decides who can reach the server";
constexpr std::string_view kLoadsMachine = "it decides how much is asked of your machine";

constexpr auto kSchema = std::to_array<Key>({
    {.name = "profile",
     .type = Type::text,
     .default_value = "development",
     .doc = "The profile whose values stand under all files: development, production, testing, or one of "
            "your own.",
     .flag = "--profile"},
    {.name = "state.directory",
     .type = Type::text,
     .doc = "Where runs are kept, else in $XDG_STATE_HOME/ullage or ~/.local/state/ullage; 'temporary': a "
            "folder apart.",
     .flag = "--state",
     .unit = "folder",
     .words = "temporary",
     .optional = true,
     .scope = Scope::owner,
     .owner_because = kPlacesFiles},
    {.name = "run.interval",
     .type = Type::duration,
     .default_value = "auto",
     .doc = "Time between stored samples; auto starts at 20ms and doubles as the run grows.",
     .flag = "--interval",
     .least = 1e-3,
     .most = kHour,
     .words = "auto"},
    {.name = "run.horizon",
     .type = Type::duration,
     .default_value = "2m",
     .doc = "Warn when the trend says that a limit is less than this away; 0 turns the forecast off.",
     .flag = "--horizon",
     .most = 7 * kDay},
    {.name = "run.warn_at",
     .type = Type::list,
     .default_value = "[80%, 90%, 95%]",
     .doc = "Warn when memory reaches these shares of the limit, or of what the machine has.",
     .flag = "--warn-at",
     .unit = "ratio",
     .least = 0.01,
     .most = 1},
    {.name = "run.warn",
     .type = Type::flag,
     .default_value = "true",
     .doc = "One line on stderr at each warning of memory; without it they are only recorded.",
     .flag = "--no-warn"},
    {.name = "run.advice",
     .type = Type::flag,
     .default_value = "true",
     .doc =
         "Advice in the summary, where the run's figures give any; the run's file and report always have it.",
     .flag = "--no-advice"},
    {.name = "run.summary",
     .type = Type::flag,
     .default_value = "true",
     .doc = "At most five lines on stderr at the end of a run; --quiet turns this, warnings and advice off.",
     .flag = "--no-summary"},
    {.name = "run.wait",
     .type = Type::choice,
     .default_value = "command",
     .doc = "When a run ends: with the command itself, or with the last of all it started.",
     .flag = "--wait",
     .words = "command|all"},
    {.name = "run.on_pressure",
     .type = Type::choice,
     .default_value = "none",
     .doc =
         "What to do when a limit is near: nothing, stop (freeze), term, kill, a signal, or a shell command.",
     .flag = "--on-pressure",
     .words = "none|stop|term|kill|signal=|exec=",
     .scope = Scope::owner,
     .owner_because = kRunsCode},
    {.name = "run.grace",
     .type = Type::duration,
     .default_value = "10s",
     .doc = "How long a command that was asked to end may take before it is killed.",
     .flag = "--grace",
     .most = kDay},
    {.name = "run.kill_with_me",
     .type = Type::flag,
     .default_value = "false",
     .doc = "Kill the command if Ullage itself dies; otherwise it lives on, unmeasured.",
     .flag = "--kill-with-me"},
    {.name = "run.strict",
     .type = Type::flag,
     .default_value = "false",
     .doc = "Do not start the command when a limit that was asked for cannot be enforced.",
     .flag = "--strict"},
    {.name = "run.growth_gate",
     .type = Type::flag,
     .default_value = "false",
     .doc = "Fail a run (exit 1) whose memory grew to its end without a plateau.",
     .flag = "--growth-gate"},
    {.name = "run.pss_budget",
     .type = Type::number,
     .default_value = "0.2%",
     .doc = "Share of one core that may go into reading PSS and the other costly fields.",
     .unit = "ratio",
     .most = 1},
    {.name = "run.max_processes",
     .type = Type::count,
     .default_value = "2000",
     .doc = "Rows of the process table that a run keeps; the lesser processes are summed by name.",
     .least = 1,
     .most = 1e6},
    {.name = "run.environment",
     .type = Type::list,
     .default_value = "[]",
     .doc = "More environment variables to record than those that bear on how programs run (threads, locale, "
            "GPUs, Slurm …).",
     .scope = Scope::owner,
     .owner_because = kRecordsSecrets},
    {.name = "limits.memory",
     .type = Type::bytes,
     .doc = "Most memory a run may use, page cache apart.",
     .flag = "--memory",
     .least = kMiB,
     .most = kMostBytes,
     .optional = true},
    {.name = "limits.cpus",
     .type = Type::number,
     .doc = "Most CPU a run may use, in cores: 1.5 is a core and a half.",
     .flag = "--cpus",
     .unit = "cores",
     .least = 0.01,
     .most = 1e5,
     .optional = true},
    {.name = "limits.pids",
     .type = Type::count,
     .doc = "Most processes and threads a run may have at once.",
     .flag = "--pids",
     .least = 1,
     .most = kMostPids,
     .optional = true},
    {.name = "limits.timeout",
     .type = Type::duration,
     .doc = "Longest a run may take; it is then asked to end, and killed after run.grace.",
     .flag = "--timeout",
     .least = 1e-3,
     .most = 3650 * kDay,
     .optional = true},
    {.name = "runs.keep",
     .type = Type::count,
     .default_value = "1000",
     .doc = "How many runs are kept; the oldest go first, never one that is alive.",
     .least = 1,
     .most = 1e9,
     .scope = Scope::owner,
     .owner_because = kDeletesRuns},
    {.name = "runs.keep_bytes",
     .type = Type::bytes,
     .default_value = "10G",
     .doc = "How much room all runs together may take; the oldest go first.",
     .least = kMiB,
     .most = kMostBytes,
     .scope = Scope::owner,
     .owner_because = kDeletesRuns},
    {.name = "history.keep.raw",
     .type = Type::duration,
     .default_value = "7d",
     .doc = "How long the history's samples are kept; whole days go.",
     .least = kDay,
     .most = 3650 * kDay,
     .scope = Scope::owner,
     .owner_because = kDeletesHistory},
    {.name = "history.keep.minute",
     .type = Type::duration,
     .default_value = "90d",
     .doc = "How long its minutes are kept (least, greatest, sum, count and last of each); whole days go.",
     .least = kDay,
     .most = 3650 * kDay,
     .scope = Scope::owner,
     .owner_because = kDeletesHistory},
    {.name = "history.keep.hour",
     .type = Type::duration,
     .default_value = "1826d",
     .doc = "How long its hours are kept, the same of each; whole months go. The default is five years.",
     .least = kDay,
     .most = 36500 * kDay,
     .scope = Scope::owner,
     .owner_because = kDeletesHistory},
    {.name = "history.keep.max_size",
     .type = Type::bytes,
     .default_value = "4G",
     .doc = "How much room the history may take; when it is more, all three become shorter alike.",
     .least = kMiB,
     .most = kMostBytes,
     .scope = Scope::owner,
     .owner_because = kDeletesHistory},
    {.name = "history.max_series",
     .type = Type::count,
     .default_value = "30000",
     .doc = "How many series may live at the same time; samples of more are dropped and counted.",
     .least = 100,
     .most = 200'000,
     .scope = Scope::owner,
     .owner_because = kDeletesHistory},
    {.name = "daemon.interval",
     .type = Type::duration,
     .default_value = "1s",
     .doc = "Time between the daemon's readings of the machine.",
     .flag = "--interval",
     .least = 0.1,
     .most = 60,
     .scope = Scope::owner,
     .owner_because = kWatchesMachine},
    {.name = "daemon.groups",
     .type = Type::count,
     .default_value = "100",
     .doc = "How many services, containers and programs have series of their own; the rest are summed.",
     .least = 1,
     .most = 10'000,
     .scope = Scope::owner,
     .owner_because = kWatchesMachine},
    {.name = "daemon.processes",
     .type = Type::count,
     .default_value = "50",
     .doc = "How many processes have series of their own, by each of memory, CPU time and growth.",
     .least = 1,
     .most = 10'000,
     .scope = Scope::owner,
     .owner_because = kWatchesMachine},
    {.name = "daemon.cgroups",
     .type = Type::count,
     .default_value = "500",
     .doc = "How many cgroups are read; the deepest are left out.",
     .least = 1,
     .most = 100'000,
     .scope = Scope::owner,
     .owner_because = kWatchesMachine},
    {.name = "daemon.pss_budget",
     .type = Type::number,
     .default_value = "0.2%",
     .doc = "Share of one core that may go into reading the PSS of the machine's processes.",
     .unit = "ratio",
     .most = 1,
     .scope = Scope::owner,
     .owner_because = kWatchesMachine},
    {.name = "server.listen",
     .type = Type::list,
     .default_value = "[127.0.0.1:9850]",
     .doc = "Addresses and ports that the daemon serves HTTP on; one that other machines can reach needs "
            "server.token_file.",
     .scope = Scope::owner,
     .owner_because = kOpensPorts},
    {.name = "server.socket",
     .type = Type::text,
     .doc = "The path of the unix socket that it serves HTTP on too; by default ullage.sock in the state "
            "directory.",
     .optional = true,
     .scope = Scope::owner,
     .owner_because = kOpensPorts},
    {.name = "server.token_file",
     .type = Type::text,
     .doc = "A file whose first line every client over TCP must send as its bearer token; the unix socket "
            "needs none.",
     .optional = true,
     .scope = Scope::owner,
     .owner_because = kOpensPorts},
    {.name = "server.names",
     .type = Type::list,
     .default_value = "[]",
     .doc = "Names that clients may call the server by, besides localhost and the addresses it listens on.",
     .scope = Scope::owner,
     .owner_because = kOpensPorts},
    {.name = "server.connections",
     .type = Type::count,
     .default_value = "10000",
     .doc = "Most clients that may be connected; the longest idle make room for new ones.",
     .least = 1,
     .most = 1e6,
     .scope = Scope::owner,
     .owner_because = kLoadsMachine},
    {.name = "server.queries",
     .type = Type::count,
     .default_value = "2",
     .doc = "Queries that are worked on at the same time, each on a thread of its own.",
     .least = 1,
     .most = 64,
     .scope = Scope::owner,
     .owner_because = kLoadsMachine},
    {.name = "server.queries_waiting",
     .type = Type::count,
     .default_value = "100",
     .doc = "Queries that may wait for a thread; more are told to come back.",
     .most = 10'000,
     .scope = Scope::owner,
     .owner_because = kLoadsMachine},
    {.name = "server.query_timeout",
     .type = Type::duration,
     .default_value = "2m",
     .doc = "Longest a query may take, the wait for a thread included.",
     .least = 0.1,
     .most = kHour,
     .scope = Scope::owner,
     .owner_because = kLoadsMachine},
    {.name = "query.bearer_token_file",
     .type = Type::text,
     .doc = "A file whose first line is sent as the bearer token to the Prometheus that `query --from "
            "http://…` asks.",
     .optional = true,
     .scope = Scope::owner,
     .owner_because = "it names a secret that is sent to other machines"},
});

constexpr std::array<std::string_view, 1> kReserved = {"ULLAGE_SOCKET"};

std::string_view noun(const Key& key) {
  switch (key.type) {
    case Type::flag:
      return "true or false";
    case Type::text:
      return key.unit == "folder" ? "a folder" : "a text";
    case Type::number:
      return key.unit == "ratio" ? "a ratio" : key.unit == "cores" ? "a number of cores" : "a number";
    case Type::count:
      return "a whole number";
    case Type::bytes:
      return "a size";
    case Type::duration:
      return "a duration";
    case Type::choice:
      return "one of";
    case Type::list:
      return key.unit == "ratio" ? "a list of ratios" : "a list of texts";
  }
  return "";
}

std::string joined_words(const Key& key) {
  std::string text;
  for (const std::string_view word : words_of(key)) {
    if (!text.empty()) text += ", ";
    text += word;
    if (word.ends_with('=')) text += word == "signal=" ? "NAME" : "COMMAND";
  }
  return text;
}

}  // namespace

std::span<const Key> schema() { return kSchema; }

const Key* find_key(std::string_view name) {
  const auto found = std::ranges::find(kSchema, name, &Key::name);
  return found == kSchema.end() ? nullptr : &*found;
}

std::string nearest_key(std::string_view misspelt) {
  std::vector<std::string_view> names;
  for (const Key& key : kSchema) names.push_back(key.name);
  names.push_back("profiles");
  if (const std::string found = did_you_mean(misspelt, names); !found.empty()) return found;
  // A right name in the wrong section, or in none.
  const std::string_view last = misspelt.substr(misspelt.rfind('.') + 1);
  for (const Key& key : kSchema)
    if (key.name.substr(key.name.rfind('.') + 1) == last) return fmt::format("did you mean '{}'?", key.name);
  return "";
}

bool is_section(std::string_view name) {
  return std::ranges::any_of(kSchema, [&](const Key& key) {
    return key.name.size() > name.size() && key.name.starts_with(name) && key.name[name.size()] == '.';
  });
}

std::string variable_of(const Key& key) {
  std::string name = "ULLAGE_";
  for (const char c : key.name) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : '_';
  return name;
}

std::span<const std::string_view> reserved_variables() { return kReserved; }

std::string_view to_string(Type type) {
  switch (type) {
    case Type::flag:
      return "flag";
    case Type::text:
      return "text";
    case Type::number:
      return "number";
    case Type::count:
      return "count";
    case Type::bytes:
      return "bytes";
    case Type::duration:
      return "duration";
    case Type::choice:
      return "choice";
    case Type::list:
      return "list";
  }
  return "";
}

std::vector<std::string_view> words_of(const Key& key) {
  std::vector<std::string_view> words;
  for (std::string_view rest = key.words; !rest.empty();) words.push_back(take_until(rest, '|'));
  return words;
}

std::string values_text(const Key& key) {
  if (key.type == Type::choice) return fmt::format("one of {}", joined_words(key));
  std::string text(noun(key));
  const std::string range = range_text(key);
  if (!range.empty()) text += " " + range;
  if (!key.words.empty()) text += ", or " + joined_words(key);
  if (key.optional && key.words.empty()) text += ", or none";
  return text;
}

}  // namespace ullage::config
