// SPDX-License-Identifier: Apache-2.0
#include "act/cage.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "act/cage_parts.h"
#include "act/cgroup_folder.h"
#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"

namespace ullage::act {
namespace {

constexpr int kKillRounds = 100;
constexpr int kKillPauseMs = 1;

std::vector<int> own_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> processors;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return processors;
  for (int processor = 0; processor < CPU_SETSIZE; ++processor)
    if (CPU_ISSET(processor, &set)) processors.push_back(processor);
  return processors;
}

// As many whole processors as the limit needs, from a place that differs from run to run, so that several
// runs do not all sit on the first ones.
std::vector<int> choose_processors(double cores) {
  const std::vector<int> all = own_processors();
  const auto count = static_cast<std::size_t>(std::max(1.0, std::ceil(cores)));
  if (all.empty() || count >= all.size()) return all;
  std::vector<int> chosen;
  const std::size_t start = static_cast<std::size_t>(::getpid()) * count;
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(all[(start + i) % all.size()]);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

std::optional<std::uint64_t> machine_memory_bytes(const OsRoot& root) {
  const auto text = read_file(root.path("/proc/meminfo"));
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  std::string_view line = take_until(rest, '\n');
  if (take_word(line) != "MemTotal:") return std::nullopt;
  const auto kib = to_unsigned(take_word(line));
  return kib ? std::optional(*kib * 1024) : std::nullopt;
}

// A limit that can never bind is allowed, and said.
void note_above_machine(const OsRoot& root, HeldLimit& limit) {
  if (limit.resource == "memory") {
    const auto bytes = machine_memory_bytes(root);
    if (bytes && limit.asked > static_cast<double>(*bytes))
      add_problem(limit.problem,
                  "above what the machine has (" + format_bytes(static_cast<double>(*bytes)) + ")");
  }
  if (limit.resource == "cpus") {
    const auto count = own_processors().size();
    if (count > 0 && limit.asked > static_cast<double>(count))
      add_problem(limit.problem, "above what we may use (" + std::to_string(count) + " processors)");
  }
}

// Sends SIGKILL to those who live in `folder` until nobody does, for a bounded time: it takes a moment to
// die, and who forks meanwhile is met in the next round.
bool kill_members(const std::string& folder) {
  for (int round = 0; round < kKillRounds; ++round) {
    const std::vector<pid_t> members = members_of(folder);
    if (members.empty()) return true;
    for (const pid_t pid : members)
      if (pid > 0 && pid != ::getpid()) ::kill(pid, SIGKILL);
    ::poll(nullptr, 0, kKillPauseMs);
  }
  return members_of(folder).empty();
}

}  // namespace

std::string_view to_string(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::cgroup_v2:
      return "cgroup v2";
    case Mechanism::cgroup_v1:
      return "cgroup v1";
    case Mechanism::affinity:
      return "affinity";
    case Mechanism::supervisor:
      return "supervisor";
  }
  return "";
}

void add_problem(std::string& problems, const std::string& problem) {
  if (problem.empty()) return;
  if (!problems.empty()) problems += "; ";
  problems += problem;
}

struct Cage::Impl {
  OsRoot root;
  std::optional<UnifiedCage> unified;
  std::optional<CgroupFolder> memory_v1, cpu_v1, pids_v1;
  std::string unified_folder, memory_v1_folder, cpu_v1_folder;
  std::string unified_problem;
  std::vector<std::string> v1_procs_files;
  std::vector<int> processors;
  std::vector<HeldLimit> limits;

  std::string site_path(const std::string& site) const { return site.empty() ? "" : root.path(site); }

  // A way to hold a limit, tried in order.
  bool hold(HeldLimit& limit, Mechanism mechanism, const HeldValue& value) const {
    if (!value.got) {
      add_problem(limit.problem,
                  value.problem.empty() ? "" : std::string(to_string(mechanism)) + ": " + value.problem);
      return false;
    }
    limit.got = value.got;
    limit.mechanism = mechanism;
    limit.problem.clear();
    return true;
  }

  template <class V2, class V1>
  HeldLimit hold_by_cgroup(std::string resource, double asked, const V2& by_v2, const std::string& v1_site,
                           const std::string& controller, const std::string& name,
                           std::optional<CgroupFolder>& v1, const V1& by_v1) {
    HeldLimit limit{.resource = std::move(resource), .asked = asked, .got = {}, .problem = unified_problem};
    if (unified && hold(limit, Mechanism::cgroup_v2, by_v2(*unified))) return limit;
    v1 = make_v1_folder(v1_site, controller, name, limit.problem);
    if (!v1) return limit;
    if (hold(limit, Mechanism::cgroup_v1, by_v1(*v1))) {
      v1_procs_files.push_back(v1->path() + "/cgroup.procs");
    } else {
      v1->remove();
      v1.reset();
    }
    return limit;
  }

  void hold_all(const CageSites& sites, const std::string& name, const LimitRequest& request);
  std::vector<const CgroupFolder*> folders() const;
};

void Cage::Impl::hold_all(const CageSites& sites, const std::string& name, const LimitRequest& request) {
  if (const auto bytes = request.memory_bytes) {
    limits.push_back(hold_by_cgroup(
        "memory", static_cast<double>(*bytes), [&](UnifiedCage& cage) { return cage.limit_memory(*bytes); },
        site_path(sites.memory_v1), "memory", name, memory_v1,
        [&](const CgroupFolder& folder) { return limit_memory_v1(folder, *bytes); }));
  }
  if (const auto cores = request.cores) {
    HeldLimit limit = hold_by_cgroup(
        "cpus", *cores, [&](UnifiedCage& cage) { return cage.limit_cores(*cores); }, site_path(sites.cpu_v1),
        "cpu", name, cpu_v1, [&](const CgroupFolder& folder) { return limit_cores_v1(folder, *cores); });
    if (limit.mechanism == Mechanism::supervisor) {
      processors = choose_processors(*cores);
      limit.mechanism = Mechanism::affinity;
      if (!processors.empty()) limit.got = static_cast<double>(processors.size());
    }
    limits.push_back(std::move(limit));
  }
  if (const auto count = request.processes) {
    limits.push_back(hold_by_cgroup(
        "pids", static_cast<double>(*count), [&](UnifiedCage& cage) { return cage.limit_processes(*count); },
        site_path(sites.pids_v1), "pids", name, pids_v1,
        [&](const CgroupFolder& folder) { return limit_processes_v1(folder, *count); }));
  }
  for (HeldLimit& limit : limits) note_above_machine(root, limit);
}

std::vector<const CgroupFolder*> Cage::Impl::folders() const {
  std::vector<const CgroupFolder*> result;
  if (unified) result.push_back(&unified->folder());
  for (const auto* folder : {&memory_v1, &cpu_v1, &pids_v1})
    if (*folder) result.push_back(&**folder);
  return result;
}

Cage Cage::prepare(const OsRoot& root, const CageSites& sites, const std::string& run_id,
                   const LimitRequest& request) {
  auto impl = std::make_unique<Impl>();
  impl->root = root;
  const std::string name = std::string(kCageNamePrefix) + run_id;
  impl->unified = UnifiedCage::make(impl->site_path(sites.unified), name, request, impl->unified_problem);
  impl->hold_all(sites, name, request);
  const auto shown = [&root](const CgroupFolder& folder) { return folder.path().substr(root.prefix.size()); };
  if (impl->unified) impl->unified_folder = shown(impl->unified->folder());
  if (impl->memory_v1) impl->memory_v1_folder = shown(*impl->memory_v1);
  if (impl->cpu_v1) impl->cpu_v1_folder = shown(*impl->cpu_v1);
  return Cage(std::move(impl));
}

int Cage::cgroup_fd() const { return impl_->unified ? impl_->unified->folder().fd() : -1; }
const std::string& Cage::unified_folder() const { return impl_->unified_folder; }
const std::string& Cage::memory_v1_folder() const { return impl_->memory_v1_folder; }
const std::string& Cage::cpu_v1_folder() const { return impl_->cpu_v1_folder; }
const std::vector<std::string>& Cage::v1_procs_files() const { return impl_->v1_procs_files; }
const std::vector<int>& Cage::processors() const { return impl_->processors; }
const std::vector<HeldLimit>& Cage::limits() const { return impl_->limits; }

std::optional<std::uint64_t> Cage::oom_kills() const {
  if (impl_->memory_v1) return sum_of_key(impl_->memory_v1->path(), "memory.oom_control", "oom_kill");
  if (!impl_->unified) return std::nullopt;
  // Of what is below, too.
  return value_of_key(impl_->unified->folder().path(), "memory.events", "oom_kill");
}

std::uint64_t Cage::refused_starts() const {
  if (impl_->pids_v1) return sum_of_key(impl_->pids_v1->path(), "pids.events", "max");
  if (!impl_->unified) return 0;
  return value_of_key(impl_->unified->folder().path(), "pids.events", "max").value_or(0);
}

Result<void> Cage::change_memory_limit(std::uint64_t bytes) {
  auto limit = std::find_if(impl_->limits.begin(), impl_->limits.end(),
                            [](const HeldLimit& held) { return held.resource == "memory"; });
  if (limit == impl_->limits.end())
    limit = impl_->limits.insert(limit, {.resource = "memory", .got = {}, .problem = impl_->unified_problem});
  HeldValue value;
  if (impl_->memory_v1)
    value = limit_memory_v1(*impl_->memory_v1, bytes);
  else if (impl_->unified)
    value = impl_->unified->limit_memory(bytes);
  if (!value.problem.empty()) return fail("cannot change the memory limit: " + value.problem);
  limit->asked = static_cast<double>(bytes);
  limit->got = value.got;
  if (value.got) limit->mechanism = impl_->memory_v1 ? Mechanism::cgroup_v1 : Mechanism::cgroup_v2;
  return {};
}

bool Cage::kill_all() {
  const auto folders = impl_->folders();
  if (folders.empty() || (impl_->unified_folder.empty() && impl_->v1_procs_files.empty())) return false;
  // In one step, where the kernel has it (5.14): then nobody can fork away.
  if (impl_->unified) (void)impl_->unified->folder().write("cgroup.kill", "1");
  return kill_members(folders.front()->path());
}

void Cage::give_up(const std::string& problem) {
  remove();
  impl_->unified_folder.clear();
  impl_->memory_v1_folder.clear();
  impl_->cpu_v1_folder.clear();
  impl_->v1_procs_files.clear();
  for (HeldLimit& limit : impl_->limits) {
    if (limit.mechanism == Mechanism::affinity) continue;
    limit.mechanism = Mechanism::supervisor;
    limit.got.reset();
    add_problem(limit.problem, problem);
  }
}

void Cage::remove() {
  if (impl_->unified && impl_->unified->remove()) impl_->unified.reset();
  for (auto* folder : {&impl_->memory_v1, &impl_->cpu_v1, &impl_->pids_v1})
    if (*folder && (*folder)->remove()) folder->reset();
}

Cage::Cage(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Cage::Cage(Cage&&) noexcept = default;
Cage& Cage::operator=(Cage&& other) noexcept {
  if (impl_ && impl_ != other.impl_) remove();
  impl_ = std::move(other.impl_);
  return *this;
}
Cage::~Cage() {
  if (impl_) remove();
}

int remove_stale_cages(const OsRoot& root, const CageSites& sites) {
  int removed = 0;
  for (const std::string& site : {sites.memory_v1, sites.cpu_v1, sites.pids_v1})
    if (!site.empty() && site != sites.unified) removed += remove_unheld_cgroups(root.path(site));
  // A v2 cage stands under our own cgroup or one above it.
  if (sites.unified.empty()) return removed;
  for (std::string folder = root.path(sites.unified); file_exists(folder + "/cgroup.controllers");
       folder.resize(folder.rfind('/')))
    removed += remove_unheld_cgroups(folder);
  return removed;
}

}  // namespace ullage::act
