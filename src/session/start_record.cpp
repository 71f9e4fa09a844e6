// SPDX-License-Identifier: Apache-2.0
#include "session/start_record.h"

#include <sched.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "act/cage.h"
#include "base/file.h"
#include "base/os_root.h"
#include "base/text.h"
#include "run/catalog.h"
#include "run/record.h"
#include "run/secrets.h"
#include "sense/cgroup/cgroup_place.h"
#include "sense/host/host_text.h"
#include "sense/sample.h"
#include "session/run_options.h"

namespace ullage::session {

namespace {

unsigned affinity_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 0;
  return static_cast<unsigned>(CPU_COUNT(&allowed));
}

run::Host this_host(const Surroundings& around, const OsRoot& root) {
  run::Host host;
  utsname system{};
  if (::uname(&system) == 0) {
    host.name = valid_utf8(system.nodename);
    host.kernel = system.release;
  }
  const long processors = ::sysconf(_SC_NPROCESSORS_ONLN);
  host.processors = processors > 0 ? static_cast<std::uint32_t>(processors) : 0;
  sense::HostSample machine;
  if (const auto text = read_file(root.path("/proc/meminfo"))) sense::parse_meminfo(*text, machine);
  host.memory_bytes = machine.memory_total_bytes.value_or(0);
  host.cgroups = sense::to_string(around.place.layout);
  return host;
}

std::string file_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

// The program's name; of `python3 examples/train.py`, where the program is only the interpreter, "train".
std::string default_name(const std::vector<std::string>& command) {
  constexpr std::array<std::string_view, 10> kInterpreters = {"python", "bash",    "sh",    "node", "perl",
                                                              "ruby",   "Rscript", "julia", "php",  "dash"};
  const std::string program = file_name(command.front());
  const bool interprets = std::ranges::any_of(kInterpreters, [&](std::string_view interpreter) {
    const std::string rest = program.starts_with(interpreter) ? program.substr(interpreter.size()) : "x";
    return rest.find_first_not_of("0123456789.") == std::string::npos;
  });
  if (!interprets || command.size() < 2 || command[1].starts_with("-")) return program;
  const std::string script = file_name(command[1]);
  return script.substr(0, script.rfind('.'));
}

// Not std::random_device, which asks the processor what it is: dear in a virtual machine. In an early boot
// without randomness our own number is enough: the name has the time in it, too.
std::uint64_t random_number() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number)
    number = static_cast<std::uint64_t>(::getpid());
  return number;
}

}  // namespace

Surroundings look_around(const OsRoot& root) {
  Surroundings around;
  // A machine without cgroups, or whose are not to be read, has no place; the capacity is then the machine's.
  if (auto place = sense::read_cgroup_place(root)) around.place = *std::move(place);
  around.capacity = sense::read_capacity(root, around.place, affinity_cores());
  return around;
}

std::string fresh_run_id(std::int64_t now_ms) { return run::new_run_id(now_ms, random_number()); }

run::Record start_record(const RunOptions& options, const Surroundings& around, const OsRoot& root,
                         const std::string& run_id, std::int64_t now_ms) {
  run::Record record;
  record.id = run_id;
  record.name = options.name.empty() ? default_name(options.command) : options.name;
  record.tags = options.tags;
  record.command = run::mask_arguments(options.command);
  record.working_directory = options.working_directory;
  record.environment = run::recordable_environment(options.environment, options.recorded_variables);
  record.profile = options.profile;
  record.ullage_version = options.ullage_version;
  record.started_ms = now_ms;
  record.host = this_host(around, root);
  return record;
}

void put_limits(run::Record& record, const RunOptions& options, const Surroundings& around,
                const std::vector<act::HeldLimit>& held) {
  record.memory.limit_bytes = around.capacity.memory_bytes;
  record.memory.limit_source = around.capacity.memory_source;
  record.cpu.cores_available = around.capacity.cores;
  for (const act::HeldLimit& limit : held) {
    record.limits.push_back({.resource = limit.resource,
                             .asked = limit.asked,
                             .got = limit.got,
                             .mechanism = std::string(to_string(limit.mechanism)),
                             .problem = limit.problem});
    if (limit.resource == "cpus" && limit.got)
      record.cpu.cores_available = std::min(record.cpu.cores_available, *limit.got);
  }
  if (options.limits.memory_bytes &&
      *options.limits.memory_bytes <= record.memory.limit_bytes.value_or(UINT64_MAX)) {
    record.memory.limit_bytes = options.limits.memory_bytes;
    record.memory.limit_source = "--memory";
  }
  if (options.timeout)
    record.limits.push_back({.resource = "timeout",
                             .asked = std::chrono::duration<double>(*options.timeout).count(),
                             .got = std::chrono::duration<double>(*options.timeout).count(),
                             .mechanism = "supervisor"});
}

}  // namespace ullage::session
