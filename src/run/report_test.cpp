// SPDX-License-Identifier: Apache-2.0
#include "run/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "metric/descriptor.h"
#include "metric/series.h"
#include "run/example_record.h"
#include "run/record.h"
#include "run/series_view.h"

namespace ullage::run {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Recorded {
  metric::SeriesTable table;
  std::vector<metric::Tick> ticks;
  std::vector<metric::SeriesKey> keys() const {
    std::vector<metric::SeriesKey> out;
    for (metric::SeriesId id = 0; id < table.size(); ++id) out.push_back(table.key(id));
    return out;
  }
};

nlohmann::json data_of(const Record& record, const Recorded& recorded) {
  const auto keys = recorded.keys();
  const auto text = report_data(record, view_of(keys, recorded.ticks));
  EXPECT_TRUE(text);
  return nlohmann::json::parse(*text);
}

const nlohmann::json* series(const nlohmann::json& data, const std::string& name,
                             const std::string& process = "") {
  for (const auto& one : data["series"])
    if (one["name"] == name && one["labels"].value("name", "") == process) return &one;
  return nullptr;
}

TEST(ReportData, HasTheRunAndItsSeries) {
  Recorded recorded;
  const auto used = recorded.table.id("ullage_run_used_bytes");
  const auto cpu = recorded.table.id("ullage_run_cpu_seconds_total", {{"mode", "user"}});
  for (int i = 0; i < 3; ++i) {
    recorded.ticks.push_back({kExampleStartMs + std::int64_t{1000} * i, {{used, 1000.0 * i}}});
    if (i != 1) recorded.ticks.back().add(cpu, 0.1234567891 * i);
  }
  const auto data = data_of(example_record(), recorded);
  EXPECT_EQ(data["format"], 1);
  EXPECT_EQ(data["run"]["id"], example_record().id);
  EXPECT_EQ(data["repeat"], "ullage run --memory 2G --name train -- python3 train.py");
  EXPECT_EQ(data["times_ms"],
            nlohmann::json({kExampleStartMs, kExampleStartMs + 1000, kExampleStartMs + 2000}));
  EXPECT_EQ((*series(data, "ullage_run_used_bytes"))["values"], nlohmann::json({0, 1000, 2000}));
  EXPECT_EQ((*series(data, "ullage_run_used_bytes"))["unit"], "bytes");
  EXPECT_EQ((*series(data, "ullage_run_cpu_seconds_total"))["kind"], "counter");
  EXPECT_EQ((*series(data, "ullage_run_cpu_seconds_total"))["values"], nlohmann::json({0, nullptr, 0.247}));
}

TEST(ReportData, LesserProcessesAreAddedUp) {
  Recorded recorded;
  Record record = example_record();  // its table names one process: 1234
  const auto resident = [&](const char* pid, const char* name) {
    return recorded.table.id("ullage_process_resident_bytes", {{"pid", pid}, {"name", name}});
  };
  const auto cpu = [&](const char* pid, const char* name) {
    return recorded.table.id("ullage_process_cpu_seconds_total",
                             {{"pid", pid}, {"name", name}, {"mode", "user"}});
  };
  const auto big = resident("1234", "python3"), a = resident("7", "sh"), b = resident("8", "sh");
  const auto cpu_a = cpu("7", "sh"), cpu_b = cpu("8", "sh");
  recorded.ticks = {
      {kExampleStartMs, {{big, 100}, {a, 10}, {cpu_a, 1}}},
      {kExampleStartMs + 100, {{big, 100}, {cpu_a, 2}, {b, 5}, {cpu_b, 0.5}}},  // a's size is not read
      {kExampleStartMs + 200, {{big, 100}, {b, 6}, {cpu_b, 1}}}};               // a has ended
  const auto data = data_of(record, recorded);
  EXPECT_EQ((*series(data, "ullage_process_resident_bytes", "python3"))["values"],
            nlohmann::json({100, 100, 100}));
  EXPECT_EQ((*series(data, "ullage_process_resident_bytes", "others"))["values"],
            nlohmann::json({10, 15, 6}));
  EXPECT_EQ((*series(data, "ullage_process_cpu_seconds_total", "others"))["values"],
            nlohmann::json({1, 2.5, 3}));
  EXPECT_FALSE((*series(data, "ullage_process_resident_bytes", "others"))["labels"].contains("pid"));
  EXPECT_EQ(series(data, "ullage_process_resident_bytes", "sh"), nullptr);
}

TEST(ReportData, NoNameCanEndTheScriptElement) {
  Record record = example_record();
  record.name = "</script><script>alert(1)</script>\xff";
  record.command = {"sh", "-c", "<!--"};
  Recorded recorded;
  recorded.table.id("ullage_run_custom_gauge", {{"name", "</script>\xc3\x28"}});
  const auto keys = recorded.keys();
  const auto text = report_data(record, view_of(keys, recorded.ticks));
  ASSERT_TRUE(text);
  EXPECT_EQ(text->find('<'), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(*text)["run"]["command"][2], "<!--");
}

TEST(ReportData, OfADayOfFiftyProcessesIsSmall) {
  Recorded recorded;
  Record record = example_record();
  record.wall_seconds = 86'400;
  record.process_table.clear();
  std::vector<metric::SeriesId> ids;
  constexpr int kOfTheMachineMax = 24;  // what a run records of it
  int of_the_machine = 0;
  for (const metric::Descriptor& metric : metric::descriptors()) {
    if (metric.name.starts_with("node_") && ++of_the_machine > kOfTheMachineMax) continue;
    if (metric.name.starts_with("ullage_process_"))
      for (int pid = 100; pid < 150; ++pid)
        ids.push_back(recorded.table.id(metric.name, {{"pid", std::to_string(pid)}, {"name", "worker"}}));
    else
      ids.push_back(recorded.table.id(metric.name));
  }
  for (int pid = 100; pid < 150; ++pid)
    record.process_table.push_back({.pid = pid,
                                    .parent_pid = 1,
                                    .name = "worker",
                                    .command = "worker --queue mail",
                                    .count = 1,
                                    .begin_ms = kExampleStartMs,
                                    .end_ms = {},
                                    .peak_bytes = 300 * kMiB,
                                    .user_seconds = 1,
                                    .system_seconds = 1,
                                    .read_bytes = 1,
                                    .written_bytes = 1,
                                    .threads_peak = 1,
                                    .exit_code = {},
                                    .signal = {}});
  for (int i = 0; i < 2000; ++i) {
    recorded.ticks.push_back({kExampleStartMs + 43'200ll * i, {}});
    for (const metric::SeriesId id : ids) recorded.ticks.back().add(id, 1.0e9 / (id + 1.0) + 12345.678 * i);
  }
  const auto keys = recorded.keys();
  const auto text = report_data(record, view_of(keys, recorded.ticks));
  ASSERT_TRUE(text);
  EXPECT_LT(text->size(), 1'000'000u);
  const auto data = nlohmann::json::parse(*text);
  EXPECT_GE(data["times_ms"].size(), 500u);
  EXPECT_LE(data["times_ms"].size(), 1000u);
}

TEST(FillReport, PutsTheDataInItsPlace) {
  const std::string page = "<html><script type=\"application/json\" id=\"ullage-data\"></script><p></html>";
  EXPECT_EQ(*fill_report(page, "{}"),
            "<html><script type=\"application/json\" id=\"ullage-data\">{}</script><p></html>");
  EXPECT_FALSE(fill_report("<html>", "{}"));
}

}  // namespace
}  // namespace ullage::run
