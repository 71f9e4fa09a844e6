// SPDX-License-Identifier: Apache-2.0
// The verbs that look at runs, over a state directory of four: a healthy one, one killed for its memory, one
// whose names are hostile, and one that is damaged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "cli/call_ullage.h"
#include "cli/golden.h"
#include "metric/series.h"
#include "run/example_record.h"
#include "run/record.h"
#include "run/run_file.h"

namespace ullage::cli {
namespace {

using run::kExampleStartMs;
using run::kMiB;
using testing::HasSubstr;
using testing::Not;

// Bytes that would act on a terminal, end an element, a line, a cell or a string, or are no text at all.
const std::string kHostile = "\x1b]0;owned\x07\n\"<script>|`,\xff";

run::Record hostile_record() {
  run::Record record = run::example_record();
  record.id = "20261124-070000-h0st";
  record.started_ms = kExampleStartMs + 1'200'000;
  record.name = kHostile;
  record.tags = {{"tag" + kHostile, kHostile}};
  record.command = {"sh", "-c", kHostile};
  record.working_directory = record.host.name = kHostile;
  for (run::Phase& phase : record.phases) phase.name = kHostile + phase.name;
  for (run::Process& process : record.process_table) process.name = process.command = kHostile;
  record.events[0].text = kHostile;
  record.advice = {{.id = "x", .text = kHostile, .evidence = kHostile + "1", .anchor = kHostile}};
  return record;
}

class RunsVerbs : public testing::Test {
 protected:
  void SetUp() override {
    state_ =
        (std::filesystem::temp_directory_path() / ("ullage-verbs-" + std::to_string(::getpid()))).string();
    std::filesystem::create_directories(state_ + "/runs");
    keep(run::example_record());
    run::Record killed = run::killed_record();
    killed.id = "20261124-065000-dead";
    killed.started_ms = kExampleStartMs + 600'000;
    killed.oom->foreseeable_ms = killed.started_ms + 147'000;
    keep(std::move(killed));
    keep(hostile_record());
    std::ofstream(state_ + "/runs/20261124-060000-t0rn.ullage") << "not a run";
  }
  void TearDown() override { std::filesystem::remove_all(state_); }

  // Two minutes' worth of series, whatever the record says.
  void keep(run::Record record) {
    auto file = run::RunFile::create(state_ + "/runs/" + record.id + ".ullage");
    ASSERT_TRUE(file) << file.error().text();
    metric::SeriesTable table;
    const auto used = table.id("ullage_run_used_bytes");
    const auto user = table.id("ullage_run_cpu_seconds_total", {{"mode", "user"}});
    const auto resident =
        table.id("ullage_process_resident_bytes", {{"pid", "1234"}, {"name", record.process_table[0].name}});
    for (int i = 0; i <= 25; ++i) {
      const double part = i / 25.0;
      file->append({record.started_ms + std::llround(record.wall_seconds * 1000 * part),
                    {{used, std::round(static_cast<double>(*record.memory.peak_bytes) * part)},
                     {user, 20 * part},
                     {resident, 1e8}}},
                   table);
    }
    file->set_record(std::move(record));
    ASSERT_TRUE(file->close());
  }

  Said call(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--state", state_});
    return call_as_is(std::move(arguments));
  }

  Said call_as_is(std::vector<std::string> arguments) {
    const Said said = call_ullage(std::move(arguments));
    return {said.exit_code, portable(said.out), portable(said.err)};
  }

  // Without what differs from one machine and library version to the next.
  std::string portable(std::string text) const {
    for (std::size_t at; (at = text.find(state_)) != std::string::npos;)
      text.replace(at, state_.size(), "$STATE");
    for (const std::string_view member : {"\"size_bytes\": ", "\"freed_bytes\": "})
      for (std::size_t at = 0; (at = text.find(member, at)) != std::string::npos;) {
        at += member.size();
        text.replace(at, text.find_first_not_of("0123456789", at) - at, "0");
      }
    return text;
  }

  void expect_harmless(const std::string& text) {
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      EXPECT_TRUE(byte >= 0x20 || c == '\n') << "a control byte " << int{byte};
    }
    EXPECT_EQ(text.find('\xff'), std::string::npos);
  }

  std::string state_;
};

TEST_F(RunsVerbs, LeaksOfARunWithoutAProfileAreToldFromItsSamples) {
  const Said told = call({"heap", "leaks", "20261124-064012-k3f9"});
  EXPECT_EQ(told.exit_code, 0) << told.err;
  EXPECT_THAT(told.out, HasSubstr("From the run's samples alone"));
  EXPECT_THAT(told.out, HasSubstr("memory"));
  // A run of seconds is no ground to fail a test on; what is lost, samples cannot tell.
  EXPECT_EQ(call({"heap", "leaks", "20261124-064012-k3f9", "--fail-on", "growing"}).exit_code, 0);
  const Said lost = call({"heap", "leaks", "20261124-064012-k3f9", "--fail-on", "lost"});
  EXPECT_EQ(lost.exit_code, 2);
  EXPECT_THAT(lost.err, HasSubstr("only a profile of the heap tells"));
}

TEST_F(RunsVerbs, List) {
  const Said said = call({"runs", "list"});
  EXPECT_EQ(said.exit_code, 0) << said.err;
  expect_golden("runs/list.txt", said.out);
  expect_golden("runs/list.json", call({"runs", "list", "--json"}).out);
}

TEST_F(RunsVerbs, ListFilters) {
  const auto ids = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"runs", "list", "--json"});
    std::string found;
    const auto json = nlohmann::json::parse(call(std::move(flags)).out);
    for (const auto& run : json["runs"]) found += run["id"].get<std::string>().substr(16) + ' ';
    return found;
  };
  EXPECT_EQ(ids({}), "h0st dead k3f9 t0rn ");
  EXPECT_EQ(ids({"--name", "train"}), "dead k3f9 ");
  EXPECT_EQ(ids({"--name", "train", "-n", "1"}), "dead ");
  EXPECT_EQ(ids({"--tag", "branch=main"}), "dead k3f9 ");
  EXPECT_EQ(ids({"--tag", "branch=main", "--tag", "branch=other"}), "");
  EXPECT_EQ(ids({"--status", "oom"}), "dead ");
  EXPECT_EQ(ids({"--status", "finished"}), "h0st k3f9 ");
  EXPECT_EQ(ids({"--status", "damaged"}), "t0rn ");
  EXPECT_EQ(ids({"--since", "45m"}), "h0st ");
  EXPECT_EQ(ids({"--since", "2026-11-24", "--name", "train"}), "dead k3f9 ");
  EXPECT_EQ(ids({"--since", "2026-11-25"}), "");
}

TEST_F(RunsVerbs, BadFiltersAreToldApart) {
  EXPECT_THAT(call({"runs", "list", "--status", "runing"}).err, HasSubstr("did you mean 'running'?"));
  EXPECT_THAT(call({"runs", "list", "--since", "yesterday"}).err,
              HasSubstr("it reads as 2h, 3d or 2026-11-24"));
  EXPECT_THAT(call({"runs", "list", "--tag", "x"}).err, HasSubstr("a tag reads as key=value"));
  EXPECT_EQ(call({"runs", "list", "--since", "2026-02-30"}).exit_code, 2);
  EXPECT_THAT(call({"runs", "list", "--name", "nobody"}).err, HasSubstr("no run matches"));
}

TEST_F(RunsVerbs, Show) {
  const Said said = call({"show", "k3f9"});
  EXPECT_EQ(said.exit_code, 2);  // ids begin with their date
  EXPECT_THAT(said.err, HasSubstr("no run of this id or name"));
  expect_golden("show/healthy.txt", call({"show", "20261124-0640", "--width", "100"}).out);
  expect_golden("show/healthy-ascii.txt", call({"show", "20261124-0640", "--width", "80", "--ascii"}).out);
  expect_golden("show/killed.txt", call({"show", "train", "--width", "100"}).out);
  expect_golden("show/killed.json", call({"show", "@2", "--json"}).out);
}

// What stood behind "--" was thrown away, and @1 shown.
TEST_F(RunsVerbs, BehindDashesIsTheRunToo) {
  EXPECT_THAT(call_as_is({"show", "--state", state_, "--", "@99"}).err, HasSubstr("@99"));
  EXPECT_THAT(call_as_is({"--state", state_, "show", "--json", "--", "@2"}).out,
              HasSubstr("20261124-065000-dead"));
  EXPECT_EQ(call({"runs", "tag", "--name", "-x", "@2"}).exit_code, 0);
  EXPECT_THAT(call_as_is({"show", "--state", state_, "--json", "--", "-x"}).out,
              HasSubstr("20261124-065000-dead"));
}

// "removed" stood there twice, for one file.
TEST_F(RunsVerbs, ARunThatIsNamedTwiceIsRemovedOnce) {
  const Said said = call({"runs", "rm", "@1", "20261124-070000-h0st", "@1"});
  EXPECT_EQ(said.exit_code, 0);
  EXPECT_EQ(said.err, "ullage: removed $STATE/runs/20261124-070000-h0st.ullage\n");
}

TEST_F(RunsVerbs, ANameThatWouldMeanAnotherRunIsRefused) {
  const Said said = call({"runs", "tag", "@1", "--name", "@2"});
  EXPECT_EQ(said.exit_code, 2);
  EXPECT_THAT(said.err, HasSubstr("'@' counts runs from the last"));
  EXPECT_EQ(call({"run", "--name", "@1", "--", "true"}).exit_code, 125);
}

TEST_F(RunsVerbs, ShowOfHostileNamesIsHarmless) {
  const Said said = call({"show", "@1", "--width", "120"});
  expect_harmless(said.out);
  expect_golden("show/hostile.txt", said.out);
  const Said json = call({"show", "@1", "--json"});
  expect_harmless(json.out);
  EXPECT_THAT(nlohmann::json::parse(json.out)["name"].get<std::string>(), HasSubstr("<script>"));
}

TEST_F(RunsVerbs, ShowWritesAReport) {
  const std::string path = state_ + "/report.html";
  const Said said = call({"show", "@1", "-o", path});
  EXPECT_EQ(said.exit_code, 0) << said.err;
  EXPECT_THAT(said.err, HasSubstr("wrote $STATE/report.html"));
  std::ifstream file(path);
  std::ostringstream html;
  html << file.rdbuf();
  EXPECT_THAT(html.str(), HasSubstr("\"id\":\"20261124-070000-h0st\""));
  EXPECT_THAT(html.str(), HasSubstr("\\u003cscript>"));
  EXPECT_EQ(call({"show", "@1", "-o", state_ + "/nowhere/report.html"}).exit_code, 2);
  EXPECT_EQ(call({"show", "@1", "-o", "-"}).out, html.str());
}

TEST_F(RunsVerbs, ShowOfADamagedFileSaysSo) {
  const Said said = call({"show", "20261124-060000-t0rn"});
  EXPECT_EQ(said.exit_code, 2);
  EXPECT_THAT(said.err, HasSubstr("t0rn.ullage"));
}

TEST_F(RunsVerbs, Diff) {
  const std::vector<std::string> call_it = {
      "diff", "20261124-0640", "@2", "--fail-on", "memory.peak_bytes<-5%", "--fail-on", "wall_seconds>+1h"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), call_it.begin(), call_it.end());
    return more;
  };
  const Said said = call(call_it);
  EXPECT_EQ(said.exit_code, 1);
  expect_golden("diff/killed.txt", said.out);
  expect_golden("diff/killed.md", call(with({"--format", "md"})).out);
  expect_golden("diff/killed.json", call(with({"--json"})).out);
  EXPECT_EQ(call({"diff", "@2", "@2", "--fail-on", "memory.peak_bytes>+0%"}).exit_code, 0);
}

TEST_F(RunsVerbs, DiffOfHostileNamesIsHarmless) {
  expect_harmless(call({"diff", "@2", "@1", "--all"}).out);
  const Said markdown = call({"diff", "@2", "@1", "--all", "--format", "md"});
  expect_harmless(markdown.out);
  EXPECT_THAT(markdown.out, Not(HasSubstr(" <script>")));
}

TEST_F(RunsVerbs, DiffPointsAtWhatIsWrong) {
  const Said said = call({"diff", "@1", "@2", "--fail-on", "wall_seconds>+5 parsecs"});
  EXPECT_EQ(said.exit_code, 2);
  expect_golden("diff/bad-expression.txt", said.err);
  expect_golden("diff/misspelt-figure.txt",
                call({"diff", "@1", "@2", "--fail-on", "memory.peek_bytes>+5%"}).err);
}

TEST_F(RunsVerbs, AdviseLimits) {
  expect_golden("advise/limits.txt", call({"advise", "limits", "train"}).out);
  expect_golden("advise/limits.json", call({"advise", "limits", "train", "--json"}).out);
  for (const char* tool : {"slurm", "kubernetes", "docker", "systemd", "ullage"})
    expect_golden(std::string("advise/") + tool + ".txt",
                  call({"advise", "limits", "20261124-0640", "--as", tool}).out);
  EXPECT_EQ(call({"advise", "limits", "--as", "slurn"}).exit_code, 2);
  expect_harmless(call({"advise", "limits", "@1"}).out);
}

TEST_F(RunsVerbs, Tag) {
  EXPECT_EQ(call({"runs", "tag", "@2", "kept=yes", "branch-", "--name", "crash"}).exit_code, 0);
  const auto record = nlohmann::json::parse(call({"show", "crash", "--json"}).out);
  EXPECT_EQ(record["tags"], (nlohmann::json{{"kept", "yes"}}));
  EXPECT_EQ(call({"runs", "tag", "@2"}).exit_code, 2);
  EXPECT_THAT(call({"runs", "tag", "@2", "kept"}).err,
              HasSubstr("a tag is set as key=value and taken away as key-"));
}

TEST_F(RunsVerbs, Rm) {
  EXPECT_EQ(call({"runs", "rm", "@2", "nobody"}).exit_code, 2);
  EXPECT_TRUE(
      std::filesystem::exists(state_ + "/runs/20261124-065000-dead.ullage"));  // a slip removes nothing
  EXPECT_EQ(call({"runs", "rm", "@2", "20261124-060000-t0rn"}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(state_ + "/runs/20261124-065000-dead.ullage"));
  std::ofstream(state_ + "/precious.txt") << "x";
  EXPECT_EQ(call({"runs", "rm", state_ + "/precious.txt"}).exit_code, 2);
  EXPECT_TRUE(std::filesystem::exists(state_ + "/precious.txt"));
}

TEST_F(RunsVerbs, RmLeavesALivingRunAlone) {
  auto living = run::RunFile::create(state_ + "/runs/20261124-071000-live.ullage");
  ASSERT_TRUE(living);
  run::Record record = run::example_record();
  record.state = run::State::running;
  record.id = "20261124-071000-live";
  living->set_record(record);
  ASSERT_TRUE(living->flush());
  const Said said = call({"runs", "rm", "@1"});
  EXPECT_EQ(said.exit_code, 1);
  EXPECT_THAT(said.err, HasSubstr("the run is alive"));
  EXPECT_THAT(call({"show", "@1"}).out, HasSubstr("Still running after 12.5 s"));
}

TEST_F(RunsVerbs, Gc) {
  const Said said = call({"runs", "gc", "--dry-run"});
  EXPECT_EQ(said.exit_code, 0) << said.err;
  EXPECT_THAT(said.err, HasSubstr("would remove 0 runs"));
  expect_golden("runs/gc.json", call({"runs", "gc", "--dry-run", "--json"}).out);
}

TEST_F(RunsVerbs, Export) {
  expect_golden("runs/export.csv", call({"runs", "export", "20261124-0640"}).out);
  const Said lines = call({"runs", "export", "@1", "--format", "jsonl"});
  EXPECT_EQ(lines.exit_code, 0);
  std::istringstream rows(lines.out);
  std::size_t count = 0;
  for (std::string row; std::getline(rows, row); ++count)
    EXPECT_FALSE(nlohmann::json::parse(row, nullptr, false).is_discarded());
  EXPECT_EQ(count, 26u * 3);
  EXPECT_EQ(call({"runs", "export", "--format", "xml"}).exit_code, 2);
  EXPECT_EQ(call({"runs", "export", "-o", state_ + "/nowhere/x.csv"}).exit_code, 2);
}

TEST_F(RunsVerbs, HelpHasAnExample) {
  const std::vector<std::vector<std::string>> verbs = {
      {"show"},       {"diff"},        {"runs", "list"},   {"runs", "rm"},
      {"runs", "gc"}, {"runs", "tag"}, {"runs", "export"}, {"advise", "limits"}};
  for (std::vector<std::string> verb : verbs) {
    verb.push_back("--help");
    const Said said = call(verb);
    EXPECT_EQ(said.exit_code, 0);
    EXPECT_THAT(said.out, HasSubstr("Example"));
  }
}

}  // namespace
}  // namespace ullage::cli
