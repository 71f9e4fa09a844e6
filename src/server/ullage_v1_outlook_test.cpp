// SPDX-License-Identifier: Apache-2.0
#include "server/ullage_v1_outlook.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>

#include "metric/live_series.h"

namespace ullage::server {
namespace {

constexpr double kGiB = 1024.0 * 1024 * 1024;
constexpr std::int64_t kStartMs = 1'790'000'000'000;

// A machine of two processors, 16 GiB and one disk that is mounted twice.
struct Machine {
  double available_bytes = 8 * kGiB, busy_seconds = 0, disk_available_bytes = 50 * kGiB;
  double memory_waiting_seconds = 0;

  void tell(metric::LiveSeries& live, std::int64_t second) const {
    live.begin(kStartMs + second * 1000);
    live.add("node_memory_MemTotal_bytes", 16 * kGiB);
    live.add("node_memory_MemAvailable_bytes", available_bytes);
    for (const char* cpu : {"0", "1"}) {
      live.add("node_cpu_seconds_total", {{"cpu", cpu}, {"mode", "user"}}, busy_seconds / 2);
      live.add("node_cpu_seconds_total", {{"cpu", cpu}, {"mode", "idle"}}, static_cast<double>(second));
    }
    live.add("node_pressure_memory_waiting_seconds_total", memory_waiting_seconds);
    for (const char* mountpoint : {"/etc/hosts", "/"}) {
      live.add("node_filesystem_size_bytes",
               {{"device", "/dev/sda1"}, {"fstype", "ext4"}, {"mountpoint", mountpoint}}, 100 * kGiB);
      live.add("node_filesystem_avail_bytes",
               {{"device", "/dev/sda1"}, {"fstype", "ext4"}, {"mountpoint", mountpoint}},
               disk_available_bytes);
    }
    live.add("node_filesystem_size_bytes", {{"device", "tmpfs"}, {"fstype", "tmpfs"}, {"mountpoint", "/tmp"}},
             kGiB);
  }
};

TEST(Outlook, TellsWhatIsLeftNow) {
  metric::LiveSeries live(1000);
  Outlook outlook;
  Machine machine;
  for (std::int64_t second = 0; second < 20; ++second) {
    machine.busy_seconds = 1.5 * static_cast<double>(second);
    machine.memory_waiting_seconds = 0.25 * static_cast<double>(second);
    machine.tell(live, second);
    outlook.look(live);
  }
  const Overview& overview = outlook.overview();
  EXPECT_EQ(overview.time_ms, kStartMs + 19'000);
  EXPECT_EQ(overview.memory.total_bytes, 16 * kGiB);
  EXPECT_EQ(overview.memory.available_bytes, 8 * kGiB);
  EXPECT_EQ(overview.cpu.processors, 2u);
  EXPECT_DOUBLE_EQ(overview.cpu.used_cores.value(), 1.5);
  EXPECT_DOUBLE_EQ(overview.pressure.memory_some.value(), 0.25);
  EXPECT_FALSE(overview.pressure.io_some) << "not told is absent";
  EXPECT_FALSE(overview.memory.until) << "what does not move has no end";
}

TEST(Outlook, ADeviceIsOneRoomWhereverItIsMounted) {
  metric::LiveSeries live(1000);
  Outlook outlook;
  Machine().tell(live, 0);
  outlook.look(live);
  ASSERT_EQ(outlook.overview().disks.size(), 1u);
  EXPECT_EQ(outlook.overview().disks[0].mountpoint, "/");
  EXPECT_EQ(outlook.overview().disks[0].available_bytes, 50 * kGiB);
}

TEST(Outlook, ForeseesTheEndOfMemoryAndOfADisk) {
  metric::LiveSeries live(1000);
  Outlook outlook;
  Machine machine;
  for (std::int64_t second = 0; second <= 600; ++second) {
    machine.available_bytes = 8 * kGiB - static_cast<double>(second) * kGiB / 120;       // empty after 960 s
    machine.disk_available_bytes = 50 * kGiB - static_cast<double>(second) * kGiB / 60;  // after 3,000 s
    machine.tell(live, second);
    outlook.look(live);
  }
  const Overview& overview = outlook.overview();
  ASSERT_TRUE(overview.memory.until);
  EXPECT_NEAR(overview.memory.until->seconds, 360, 6);
  EXPECT_NEAR(overview.memory.growth_bytes_per_minute.value(), kGiB / 2, kGiB / 200);
  ASSERT_TRUE(overview.disks.at(0).until);
  EXPECT_NEAR(overview.disks.at(0).until->seconds, 2400, 30);
}

TEST(Outlook, ADiskThatIsGoneIsForgotten) {
  metric::LiveSeries live(1000);
  Outlook outlook;
  Machine().tell(live, 0);
  outlook.look(live);
  live.begin(kStartMs + 1000);
  live.add("node_memory_MemTotal_bytes", 16 * kGiB);
  outlook.look(live);
  EXPECT_TRUE(outlook.overview().disks.empty());
}

TEST(Outlook, SaysNullForWhatIsNotKnown) {
  const auto json = nlohmann::json::parse(overview_json({}, R"("host":"a",)"));
  EXPECT_EQ(json.at("host"), "a");
  EXPECT_TRUE(json.at("memory").at("total_bytes").is_null());
  EXPECT_TRUE(json.at("memory").at("until").is_null());
  EXPECT_TRUE(json.at("pressure").at("cpu_some").is_null());
  EXPECT_TRUE(json.at("disks").empty());
}

}  // namespace
}  // namespace ullage::server
