// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_daemon.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/finding.h"
#include "cli/version.h"
#include "sense/fixture.h"

namespace ullage::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> lines(const FindingGroup& group) {
  std::vector<std::string> all;
  for (const Finding& finding : group.findings)
    all.push_back(fmt::format("{} {}: {}", to_string(finding.state), finding.title, finding.text));
  return all;
}

TEST(DoctorOfADaemon, TellsHowItIs) {
  const sense::Fixture machine({{"/proc/self/status", "Name:\tx\nCapEff:\t000001ffffffffff\n"}});
  const auto group = daemon_findings(machine.root(), {.version = "1.2.3",
                                                      .pid = 42,
                                                      .start_ms = 1'790'000'000'000,
                                                      .urls = {"http://127.0.0.1:9850"},
                                                      .sources = 3});
  EXPECT_THAT(lines(group),
              ElementsAre("good daemon: version 1.2.3, process 42, since 2026-09-21T14:13:20.000Z, at "
                          "http://127.0.0.1:9850",
                          "good capabilities: CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH, CAP_NET_ADMIN, CAP_BPF, "
                          "CAP_PERFMON, CAP_SYS_RESOURCE",
                          "good task iterator: the kernel tells which processes have moved (BPF)",
                          "good exit records: short-lived processes are counted in full (taskstats)",
                          "good oom_score_adj: when memory ends, others are killed first",
                          "good history: is written", "good settings: those that were read last are in force",
                          "good sources: none of 3 of your own metrics is down"));
}

TEST(DoctorOfADaemon, TellsWhatIsWrongWithIt) {
  const sense::Fixture machine({{"/proc/self/status", "Name:\tx\nCapEff:\t0000000000080000\n"}});
  const auto told =
      lines(daemon_findings(machine.root(), {.tasks_problem = "BPF: cannot load the program",
                                             .oom_problem = "Permission denied",
                                             .storing_problem = "disk full",
                                             .reload_problem = "a.yaml:2:3: unknown key",
                                             .problems = {{"exec:a", "ended\x1b"}},
                                             .unreadable = {{"hwmon", "nothing was read yet"}}}));
  EXPECT_THAT(told,
              Contains("limited capabilities: CAP_SYS_PTRACE; without CAP_DAC_READ_SEARCH, CAP_NET_ADMIN, "
                       "CAP_BPF, CAP_PERFMON, CAP_SYS_RESOURCE"));
  EXPECT_THAT(told, Contains("limited task iterator: BPF: cannot load the program"));
  EXPECT_THAT(told, Contains("limited oom_score_adj: Permission denied"));
  EXPECT_THAT(told, Contains("limited history: disk full"));
  EXPECT_THAT(told, Contains("limited settings: a.yaml:2:3: unknown key"));
  EXPECT_THAT(told, Contains("limited collector: hwmon: nothing was read yet"));
  EXPECT_THAT(told, Contains("missing source: exec:a is down: ended\\x1b"));
}

TEST(DoctorOfADaemon, TakesOfAnAnswerWhatTheDaemonSaysOfItself) {
  const std::string answer = fmt::format(
      R"({{"version":1,"ullage_version":"{}","findings":[)"
      R"({{"id":"kernel","group":"What can be seen","title":"kernel","state":"good","text":"x","remedy":""}},)"
      R"({{"id":"daemon","group":"What the daemon says","title":"daemon","state":"good","text":"version","remedy":""}},)"
      R"({{"id":"daemon_source","group":"What the daemon says","title":"source","state":"missing","text":"\u001b[31m","remedy":5}}]}})",
      kVersion);
  EXPECT_THAT(lines(parse_daemon_findings(answer)),
              ElementsAre("good daemon: version", "missing source: \\x1b[31m"));
}

TEST(DoctorOfADaemon, OfAnotherVersionIsSaid) {
  const auto other = parse_daemon_findings(
      R"({"version":1,"ullage_version":"0.0.0-other","findings":[{"id":"daemon","group":"What the daemon says",)"
      R"("title":"daemon","state":"good","text":"version 0.0.0-other","remedy":""}]})");
  EXPECT_THAT(lines(other),
              ElementsAre(fmt::format("limited daemon: version 0.0.0-other; this program is {}", kVersion)));
  for (const char* odd : {"", "[]", "{}", R"({"findings":[1,{"group":5}]})", R"({"ullage_version":"0.0.1"})"})
    EXPECT_THAT(lines(parse_daemon_findings(odd)).at(0), HasSubstr("limited daemon: is of another version: "))
        << odd;
}

}  // namespace
}  // namespace ullage::cli
