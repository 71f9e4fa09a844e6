// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/group_of.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "sense/processes/process_row.h"

namespace ullage::sense {
namespace {

std::string named(std::string_view cgroup_path, std::string_view command_name) {
  const ProcessGroup group =
      group_of({.cgroup_path = cgroup_path, .user = "anna", .command_name = command_name});
  EXPECT_EQ(group.user, "anna");
  return group.name + (group.unit.empty() ? "" : " in " + group.unit);
}

TEST(GroupOf, AServiceIsOneGroupWhateverItRuns) {
  EXPECT_EQ(named("/system.slice/nginx.service", "nginx"), "nginx in nginx.service");
  EXPECT_EQ(named("/system.slice/cron.service", "sh"), "cron in cron.service");
  EXPECT_EQ(named("/user.slice/user-1000.slice/user@1000.service/session.slice/pipewire.service", "pipewire"),
            "pipewire in pipewire.service");
}

TEST(GroupOf, InstancesOfAServiceAreTogether) {
  EXPECT_EQ(named("/system.slice/system-ssh.slice/ssh@12-10.0.0.1:22-10.0.0.2:40312.service", "sshd"),
            "ssh in ssh@.service");
}

TEST(GroupOf, WhatASessionRunsGoesByItsName) {
  EXPECT_EQ(named("/user.slice/user-1000.slice/session-3.scope", "python3"), "python3");
  EXPECT_EQ(named("/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-firefox-4242.scope",
                  "firefox"),
            "firefox");
  EXPECT_EQ(named("/user.slice/user-1000.slice/user@1000.service", "systemd"), "systemd");
  EXPECT_EQ(named("/system.slice/run-u71.service", "make"), "make");
  EXPECT_EQ(named("/", "bash"), "bash");
  EXPECT_EQ(named("", "bash"), "bash");
}

TEST(GroupOf, AContainerIsOneGroupAndTellsItsPod) {
  const std::string id = "1a2b3c4d5e6f" + std::string(52, '0');
  EXPECT_EQ(named("/system.slice/docker-" + id + ".scope", "postgres"), "docker/1a2b3c4d5e6f");
  EXPECT_EQ(named("/kubepods/burstable/pod3f7b1a2c-0d3e-4c5f-8a9b-1c2d3e4f5a6b/" + id, "java"),
            "container/1a2b3c4d5e6f in pod3f7b1a2c-0d3e-4c5f-8a9b-1c2d3e4f5a6b");
  EXPECT_EQ(named("/lxc.payload.web/system.slice/cron.service", "cron"), "lxc/web");
}

TEST(GroupOf, AJobOfSlurmIsOneGroup) {
  EXPECT_EQ(named("/system.slice/slurmstepd.scope/job_4711/step_0/user/task_0", "python"), "slurm/4711");
}

TEST(GroupOf, TheThreadsOfTheKernelAreTogether) {
  EXPECT_EQ(
      group_of({.cgroup_path = "/", .user = "root", .command_name = "kworker/0:1", .is_of_kernel = true}),
      (ProcessGroup{.name = "kernel", .user = "root", .unit = ""}));
}

TEST(GroupOf, ANameOfAnyBytesIsGivenAsUtf8) { EXPECT_EQ(named("/", "a\xff"), "a\xEF\xBF\xBD"); }

TEST(CgroupPathOf, TakesTheHierarchyThatTellsMost) {
  EXPECT_EQ(cgroup_path_of("0::/user.slice\n"), "/user.slice");
  EXPECT_EQ(cgroup_path_of("4:memory:/docker/1a\n1:name=systemd:/system.slice/docker.service\n0::/\n"),
            "/system.slice/docker.service");
  EXPECT_EQ(cgroup_path_of("9:name=systemd:/\n4:memory:/docker/1a\n0::/\n"), "/docker/1a");
  EXPECT_EQ(cgroup_path_of("9:name=systemd:/\n0::/\n"), "/");
  EXPECT_EQ(cgroup_path_of("0::/a b (deleted)\n"), "/a b");
  EXPECT_EQ(cgroup_path_of(""), "/");
  EXPECT_EQ(cgroup_path_of("broken\n::\n"), "/");
}

}  // namespace
}  // namespace ullage::sense
