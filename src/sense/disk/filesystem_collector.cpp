// SPDX-License-Identifier: Apache-2.0
#include "sense/disk/filesystem_collector.h"

#include <sys/statvfs.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/disk/mount_list.h"

namespace ullage::sense {

namespace {

constexpr std::chrono::milliseconds kFirstWait{20};
constexpr int kTicksToAnswer = 5;
// Space is slow to change, and a round costs as much as several other collectors together.
constexpr int kTicksARound = 5;
constexpr std::size_t kHangingMax = 32;  // threads that may wait for ever

struct Answer {
  Mount mount;
  std::optional<struct statvfs> space;  // nothing when the system said no, or nothing
};
struct Round {
  std::vector<Answer> answers;
  Result<void> done;
};

void give(const Round& round, metric::Frame& frame) {
  for (const auto& [mount, space] : round.answers) {
    const metric::LabelView labels[] = {
        {"device", mount.device}, {"fstype", mount.type}, {"mountpoint", mount.folder}};
    frame.add("node_filesystem_device_error", labels, space ? 0 : 1);
    if (!space) continue;
    frame.add("node_filesystem_readonly", labels, mount.is_read_only ? 1 : 0);
    const auto block_bytes = static_cast<double>(space->f_frsize);
    frame.add("node_filesystem_size_bytes", labels, static_cast<double>(space->f_blocks) * block_bytes);
    frame.add("node_filesystem_free_bytes", labels, static_cast<double>(space->f_bfree) * block_bytes);
    frame.add("node_filesystem_avail_bytes", labels, static_cast<double>(space->f_bavail) * block_bytes);
    frame.add("node_filesystem_files", labels, static_cast<double>(space->f_files));
    frame.add("node_filesystem_files_free", labels, static_cast<double>(space->f_ffree));
  }
}

}  // namespace

struct FilesystemCollector::Shared : std::enable_shared_from_this<Shared> {
  Shared(OsRoot machine, Ask asks) : root(std::move(machine)), ask(std::move(asks)) {}

  void start_worker() {
    std::thread([self = shared_from_this(), number = ++worker] { self->work(number); }).detach();
  }

  // Rounds, until it is over or another has taken this one's place.
  void work(std::uint64_t number) {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] { return is_over || worker != number || is_asked; });
      if (is_over || worker != number) return;
      auto round = std::make_shared<Round>();
      if (!ask_all(number, lock, *round)) return;
      newest = std::move(round);
      is_asked = false;
      changed.notify_all();
    }
  }

  // False when another took over meanwhile. Holds the lock except while it waits for the system.
  bool ask_all(std::uint64_t number, std::unique_lock<std::mutex>& lock, Round& round) {
    lock.unlock();
    auto text = read_file(root.path("/proc/1/mounts"));  // the machine's, where we may see them
    if (!text || text->empty()) text = read_file(root.path("/proc/self/mounts"));
    std::vector<Mount> mounts;
    if (text) mounts = parse_mounts(*text);
    lock.lock();
    if (!text) round.done = fail("cannot be read", "/proc/self/mounts");
    for (Mount& mount : mounts) {
      if (is_over || worker != number) return false;
      if (hanging.contains(mount.folder)) {
        round.answers.push_back({std::move(mount), std::nullopt});
        continue;
      }
      asking = mount.folder;
      lock.unlock();
      struct statvfs space{};
      const bool has_answered = ask(root.path(mount.folder).c_str(), space) == 0;
      lock.lock();
      if (worker != number) {
        hanging.erase(mount.folder);
        return false;
      }
      asking.reset();
      round.answers.push_back({std::move(mount), has_answered ? std::optional(space) : std::nullopt});
    }
    return worker == number && !is_over;
  }

  const OsRoot root;
  const Ask ask;
  std::mutex mutex;  // of all below
  std::condition_variable changed;
  bool is_asked = false, is_over = false;
  std::uint64_t worker = 0;           // the number of the one whose rounds count
  std::optional<std::string> asking;  // where the present one waits
  std::set<std::string> hanging;      // where former ones still wait
  std::shared_ptr<const Round> newest;
};

FilesystemCollector::FilesystemCollector(const OsRoot& root)
    : FilesystemCollector(
          root, [](const char* path, struct statvfs& answer) { return ::statvfs(path, &answer); }) {}

FilesystemCollector::FilesystemCollector(const OsRoot& root, Ask ask)
    : shared_(std::make_shared<Shared>(root, std::move(ask))) {
  const std::scoped_lock lock(shared_->mutex);
  shared_->start_worker();
}

FilesystemCollector::~FilesystemCollector() {
  const std::scoped_lock lock(shared_->mutex);
  shared_->is_over = true;
  shared_->changed.notify_all();
}

Result<void> FilesystemCollector::collect(metric::Frame& frame) {
  std::unique_lock lock(shared_->mutex);
  Shared& shared = *shared_;
  if (shared.is_asked) {
    if (++ticks_unanswered_ >= kTicksToAnswer && shared.asking && shared.hanging.size() < kHangingMax) {
      ticks_unanswered_ = 0;
      shared.hanging.insert(*std::exchange(shared.asking, std::nullopt));
      shared.start_worker();
    }
  } else if (ticks_until_round_-- <= 0) {
    ticks_until_round_ = kTicksARound - 1;
    ticks_unanswered_ = 0;
    shared.is_asked = true;
    shared.changed.notify_all();
    // What answers at once is there from the first tick on.
    if (shared.newest == nullptr) shared.changed.wait_for(lock, kFirstWait, [&] { return !shared.is_asked; });
  }
  const auto newest = shared.newest;
  const bool are_too_many = shared.hanging.size() >= kHangingMax;
  lock.unlock();
  if (newest == nullptr) return fail("no file system has answered yet");
  if (are_too_many) return fail("too many file systems do not answer");
  give(*newest, frame);
  return newest->done;
}

}  // namespace ullage::sense
