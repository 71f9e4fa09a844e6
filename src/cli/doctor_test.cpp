// SPDX-License-Identifier: Apache-2.0

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstddef>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "cli/call_ullage.h"
#include "sense/fixture.h"

namespace ullage::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Answer {
  int code;
  std::string out;
};

Answer doctor_on(const sense::Fixture& machine, std::vector<std::string> flags = {},
                 std::map<std::string, std::string> environment = {}) {
  environment.emplace("HOME", "/home/somebody");
  flags.insert(flags.begin(), {"doctor", "--config", "tests/golden/config/empty.yaml"});
  auto [code, text, err] = call_ullage(flags, machine.root(), environment);
  EXPECT_EQ(err, "");
  for (std::size_t at; (at = text.find(machine.folder())) != std::string::npos;)
    text.erase(at, machine.folder().size());
  return {code, text};
}

TEST(Doctor, TellsWhatAGoodMachineHas) {
  const sense::Fixture machine({
      {"/proc/sys/kernel/osrelease", "6.1.0-25-amd64\n"},
      {"/proc/self/mounts", "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n"},
      {"/proc/self/stat", "42 (ullage) R 1 42 42 0\n"},
      {"/proc/self/task/42/children", ""},
      {"/proc/self/smaps_rollup", "Rss: 4 kB\n"},
      {"/proc/self/io", "rchar: 1\n"},
      {"/proc/self/schedstat", "1 2 3\n"},
      {"/proc/self/status", "Name:\tullage\nCapEff:\t0000000000001004\n"},
      {"/proc/self/limits",
       "Limit                     Soft Limit           Hard Limit           Units\n"
       "Max open files            1024                 1048576              files\n"},
      {"/proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
      {"/proc/meminfo", "MemTotal:       16384000 kB\nMemAvailable:   8192000 kB\n"},
      {"/proc/self/cgroup", "0::/user.slice/job\n"},
      {"/proc/self/mountinfo",
       "30 20 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"},
      {"/sys/fs/cgroup/cgroup.procs", ""},
      {"/sys/fs/cgroup/user.slice/cgroup.procs", ""},
      {"/sys/fs/cgroup/user.slice/job/cgroup.procs", "42\n"},
      {"/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n"},
      {"/sys/fs/cgroup/user.slice/job/memory.max", "2147483648\n"},
      {"/sys/fs/cgroup/user.slice/memory.max", "max\n"},
  });
  const Answer answer = doctor_on(machine);
  EXPECT_EQ(answer.code, 0);
  EXPECT_EQ(answer.out,
            "What can be seen\n"
            "  good     kernel          Linux 6.1.0-25-amd64\n"
            "  good     processes       those of all users can be seen\n"
            "  good     children        descendants are found without a search of all of /proc\n"
            "  good     shared memory   is divided among those who share it (PSS)\n"
            "  good     storage I/O     of each process\n"
            "  good     run-queue wait  of each thread\n"
            "  limited  exit records    not tried on a machine that is not this one\n"
            "  good     pressure        PSI of the machine can be read\n"
            "  good     open files      1024 may be open at once\n"
            "\n"
            "What is allowed\n"
            "  missing  CAP_SYS_PTRACE       missing here: "
            "shares of memory (PSS) and, with CAP_DAC_READ_SEARCH, I/O of other users' processes\n"
            "                                → setcap "
            "cap_sys_ptrace,cap_bpf,cap_perfmon,cap_sys_resource+ep $(command -v ullage), or "
            "AmbientCapabilities=CAP_SYS_PTRACE CAP_BPF CAP_PERFMON CAP_SYS_RESOURCE in its unit\n"
            "  good     CAP_DAC_READ_SEARCH  "
            "open files and, with CAP_SYS_PTRACE, I/O of other users' processes; folders of any user\n"
            "  good     CAP_NET_ADMIN        "
            "exit records (taskstats): what processes used that lived between two readings\n"
            "  limited  CAP_BPF              missing here: "
            "with CAP_PERFMON, the task iterator: which processes have moved\n"
            "                                → by the same command\n"
            "  limited  CAP_PERFMON          missing here: "
            "with CAP_BPF, the task iterator: which processes have moved\n"
            "                                → by the same command\n"
            "  limited  CAP_SYS_RESOURCE     missing here: "
            "a lower oom_score_adj than was given: a daemon outlives what it watches\n"
            "                                → by the same command\n"
            "  limited  task iterator        not tried on a machine that is not this one\n"
            "\n"
            "What applies here\n"
            "  good     cgroups         v2\n"
            "  good     memory          2.00 GiB (cgroup /user.slice/job)\n"
            "\n"
            "What is configured\n"
            "  good     settings        profile development; read: tests/golden/config/empty.yaml\n"
            "  good     state           /home/somebody/.local/state/ullage\n");
}

TEST(Doctor, TellsWhatIsMissingAndHowToGetIt) {
  const sense::Fixture machine({
      {"/proc/sys/kernel/osrelease", "4.4.0\n"},
      {"/proc/self/mounts", "proc /proc proc rw,hidepid=2,gid=5 0 0\n"},
      {"/proc/self/stat", "42 (ullage) R 1\n"},
      {"/proc/self/limits", "Max open files            64                 64              files\n"},
  });
  const std::string out = doctor_on(machine, {}, {{"ULLAGE_RUN_GRAC", "1"}}).out;
  const auto tells = [&](const std::string& text) {
    EXPECT_NE(out.find(text), std::string::npos) << text << "\n" << out;
  };
  tells("  limited  processes       /proc hides the processes of other users (hidepid=2)\n");
  tells(
      "  missing  children        /proc/self/task/42/children: cannot open: No such file or directory: each "
      "tick");
  tells("→ a kernel with CONFIG_PROC_CHILDREN\n");
  tells(
      "  missing  pressure        there is no PSI: how long work stalls for memory, CPU or I/O is not "
      "told\n");
  tells("  limited  open files      64 may be open at once: many processes cost more to read\n");
  tells("→ ulimit -n 1024\n");
  tells(
      "  limited  variables       no setting is called ULLAGE_RUN_GRAC (did you mean 'ULLAGE_RUN_GRACE'?)\n");
}

// As CAP_SYS_ADMIN stands for what was split off it, and alone before that.
TEST(Doctor, KnowsWhatStoodForCapBpfBefore) {
  const sense::Fixture split({{"/proc/self/status", "Name:\tx\nCapEff:\t0000000000200000\n"}});
  EXPECT_THAT(doctor_on(split).out, HasSubstr("good     CAP_BPF "));
  const sense::Fixture old({{"/proc/self/status", "Name:\tx\nCapEff:\t0000000000000000\n"},
                            {"/proc/sys/kernel/cap_last_cap", "37\n"}});
  const std::string out = doctor_on(old).out;
  EXPECT_THAT(out, HasSubstr("limited  CAP_SYS_ADMIN "));
  EXPECT_THAT(out, testing::Not(HasSubstr("CAP_BPF")));
}

TEST(Doctor, WithoutProcNothingWorks) {
  const sense::Fixture nothing;
  const Answer answer = doctor_on(nothing);
  EXPECT_EQ(answer.code, 1);
  EXPECT_NE(answer.out.find("  missing  kernel          /proc is not mounted, or cannot be read\n"),
            std::string::npos);
}

TEST(Doctor, SettingsThatAreWrongAreAFinding) {
  const sense::Fixture nothing;
  EXPECT_NE(doctor_on(nothing, {"--profile", "prod"}).out.find("--profile: unknown profile 'prod'"),
            std::string::npos);
}

TEST(Doctor, SpeaksJson) {
  const sense::Fixture nothing;
  const auto json = nlohmann::json::parse(doctor_on(nothing, {"--json"}).out);
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(json["findings"][0]["id"], "kernel");
  EXPECT_EQ(json["findings"][0]["state"], "missing");
}

TEST(Doctor, LooksAtTheFilesThatADaemonWouldNeed) {
  const sense::Fixture machine({{"/token", "0123456789abcdef0123456789abcdef\n"}, {"/short", "x\n"}});
  const std::string token = machine.folder() + "/token";
  ::chmod(token.c_str(), 0600);
  const Answer well = doctor_on(machine, {},
                                {{"ULLAGE_REMOTE_WRITE_URL", "http://far:9090/api/v1/write?key=hidden"},
                                 {"ULLAGE_REMOTE_WRITE_BEARER_TOKEN_FILE", token},
                                 {"ULLAGE_SERVER_TOKEN_FILE", token}});
  EXPECT_THAT(well.out, HasSubstr("good     remote write    to http://far:9090/api/v1/write\n"));
  EXPECT_THAT(well.out, HasSubstr("good     server          HTTP, with a token\n"));
  const Answer ill = doctor_on(machine, {},
                               {{"ULLAGE_REMOTE_WRITE_URL", "http://far:9090/api/v1/write"},
                                {"ULLAGE_REMOTE_WRITE_BEARER_TOKEN_FILE", machine.folder() + "/none"},
                                {"ULLAGE_SERVER_TLS_CERT_FILE", machine.folder() + "/none.pem"}});
  EXPECT_THAT(ill.out, HasSubstr("missing  remote write    /none: cannot open: No such file"));
  EXPECT_THAT(ill.out, HasSubstr("missing  server          /none.pem: cannot open: No such file"));
}

TEST(Doctor, PacksASnapshotThatLooksLikeTheMachineAndDoesNotSayWhoseItIs) {
  const sense::Fixture machine({
      {"/proc/sys/kernel/osrelease", "6.1.0-25-amd64\n"},
      {"/proc/sys/kernel/hostname", "vault7\n"},
      {"/etc/passwd", "somebody:x:1000:1000::/home/somebody:/bin/sh\n"},
      {"/proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
      {"/proc/12/stat", "12 (tool) S 1 12\n"},
      {"/proc/12/cmdline", std::string("/bin/tool\0--password\0planted\0-v\0", 31)},
  });
  const sense::Fixture folder;
  const std::string file = folder.folder() + "/report.txt";
  const std::map<std::string, std::string> environment = {
      {"ULLAGE_RUN_ON_PRESSURE", "exec=notify --token=planted"}};
  EXPECT_EQ(doctor_on(machine, {"--snapshot", file}, environment).code, 0);
  const auto text = read_file(file);
  ASSERT_TRUE(text);
  for (const char* told : {"vault7", "somebody", "planted"})
    EXPECT_EQ(text->find(told), std::string::npos) << told << "\n" << *text;
  struct stat info{};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600);

  sense::Fixture copy;
  copy.unpack_text(*text);
  EXPECT_NE(doctor_on(copy).out.find("good     pressure        PSI"), std::string::npos);
  const auto findings = read_file(copy.root().path("/ullage/doctor.json"));
  ASSERT_TRUE(findings);
  EXPECT_EQ(nlohmann::json::parse(*findings)["findings"][0]["text"], "Linux 6.1.0-25-amd64");
  const auto settings = read_file(copy.root().path("/ullage/settings.yaml"));
  EXPECT_NE(settings->find("run.on_pressure: exec=notify --token=***  # ULLAGE_RUN_ON_PRESSURE"),
            std::string::npos)
      << *settings;

  const Answer with = doctor_on(machine, {"--snapshot", "-", "--with-arguments"});
  EXPECT_NE(with.out.find("/bin/tool\\0--password\\0***\\0-v\\0"), std::string::npos);
}

TEST(Doctor, AFlagBehindOneThatWantsAValueIsNotThatValue) {
  const sense::Fixture nothing;
  const sense::Fixture state;
  const auto told = [&](const std::vector<std::string>& words) {
    const Said said = call_ullage(words, nothing.root(), {{"HOME", "/home/somebody"}});
    return std::to_string(said.exit_code) + " " + said.err + said.out;
  };
  const std::string swallowed =
      "2 ullage: --state wants a value, and --json is a flag; --state=--json means that value\n";
  EXPECT_EQ(told({"doctor", "--state", "--json"}), swallowed);
  EXPECT_EQ(told({"doctor", "--state", "--json", "left over"}), swallowed);
  EXPECT_THAT(told({"run", "--memory", "--json", "x", "--", "true"}),
              HasSubstr("125 ullage: --memory wants"));
  // A command's own flags are its own, behind "--" or not.
  EXPECT_THAT(told({"run", "--state", state.folder(), "nowhere/command", "--memory", "--json"}),
              Not(HasSubstr("wants a value")));
  // Bare, it has a name for the file.
  const std::string before = std::filesystem::current_path().string();
  std::filesystem::current_path(state.folder());
  EXPECT_THAT(told({"doctor", "--snapshot", "--state", state.folder()}),
              HasSubstr("written: ullage-snapshot.txt"));
  std::filesystem::current_path(before);
  EXPECT_TRUE(file_exists(state.folder() + "/ullage-snapshot.txt"));
  EXPECT_FALSE(file_exists("--state"));
}

TEST(Doctor, SaysWhereASnapshotCannotBeWritten) {
  const sense::Fixture nothing;
  const Said said = call_ullage({"doctor", "--snapshot", "/no/such/folder/x"}, nothing.root(),
                                {{"HOME", "/home/somebody"}});
  EXPECT_EQ(said.exit_code, 2);
  EXPECT_NE(said.err.find("/no/such/folder/x"), std::string::npos);
}

}  // namespace
}  // namespace ullage::cli
