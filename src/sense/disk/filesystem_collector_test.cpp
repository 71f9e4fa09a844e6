// SPDX-License-Identifier: Apache-2.0
#include "sense/disk/filesystem_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <initializer_list>
#include <string>
#include <string_view>
#include <thread>

#include "base/os_root.h"
#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

using testing::HasSubstr;

constexpr const char* kMounts =
    "/dev/sda1 / ext4 rw,relatime 0 0\n"
    "server:/home /home nfs4 ro 0 0\n";

int answer(struct statvfs& space) {
  space.f_frsize = 4096;
  space.f_blocks = 1000;
  space.f_bfree = 300;
  space.f_bavail = 200;
  space.f_files = 50;
  space.f_ffree = 20;
  return 0;
}

// Collects until all of this is among the lines, for ten seconds at most. These ticks are so short that a
// file system may count as hanging for a few of them.
std::string lines_with(FilesystemCollector& collector, std::initializer_list<std::string_view> wanted) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::string lines;
  const auto has = [&](std::string_view part) { return lines.find(part) != std::string::npos; };
  do {
    std::this_thread::yield();
    lines = collect_lines(collector);
  } while (!std::ranges::all_of(wanted, has) && std::chrono::steady_clock::now() < end);
  return lines;
}

TEST(FilesystemCollector, GivesSpaceAndFiles) {
  const Fixture machine({{"/proc/1/mounts", kMounts}});
  const std::string home = machine.root().path("/home");
  FilesystemCollector collector(machine.root(), [home](const char* path, struct statvfs& space) {
    return path == home ? -1 : answer(space);
  });
  const std::string expected =
      "node_filesystem_device_error{device=\"/dev/sda1\",fstype=\"ext4\",mountpoint=\"/\"} 0\n"
      "node_filesystem_readonly{device=\"/dev/sda1\",fstype=\"ext4\",mountpoint=\"/\"} 0\n"
      "node_filesystem_size_bytes{device=\"/dev/sda1\",fstype=\"ext4\",mountpoint=\"/\"} 4096000\n"
      "node_filesystem_free_bytes{device=\"/dev/sda1\",fstype=\"ext4\",mountpoint=\"/\"} 1228800\n"
      "node_filesystem_avail_bytes{device=\"/dev/sda1\",fstype=\"ext4\",mountpoint=\"/\"} 819200\n"
      "node_filesystem_files{device=\"/dev/sda1\",fstype=\"ext4\",mountpoint=\"/\"} 50\n"
      "node_filesystem_files_free{device=\"/dev/sda1\",fstype=\"ext4\",mountpoint=\"/\"} 20\n"
      "node_filesystem_device_error{device=\"server:/home\",fstype=\"nfs4\",mountpoint=\"/home\"} 1\n";
  EXPECT_EQ(lines_with(collector, {expected}), expected);
}

TEST(FilesystemCollector, NamesOneThatHangsAndGoesOnWithTheRest) {
  const Fixture machine({{"/proc/self/mounts", kMounts}});
  const std::string home = machine.root().path("/home");
  std::promise<void> server_is_back;
  const auto back = server_is_back.get_future().share();
  FilesystemCollector collector(machine.root(), [home, back](const char* path, struct statvfs& space) {
    if (path == home) back.wait();
    return answer(space);
  });
  const std::string gone =
      "node_filesystem_device_error{device=\"server:/home\",fstype=\"nfs4\",mountpoint=\"/home\"} 1";
  const std::string rest = "node_filesystem_files{device=\"/dev/sda1\"";
  const std::string lines = lines_with(collector, {gone, rest});
  EXPECT_THAT(lines, HasSubstr(gone));
  EXPECT_THAT(lines, HasSubstr(rest));
  server_is_back.set_value();
  const std::string files = "node_filesystem_files{device=\"server:/home\"";
  EXPECT_THAT(lines_with(collector, {files}), HasSubstr(files));
}

TEST(FilesystemCollector, SaysWhatCannotBeRead) {
  FilesystemCollector collector(Fixture().root());
  const std::string error = "error: /proc/self/mounts: cannot be read\n";
  EXPECT_EQ(lines_with(collector, {error}), error);
}

TEST(FilesystemCollector, AsksTheLiveMachine) {
  FilesystemCollector collector(OsRoot::live());
  const std::string lines = lines_with(collector, {"node_filesystem"});
  if (lines.empty()) GTEST_SKIP() << "nothing but container file systems here";
  EXPECT_THAT(lines, HasSubstr("mountpoint=\""));
}

}  // namespace
}  // namespace ullage::sense
