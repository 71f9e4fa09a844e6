// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/executables_folder.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"
#include "sense/custom/custom_reading.h"
#include "sense/custom/periodic_source.h"
#include "sense/custom/program.h"
#include "sense/custom/program_output.h"

namespace ullage::sense {

namespace {

constexpr std::chrono::seconds kLookEvery(5);
constexpr std::size_t kProgramsMax = 64;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

bool is_program(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 0111) != 0;
}

Result<std::set<std::string>> list_programs(const std::string& path) {
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
  if (!folder) return fail_errno("cannot be read", path, errno);
  std::set<std::string> names;
  while (const dirent* entry =
             ::readdir(folder.get())) {  // NOLINT(concurrency-mt-unsafe): a stream of our own
    const std::string_view name = entry->d_name;
    if (name.starts_with('.') || name.ends_with('~')) continue;
    if (is_program(path + '/' + std::string(name))) names.emplace(name);
  }
  return names;
}

// Somebody else who may write to it could have it run as us.
Result<void> check_closed(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return fail_errno("cannot be read", path, errno);
  if (info.st_uid != ::geteuid() && info.st_uid != 0)
    return fail("belongs to another user", path, "give it to the one who runs ullage, or to root");
  if ((info.st_mode & 022) != 0) return fail("others may write to it", path, "chmod go-w");
  return {};
}

}  // namespace

CustomReading read_program(const OsRoot& root, const std::string& path, const ProgramLimits& limits,
                           const Clock& clock, const std::stop_token& stop) {
  CustomReading reading;
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  for (const std::string& closed : {folder, path})
    if (const auto checked = check_closed(closed); !checked) {
      reading.error = checked.error().text();
      return reading;
    }
  auto printed = run_program(root, path, limits, clock, stop);
  if (!printed) {
    reading.error = printed.error().text();
    return reading;
  }
  auto read = parse_program_output(*printed);
  if (read) return *std::move(read);
  reading.error = path + ": printed " + read.error().text();
  return reading;
}

struct ExecutablesFolder::Programs {
  Programs(OsRoot the_root, ExecutablesOptions the_options, const Clock& the_clock)
      : root(std::move(the_root)), options(std::move(the_options)), clock(the_clock) {}

  std::shared_ptr<PeriodicSource> start(const std::string& name) const {
    const std::string path = options.folder + '/' + name;
    return std::make_shared<PeriodicSource>(
        "exec:" + name, options.interval, clock,
        [root = root, path, limits = options.limits, &clock = clock](const std::stop_token& stop) {
          return read_program(root, path, limits, clock, stop);
        });
  }

  CustomReading look(const std::stop_token& stop) {
    CustomReading reading;
    auto names = list_programs(options.folder);
    if (!names) {
      reading.error = names.error().text();
      return reading;
    }
    if (names->size() > kProgramsMax)
      reading.error = options.folder + ": more than " + std::to_string(kProgramsMax) + " programs";
    std::vector<std::shared_ptr<PeriodicSource>> gone;  // ended when nobody waits for the lock
    const std::scoped_lock lock(mutex);
    for (auto it = sources.begin(); it != sources.end();) {
      const bool stays = names->contains(it->first);
      if (!stays) gone.push_back(std::move(it->second));
      it = stays ? std::next(it) : sources.erase(it);
    }
    for (const std::string& name : *names)
      if (!stop.stop_requested() && sources.size() < kProgramsMax && !sources.contains(name))
        sources.emplace(name, start(name));
    return reading;
  }

  const OsRoot root;
  const ExecutablesOptions options;
  const Clock& clock;
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<PeriodicSource>> sources;  // by file name
};

ExecutablesFolder::ExecutablesFolder(const OsRoot& root, ExecutablesOptions options, const Clock& clock)
    : programs_(std::make_shared<Programs>(root, std::move(options), clock)),
      looking_("executables", kLookEvery, clock,
               [programs = programs_](const std::stop_token& stop) { return programs->look(stop); }) {}

void ExecutablesFolder::each(const std::function<void(const PeriodicSource&)>& visit) const {
  visit(looking_);
  const std::scoped_lock lock(programs_->mutex);
  for (const auto& [name, source] : programs_->sources) visit(*source);
}

void ExecutablesFolder::request_stop() {
  looking_.request_stop();
  const std::scoped_lock lock(programs_->mutex);
  for (const auto& [name, source] : programs_->sources) source->request_stop();
}

void ExecutablesFolder::abandon() {
  looking_.abandon();
  const std::scoped_lock lock(programs_->mutex);
  for (const auto& [name, source] : programs_->sources) source->abandon();
}

}  // namespace ullage::sense
