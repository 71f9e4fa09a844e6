// SPDX-License-Identifier: Apache-2.0
// All ways at once, with real files, programs, servers and sockets: what is bad does not hurt the rest.
#include "sense/custom/custom_sources.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/loopback_server.h"
#include "base/os_root.h"
#include "base/result.h"
#include "sense/collector_fixture.h"
#include "sense/custom/executables_folder.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

using namespace std::chrono_literals;

std::string answer(std::string_view body) { return LoopbackServer::ok(body, "text/plain; version=0.0.4"); }

// Threads of sources that were given up may still ask it.
const SystemClock kClock;

class Custom : public ::testing::Test {
 protected:
  CustomOptions options() const {
    CustomOptions options{.push = {.folder = folder_.folder()}};
    return options;
  }
  CustomOptions with_programs() const {
    CustomOptions wished = options();
    wished.executables = ExecutablesOptions{
        .folder = folder_.folder() + "/programs", .interval = 100ms, .limits = {.timeout = 300ms}};
    return wished;
  }
  CustomOptions with_texts() const {
    CustomOptions wished = options();
    wished.textfile_directory = folder_.folder() + "/texts";
    return wished;
  }
  CustomOptions with_scrapes(std::string_view text) {
    CustomOptions wished = options();
    folder_.write("/scrape.yaml", text);
    wished.scrape_file = folder_.folder() + "/scrape.yaml";
    return wished;
  }
  void program(const std::string& name, std::string_view script) {
    folder_.write("/programs/" + name, script);
    ::chmod((folder_.folder() + "/programs").c_str(), 0700);
    ::chmod((folder_.folder() + "/programs/" + name).c_str(), 0700);
  }
  std::unique_ptr<CustomSources> start(const CustomOptions& wished) {
    auto sources = CustomSources::start(loop_, OsRoot::live(), wished, kClock);
    EXPECT_TRUE(sources) << sources.error().text();
    return sources ? *std::move(sources) : nullptr;
  }
  // Ticks until the text is among the lines; ten seconds at most. No tick may wait.
  bool comes_to(CustomSources& sources, std::string_view text) {
    for (const auto begin = kClock.monotonic(); kClock.monotonic() - begin < 10s; std::this_thread::yield()) {
      const auto tick = kClock.monotonic();
      lines_ = collect_lines(sources);
      longest_ = std::max(longest_, kClock.monotonic() - tick);
      if (lines_.find(text) != std::string::npos) return true;
    }
    return false;
  }
  static std::string error_of(const CustomSources& sources, std::string_view name) {
    for (const CustomStatus& status : sources.statuses())
      if (status.name == name) return status.error;
    return "no such source";
  }

  Fixture folder_;
  EventLoop loop_;
  std::string lines_;
  std::chrono::nanoseconds longest_{0};
};

TEST_F(Custom, AProgramThatIsBadIsDownAndTheOthersAreNot) {
  program("good", "#!/bin/sh\necho 'jobs{queue=\"a\"} 3'\n");
  program("hangs", "#!/bin/sh\nsleep 1000\n");
  program("garbage", "#!/bin/sh\necho 'no idea' what this is\n");
  program("crashes", "#!/bin/sh\necho broken >&2\nexit 1\n");
  program("floods", "#!/bin/sh\nhead -c 1000000000 /dev/zero\n");
  program("steals", "#!/bin/sh\necho 'node_load1 99'\n");
  const auto sources = start(with_programs());
  ASSERT_TRUE(sources);
  for (const char* name : {"hangs", "garbage", "crashes", "floods"})
    EXPECT_TRUE(comes_to(*sources, fmt::format("ullage_collector_success{{collector=\"exec:{}\"}} 0", name)))
        << name;
  EXPECT_TRUE(comes_to(*sources, "jobs{queue=\"a\"} 3"));
  EXPECT_TRUE(comes_to(*sources, "ullage_collector_success{collector=\"exec:good\"} 1"));
  EXPECT_TRUE(comes_to(*sources, "ullage_collector_success{collector=\"exec:steals\"} 1"));
  EXPECT_EQ(lines_.find("node_load1"), std::string::npos);
  const std::string path = folder_.folder() + "/programs/";
  EXPECT_EQ(error_of(*sources, "exec:crashes"), path + "crashes: ended with code 1: broken");
  EXPECT_EQ(error_of(*sources, "exec:garbage"), path + "garbage: printed line 1:4: 'idea' is no number");
  EXPECT_EQ(error_of(*sources, "exec:hangs"), path + "hangs: did not end within 300 ms");
  EXPECT_LT(longest_, 100ms) << "a tick waited";
}

TEST_F(Custom, AProgramThatOthersMayChangeIsNotRun) {
  program("open", "#!/bin/sh\necho 'a 1'\n");
  ::chmod((folder_.folder() + "/programs/open").c_str(), 0777);
  const auto sources = start(with_programs());
  ASSERT_TRUE(sources);
  EXPECT_TRUE(comes_to(*sources, "ullage_collector_success{collector=\"exec:open\"} 0"));
  EXPECT_EQ(error_of(*sources, "exec:open"),
            folder_.folder() + "/programs/open: others may write to it; chmod go-w");
}

TEST_F(Custom, TextfilesAndTheirTimesAreGiven) {
  folder_.write("/texts/backup.prom", "backup_seconds 12\nullage_fake 1\n");
  const auto sources = start(with_texts());
  ASSERT_TRUE(sources);
  EXPECT_TRUE(comes_to(*sources, "backup_seconds 12\n"));
  EXPECT_NE(lines_.find("node_textfile_mtime_seconds{file="), std::string::npos);
  EXPECT_EQ(lines_.find("ullage_fake"), std::string::npos);
  EXPECT_NE(lines_.find("ullage_custom_dropped_values_total{cause=\"reserved_name\"} 1"), std::string::npos);
}

TEST_F(Custom, TellsWhatIsDownFileByFileAndCountsWhatIsDroppedOnce) {
  folder_.write("/texts/a.prom", "broken\n");
  folder_.write("/texts/b.prom", "b 1\nullage_fake 1\n");
  folder_.write("/texts/c.prom", "broken\n");
  const auto sources = start(with_texts());
  ASSERT_TRUE(sources);
  EXPECT_TRUE(comes_to(*sources, "b 1\n"));
  const auto problems = sources->problems();
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].of, "textfile:" + folder_.folder() + "/texts/a.prom");
  EXPECT_EQ(problems[1].of, "textfile:" + folder_.folder() + "/texts/c.prom");
  sources->push().values().take_all("nonsense\n", kClock.monotonic());  // does not make what is sent to bad
  for (int tick = 0; tick < 3; ++tick) lines_ = collect_lines(*sources);
  EXPECT_EQ(sources->problems().size(), 2u);
  EXPECT_NE(lines_.find("ullage_custom_dropped_values_total{cause=\"reserved_name\"} 1"), std::string::npos);
}

TEST_F(Custom, AServerThatHangsDoesNotHoldUpTheOthers) {
  const LoopbackServer good([](const std::string&) { return answer("jobs 3\n"); });
  const LoopbackServer hangs([](const std::string&) { return "HANG"; });
  const auto sources = start(with_scrapes(fmt::format(
      "scrape_configs:\n- {{job_name: app, scrape_interval: 200ms, static_configs: [{{targets: ['{}', '{}', "
      "'127.0.0.1:1']}}]}}\n",
      good.url().substr(7), hangs.url().substr(7))));
  ASSERT_TRUE(sources);
  const std::string good_instance = good.url().substr(7), hanging = hangs.url().substr(7);
  EXPECT_TRUE(comes_to(*sources, fmt::format("jobs{{instance=\"{}\",job=\"app\"}} 3", good_instance)));
  EXPECT_TRUE(comes_to(*sources, fmt::format("up{{instance=\"{}\",job=\"app\"}} 0", hanging)));
  EXPECT_TRUE(comes_to(*sources, "up{instance=\"127.0.0.1:1\",job=\"app\"} 0"));
  EXPECT_EQ(error_of(*sources, "scrape:app/" + good_instance), "");
  EXPECT_EQ(error_of(*sources, "scrape:app/" + hanging),
            "http://" + hanging + "/metrics: no whole answer within 200 ms");
  EXPECT_LT(longest_, 100ms) << "a tick waited";
}

TEST_F(Custom, ABadScrapeFileKeepsTheOldOne) {
  const LoopbackServer server([](const std::string&) { return answer("jobs 3\n"); });
  const std::string good = fmt::format(
      "scrape_configs: [{{job_name: app, scrape_interval: 100ms, static_configs: [{{targets: ['{}']}}]}}]\n",
      server.url().substr(7));
  const auto sources = start(with_scrapes(good));
  ASSERT_TRUE(sources);
  EXPECT_TRUE(comes_to(*sources, "jobs{instance="));
  const auto reloaded = sources->reload(with_scrapes("scrape_configs: [{job_nam: app}]"));
  ASSERT_FALSE(reloaded);
  EXPECT_EQ(reloaded.error().text(),
            folder_.folder() + "/scrape.yaml: cannot be used:\n  " + folder_.folder() +
                "/scrape.yaml:1:19: unknown key 'job_nam'; did you mean 'job_name'?\n  " + folder_.folder() +
                "/scrape.yaml:1:18: a job without a job_name");
  const auto asked = server.requests().size();
  for (const auto begin = kClock.monotonic();
       kClock.monotonic() - begin < 10s && server.requests().size() <= asked;)
    std::this_thread::yield();
  EXPECT_GT(server.requests().size(), asked);
  ASSERT_TRUE(sources->reload(with_scrapes("scrape_configs: []")));
  EXPECT_EQ(collect_lines(*sources).find("up{"), std::string::npos);
}

// Two targets may go by one name, and after a reload both are asked anew.
TEST_F(Custom, WhatIsDroppedOfEachReadingIsCountedOnceWhateverTheSourcesAreCalled) {
  const LoopbackServer one([](const std::string&) { return answer("ullage_fake 1\n"); });
  const LoopbackServer other([](const std::string&) { return answer("ullage_fake 2\n"); });
  const auto scrapes = [&](std::string_view interval) {
    return with_scrapes(fmt::format(
        "scrape_configs:\n- {{job_name: app, scrape_interval: {}, static_configs: [{{targets: ['{}', '{}'], "
        "labels: {{instance: i}}}}], metric_relabel_configs: [{{action: labeldrop, regex: instance}}]}}\n",
        interval, one.url().substr(7), other.url().substr(7)));
  };
  constexpr std::string_view kDropped = "ullage_custom_dropped_values_total{cause=\"reserved_name\"} ";
  const auto sources = start(scrapes("1h"));
  ASSERT_TRUE(sources);
  lines_ = collect_lines(*sources);
  EXPECT_EQ(sources->unread().size() + sources->statuses().size(), 3u) << "these two and what is sent";
  EXPECT_TRUE(comes_to(*sources, fmt::format("{}2\n", kDropped)));
  for (int tick = 0; tick < 3; ++tick) lines_ = collect_lines(*sources);
  EXPECT_NE(lines_.find(fmt::format("{}2\n", kDropped)), std::string::npos) << lines_;
  EXPECT_TRUE(sources->unread().empty());
  ASSERT_TRUE(sources->reload(scrapes("2h")));
  EXPECT_TRUE(comes_to(*sources, fmt::format("{}4\n", kDropped)));
}

TEST_F(Custom, WhatIsSentIsGiven) {
  const auto sources = start(options());
  ASSERT_TRUE(sources);
  sources->push().values().take_all("gauge depth 3\nnonsense\n", kClock.monotonic());
  EXPECT_TRUE(comes_to(*sources, "depth 3\n"));
  EXPECT_NE(lines_.find("ullage_collector_success{collector=\"push\"} 1"), std::string::npos);
  EXPECT_NE(error_of(*sources, "push").find("'nonsense': "), std::string::npos);
}

TEST_F(Custom, SeriesAreBounded) {
  CustomOptions wished = options();
  wished.series_max = 2;
  const auto sources = start(wished);
  ASSERT_TRUE(sources);
  sources->push().values().take_all("a:1|ms\nb:1|ms\n", kClock.monotonic());
  EXPECT_TRUE(comes_to(*sources, "ullage_custom_dropped_values_total{cause=\"series_limit\"} 2"));
  EXPECT_NE(lines_.find("ullage_custom_series 2"), std::string::npos);
}

}  // namespace
}  // namespace ullage::sense
