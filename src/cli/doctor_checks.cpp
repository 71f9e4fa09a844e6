// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_checks.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "act/cage.h"
#include "base/file.h"
#include "base/http_client.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/doctor_privileges.h"
#include "cli/finding.h"
#include "config/settings.h"
#include "daemon/daemon_settings.h"
#include "sense/cgroup/cgroup_place.h"
#include "sense/proc/exit_records.h"
#include "server/tls_identity.h"
#include "session/own_cgroup.h"

namespace ullage::cli {

namespace {

using State = Finding::State;

std::string first_line(const OsRoot& root, const std::string& path) {
  const auto text = read_file(root.path(path), 1 << 16);
  return text ? std::string(trim(text->substr(0, text->find('\n')))) : "";
}

// A file of /proc that is there or not, and what it is good for.
Finding check_file(const OsRoot& root, std::string id, std::string title, const std::string& path,
                   std::string good, std::string without, std::string remedy) {
  const auto text = read_file(root.path(path), 1 << 16);
  if (text) return {std::move(id), std::move(title), State::good, std::move(good)};
  return {std::move(id), std::move(title), State::missing,
          fmt::format("{}: {}", text.error().text(), without), std::move(remedy)};
}

Finding check_kernel(const OsRoot& root) {
  const std::string release = first_line(root, "/proc/sys/kernel/osrelease");
  if (release.empty())
    return {"kernel", "kernel", State::missing, "/proc is not mounted, or cannot be read",
            "mount -t proc proc /proc"};
  return {"kernel", "kernel", State::good, "Linux " + printable(release)};
}

// hidepid in the options of the mount at /proc: "proc /proc proc rw,nosuid,hidepid=2 0 0".
Finding check_processes(const OsRoot& root) {
  const auto mounts = read_file(root.path("/proc/self/mounts"), 1 << 20);
  std::string_view rest = mounts ? std::string_view(*mounts) : std::string_view();
  while (!rest.empty()) {
    std::string_view line = take_until(rest, '\n');
    take_word(line);
    if (take_word(line) != "/proc") continue;
    const std::size_t at = line.find("hidepid=");
    const std::string_view value =
        at == std::string_view::npos ? "0" : line.substr(at + 8, line.find_first_of(", ", at) - at - 8);
    if (value == "0" || value == "off") continue;
    return {"processes", "processes", State::limited,
            fmt::format("/proc hides the processes of other users (hidepid={})", value),
            "a run that changes its user (sudo) needs /proc mounted with hidepid=0"};
  }
  return {"processes", "processes", State::good, "those of all users can be seen"};
}

Finding check_children(const OsRoot& root) {
  std::string stat = first_line(root, "/proc/self/stat");
  std::string_view rest = stat;
  const std::string pid(take_word(rest));
  return check_file(root, "children", "children", fmt::format("/proc/self/task/{0}/children", pid),
                    "descendants are found without a search of all of /proc",
                    "each tick searches all of /proc", "a kernel with CONFIG_PROC_CHILDREN");
}

Finding check_exit_records(const OsRoot& root) {
  if (!root.is_live())
    return {"exit_records", "exit records", State::limited, "not tried on a machine that is not this one"};
  const auto records = sense::ExitRecords::open();
  if (records)
    return {"exit_records", "exit records", State::good,
            "short-lived processes are counted in full (taskstats)"};
  return {"exit_records", "exit records", State::limited,
          records.error().text() + " (a cgroup v2 or wait4 counts short-lived processes then)",
          "run as root, or: setcap cap_net_admin+ep $(command -v ullage)"};
}

Finding check_pressure(const OsRoot& root) {
  const auto text = read_file(root.path("/proc/pressure/memory"), 4096);
  if (text && !text->empty()) return {"pressure", "pressure", State::good, "PSI of the machine can be read"};
  return {"pressure", "pressure", State::missing,
          "there is no PSI: how long work stalls for memory, CPU or I/O is not told",
          "a kernel of 4.20 or newer with CONFIG_PSI, started with psi=1"};
}

// "Max open files            1024                 1048576              files"
Finding check_descriptors(const OsRoot& root) {
  constexpr std::uint64_t kEnough = 256;
  const auto limits = read_file(root.path("/proc/self/limits"), 1 << 16);
  constexpr std::string_view kName = "Max open files";
  const std::size_t at = limits ? limits->find(kName) : std::string::npos;
  if (at == std::string::npos)
    return {"descriptors", "open files", State::limited, "their limit is not told"};
  std::string_view rest = std::string_view(*limits).substr(at + kName.size());
  const std::string soft(take_word(rest));
  const auto count = to_unsigned(soft);
  if (!count || *count >= kEnough)
    return {"descriptors", "open files", State::good, soft + " may be open at once"};
  return {"descriptors", "open files", State::limited,
          soft + " may be open at once: many processes cost more to read",
          fmt::format("ulimit -n {}", 4 * kEnough)};
}

std::vector<Finding> what_can_be_seen(const OsRoot& root) {
  const uid_t own = ::geteuid();
  return {check_kernel(root),
          check_processes(root),
          check_children(root),
          check_shared_memory(root, own),
          check_storage_io(root, own),
          check_file(root, "run_queue", "run-queue wait", "/proc/self/schedstat", "of each thread",
                     "how long work waits for a processor is not told", "a kernel with CONFIG_SCHED_INFO"),
          check_exit_records(root),
          check_pressure(root),
          check_descriptors(root)};
}

unsigned affinity_cores(const OsRoot& root) {
  cpu_set_t set;
  if (!root.is_live() || ::sched_getaffinity(0, sizeof set, &set) != 0) return 0;
  return static_cast<unsigned>(CPU_COUNT(&set));
}

std::vector<Finding> what_applies(const OsRoot& root, const Result<sense::CgroupPlace>& place) {
  if (!place)
    return {
        {"cgroups", "cgroups", State::missing, place.error().text(), "mount -t cgroup2 none /sys/fs/cgroup"}};
  const sense::Capacity capacity = sense::read_capacity(root, *place, affinity_cores(root));
  std::vector<Finding> findings;
  findings.push_back({"cgroups", "cgroups",
                      place->layout == sense::CgroupLayout::none ? State::missing : State::good,
                      std::string(sense::to_string(place->layout))});
  if (capacity.memory_bytes)
    findings.push_back({"memory_capacity", "memory", State::good,
                        fmt::format("{} ({})", format_bytes(static_cast<double>(*capacity.memory_bytes)),
                                    printable(capacity.memory_source))});
  if (capacity.cores > 0)
    findings.push_back({"cores_capacity", "cores", State::good,
                        fmt::format("{:g} ({})", capacity.cores, printable(capacity.cores_source))});
  if (capacity.processes)
    findings.push_back(
        {"processes_capacity", "processes", State::good, fmt::format("at most {}", *capacity.processes)});
  return findings;
}

Finding held(const act::HeldLimit& limit) {
  Finding finding{"limit_" + limit.resource, "--" + limit.resource, State::good,
                  fmt::format("held by {}", to_string(limit.mechanism)), ""};
  const bool by_kernel =
      limit.mechanism == act::Mechanism::cgroup_v2 || limit.mechanism == act::Mechanism::cgroup_v1;
  if (by_kernel) return finding;
  finding.state = State::limited;
  if (!limit.problem.empty()) finding.text += ": " + printable(limit.problem);
  finding.remedy =
      "run as root, or in a cgroup that is yours: systemd-run --user --scope -p Delegate=yes -- ullage run …";
  return finding;
}

// Limits that no machine is below, on a cgroup in which nothing runs.
std::vector<Finding> what_can_be_enforced(const OsRoot& root, const sense::CgroupPlace& place) {
  constexpr std::uint64_t kProbeBytes = 16u << 20;
  const act::Cage cage =
      act::Cage::prepare(root, session::cage_sites(place), fmt::format("doctor-{}", ::getpid()),
                         {.memory_bytes = kProbeBytes, .cores = 0.5, .processes = 100});
  std::vector<Finding> findings;
  for (const act::HeldLimit& limit : cage.limits()) findings.push_back(held(limit));
  findings.push_back({"limit_timeout", "--timeout", State::good, "held by the supervisor"});
  return findings;
}

// The folder itself or, before it is made, the nearest that is there.
std::string nearest_folder(std::string path) {
  while (path.size() > 1 && !file_exists(path)) path.resize(std::max<std::size_t>(path.rfind('/'), 1));
  return path;
}

// What cannot be read may be the daemon's alone, which another user asks about.
Finding unfit(std::string id, std::string title, const Error& error, std::string remedy) {
  return {std::move(id), std::move(title), error.system_error == EACCES ? State::limited : State::missing,
          printable(error.text()), std::move(remedy)};
}

// For a daemon with these settings: that the files they name are there and fit.
std::vector<Finding> what_a_daemon_needs(const config::Settings& settings) {
  std::vector<Finding> findings;
  if (const auto sending = daemon::forward_options(settings, "", 0); !sending)
    findings.push_back(
        unfit("remote_write", "remote write", sending.error(), "see remote_write in `ullage config show`"));
  else if (*sending)
    findings.push_back(
        {"remote_write", "remote write", State::good, "to " + url_shown((*sending)->receiver.url)});
  const auto options = daemon::server_options(settings);
  Result<void> fits;
  if (!options)
    fits = fail(options.error());
  else if (options->tls.is_wanted())
    fits = server::TlsIdentity::load(options->tls).map([](const auto&) {});
  if (!fits) {
    findings.push_back(unfit("server", "server", fits.error(), "see server in `ullage config show`"));
  } else if (options->tls.is_wanted() || !options->token.empty()) {
    const bool asks_clients = !options->tls.client_ca_file.empty();
    findings.push_back({"server", "server", State::good,
                        fmt::format("{}{}{}", options->tls.is_wanted() ? "HTTPS" : "HTTP",
                                    options->token.empty() ? "" : ", with a token",
                                    asks_clients ? ", to clients with a certificate" : "")});
  }
  return findings;
}

std::vector<Finding> what_is_configured(const OsRoot& root, const Result<config::Settings>& settings,
                                        const std::vector<std::string>& unknown_variables) {
  std::vector<Finding> findings;
  if (!settings) {
    findings.push_back(
        {"settings", "settings", State::missing, settings.error().text(), "ullage config check"});
  } else {
    const auto& files = settings->files();
    findings.push_back({"settings", "settings", State::good,
                        fmt::format("profile {}; read: {}", settings->profile(),
                                    files.empty() ? "no file" : fmt::format("{}", fmt::join(files, ", ")))});
    const std::string state = settings->text("state.directory");
    const bool writable = !root.is_live() || ::access(nearest_folder(state).c_str(), W_OK | X_OK) == 0;
    findings.push_back(
        {"state", "state", writable ? State::good : State::missing,
         printable(state) + (writable ? "" : " cannot be written to: runs are measured but not kept"),
         writable ? "" : "--state DIR, or state.directory in your ullage.yaml"});
    for (Finding& finding : what_a_daemon_needs(*settings)) findings.push_back(std::move(finding));
  }
  for (const std::string& name : unknown_variables)
    findings.push_back({"unknown_variable", "variables", State::limited, "no setting is called " + name,
                        "see `ullage config show`"});
  return findings;
}

}  // namespace

std::string_view to_string(Finding::State state) {
  switch (state) {
    case State::good:
      return "good";
    case State::limited:
      return "limited";
    case State::missing:
      return "missing";
  }
  return "";
}

std::vector<FindingGroup> examine(const OsRoot& root, const Result<config::Settings>& settings,
                                  const std::vector<std::string>& unknown_variables, Trials trials) {
  const auto place = sense::read_cgroup_place(root);
  std::vector<FindingGroup> groups = {{"What can be seen", what_can_be_seen(root)},
                                      {"What is allowed", what_is_allowed(root)},
                                      {"What applies here", what_applies(root, place)}};
  if (trials == Trials::made && root.is_live() && place)
    groups.push_back({"What can be enforced", what_can_be_enforced(root, *place)});
  groups.push_back({"What is configured", what_is_configured(root, settings, unknown_variables)});
  return groups;
}

}  // namespace ullage::cli
