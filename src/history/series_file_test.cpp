// SPDX-License-Identifier: Apache-2.0
#include "history/series_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "history/open_for_reading.h"
#include "history/sqlite.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

constexpr std::uint32_t kApplication = 0x54455354;

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write_contents(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class SeriesFile : public testing::Test {
 protected:
  void SetUp() override {
    auto made = ScratchFolder::make();
    ASSERT_TRUE(made);
    folder_ = std::move(*made);
    path_ = folder_.path() + "/a b ü?#%.ullage";
  }

  SeriesWriter create() {
    auto writer = SeriesWriter::create(path_, kApplication, 1);
    EXPECT_TRUE(writer) << writer.error().text();
    return std::move(*writer);
  }
  SeriesReader open() {
    auto reader = SeriesReader::open(path_, kApplication, 1);
    EXPECT_TRUE(reader) << reader.error().text();
    return std::move(*reader);
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
      names.push_back(entry.path().filename().string());
    return names;
  }

  // One tick a second of `count` series: even ids are gauges, odd ones counters.
  metric::Tick tick(int second, metric::SeriesId count) {
    metric::Tick made;
    made.time_ms = 1'700'000'000'000 + 1000 * static_cast<std::int64_t>(second);
    for (metric::SeriesId i = 0; i < count; ++i) {
      const auto id = table_.id(i % 2 == 0 ? "load" : "work_total", {{"n", std::to_string(i)}});
      made.add(id, i % 2 == 0 ? 4096.0 * ((second * 7 + static_cast<int>(i)) % 100) : second * 0.25 + i);
    }
    return made;
  }

  ScratchFolder folder_;
  std::string path_;
  metric::SeriesTable table_;
};

std::vector<metric::Tick> all_ticks(const SeriesReader& reader) {
  std::vector<metric::Tick> ticks;
  const auto read = reader.each_tick([&](const metric::Tick& tick) { ticks.push_back(tick); });
  EXPECT_TRUE(read);
  return ticks;
}

void expect_same(const metric::Tick& got, const metric::Tick& put) {
  EXPECT_EQ(got.time_ms, put.time_ms);
  ASSERT_EQ(got.values.size(), put.values.size());
  for (std::size_t i = 0; i < put.values.size(); ++i) {
    EXPECT_EQ(got.values[i].series, put.values[i].series);
    EXPECT_EQ(got.values[i].value, put.values[i].value);
  }
}

TEST_F(SeriesFile, HoldsWhatWasAppendedThroughAllItsRewriting) {
  std::vector<metric::Tick> put;
  SeriesWriter writer = create();
  for (int second = 0; second < 1500; ++second) {
    put.push_back(tick(second, 150));
    writer.append(put.back(), table_);
    if (second % 3 == 0) {
      ASSERT_TRUE(writer.flush());
    }
    if (second % 401 == 0) {
      const auto got = all_ticks(open());
      ASSERT_EQ(got.size(), second / 3 * 3 + 1u);
      expect_same(got.back(), put[got.size() - 1]);
    }
  }
  EXPECT_EQ(writer.ticks(), 1500u);
  ASSERT_TRUE(writer.close());
  const SeriesReader reader = open();
  const auto got = all_ticks(reader);
  ASSERT_EQ(got.size(), put.size());
  for (std::size_t i = 0; i < put.size(); ++i) expect_same(got[i], put[i]);
  EXPECT_THAT(reader.problems(), testing::IsEmpty());
  EXPECT_EQ(reader.series()[3].text(), R"(work_total{n="3"})");

  const auto samples = reader.samples(149);
  ASSERT_TRUE(samples);
  ASSERT_EQ(samples->size(), 1500u);
  EXPECT_EQ((*samples)[1499].value, 1499 * 0.25 + 149);
}

TEST_F(SeriesFile, IsOnePrivateFileWhenClosed) {
  SeriesWriter writer = create();
  writer.append(tick(0, 3), table_);
  ASSERT_TRUE(writer.flush());
  ASSERT_TRUE(writer.close());
  EXPECT_THAT(files(), testing::ElementsAre("a b ü?#%.ullage"));
  struct stat info;
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(SeriesFile, IsNotMadeOverAnother) {
  SeriesWriter writer = create();
  EXPECT_FALSE(SeriesWriter::create(path_, kApplication, 1));
}

TEST_F(SeriesFile, DropsAndCountsTicksThatGoBackInTime) {
  SeriesWriter writer = create();
  writer.append(tick(5, 1), table_);
  writer.append(tick(5, 1), table_);
  writer.append(tick(4, 1), table_);
  writer.append(tick(6, 1), table_);
  EXPECT_EQ(writer.dropped_ticks(), 2u);
  EXPECT_EQ(writer.ticks(), 2u);
}

TEST_F(SeriesFile, SeriesThatComeAndGoLeaveNoColumns) {
  SeriesWriter writer = create();
  for (int second = 0; second < 1200; ++second) {
    metric::Tick put;
    put.time_ms = second * 1000 + 1;
    put.add(table_.id("always"), second);
    if (second % 100 < 5) put.add(table_.id("short", {{"pid", std::to_string(second / 100)}}), second);
    writer.append(put, table_);
    ASSERT_TRUE(writer.flush());
  }
  ASSERT_TRUE(writer.close());
  const SeriesReader reader = open();
  ASSERT_EQ(reader.series().size(), 13u);
  for (metric::SeriesId id = 1; id < 13; ++id) {
    const auto samples = reader.samples(id);
    ASSERT_TRUE(samples);
    ASSERT_EQ(samples->size(), 5u);
    EXPECT_EQ(samples->front().value, (id - 1) * 100.0);
  }
  EXPECT_EQ(reader.samples(0)->size(), 1200u);
}

TEST_F(SeriesFile, ManyShortLivesTakeLittleRoomAndTime) {
  // Ten new processes a second of eighteen series each, which live for two ticks.
  SeriesWriter writer = create();
  std::size_t samples = 0;
  for (int second = 0; second < 120; ++second) {
    metric::Tick put;
    put.time_ms = 1000 + second * 1000;
    for (int born = std::max(0, second - 1); born <= second; ++born)
      for (int i = 0; i < 180; ++i)
        put.add(table_.id("ullage_process_threads",
                          {{"name", "cc1plus"}, {"pid", std::to_string(born * 180 + i)}}),
                i);
    samples += put.values.size();
    writer.append(put, table_);
    ASSERT_TRUE(writer.flush());
  }
  EXPECT_EQ(writer.ticks(), 120u);
  ASSERT_TRUE(writer.close());
  EXPECT_LT(std::filesystem::file_size(path_), samples * 5);
  const SeriesReader reader = open();
  EXPECT_EQ(reader.series().size(), table_.size());
  EXPECT_EQ(reader.series().back(), table_.key(table_.size() - 1));
  std::size_t read = 0;
  for (const metric::Tick& tick : all_ticks(reader)) read += tick.values.size();
  EXPECT_EQ(read, samples);
}

TEST_F(SeriesFile, DamagedNamesCostOnlyNames) {
  {
    SeriesWriter writer = create();
    for (int second = 0; second < 3; ++second) {
      writer.append(tick(second, 4 * static_cast<metric::SeriesId>(second + 1)), table_);
      ASSERT_TRUE(writer.flush());
    }
  }
  {
    auto database = Database::open(path_, Database::Access::write);
    ASSERT_TRUE(database->execute("UPDATE series SET bytes = x'00' WHERE first_id = 4"));
  }
  const SeriesReader reader = open();
  ASSERT_EQ(reader.series().size(), 12u);
  EXPECT_EQ(reader.series()[5].name, "");
  EXPECT_EQ(reader.series()[11].name, "work_total");
  EXPECT_EQ(reader.samples(5)->size(), 2u);
  ASSERT_EQ(reader.problems().size(), 1u);
  EXPECT_THAT(reader.problems().front(), testing::HasSubstr("names of the series from 4 on"));
}

TEST_F(SeriesFile, KeepsTicksWithoutSamples) {
  SeriesWriter writer = create();
  for (int i = 0; i < 60; ++i) {
    metric::Tick empty;
    empty.time_ms = i;
    writer.append(empty, table_);
    ASSERT_TRUE(writer.flush());
  }
  ASSERT_TRUE(writer.close());
  EXPECT_EQ(all_ticks(open()).size(), 60u);
}

TEST_F(SeriesFile, HalvingKeepsPeaksAndTheLaterCount) {
  SeriesWriter writer = create();
  double peak = 0;
  for (int second = 0; second < 2000; ++second) {
    writer.append(tick(second, 70), table_);
    if (second % 50 == 49) {
      ASSERT_TRUE(writer.flush());
    }
  }
  peak = 4096.0 * 99;
  writer.halve();
  EXPECT_NEAR(static_cast<double>(writer.ticks()), 1000, 5);
  writer.halve();  // again before the first is done
  EXPECT_NEAR(static_cast<double>(writer.ticks()), 500, 5);
  for (int second = 2000; second < 2010; ++second) {
    writer.append(tick(second, 70), table_);
    ASSERT_TRUE(writer.flush());
  }
  const std::uint64_t ticks = writer.ticks();
  ASSERT_TRUE(writer.close());

  const SeriesReader reader = open();
  EXPECT_EQ(all_ticks(reader).size(), ticks);
  const auto gauge = reader.samples(0);
  const auto counter = reader.samples(1);
  ASSERT_TRUE(gauge && counter);
  EXPECT_EQ(std::ranges::max(*gauge, {}, &Sample::value).value, peak);
  for (const Sample& sample : *counter)
    EXPECT_EQ(sample.value, static_cast<double>(sample.time_ms - 1'700'000'000'000) / 1000 * 0.25 + 1);
  EXPECT_EQ(gauge->back().time_ms, 1'700'002'009'000);
}

TEST_F(SeriesFile, HalvesWhatIsStillInMemory) {
  SeriesWriter writer = create();
  for (int second = 0; second < 7; ++second) writer.append(tick(second, 2), table_);
  writer.halve();
  EXPECT_EQ(writer.ticks(), 4u);
  ASSERT_TRUE(writer.close());
  EXPECT_EQ(all_ticks(open()).size(), 4u);
}

TEST_F(SeriesFile, IsReadBesideItsWriterAndKeepsItsMoment) {
  SeriesWriter writer = create();
  for (int second = 0; second < 10; ++second) writer.append(tick(second, 3), table_);
  ASSERT_TRUE(writer.flush());
  const SeriesReader reader = open();
  for (int second = 10; second < 700; ++second) {
    writer.append(tick(second, 3), table_);
    ASSERT_TRUE(writer.flush());
  }
  EXPECT_EQ(all_ticks(reader).size(), 10u);
  EXPECT_EQ(all_ticks(open()).size(), 700u);
}

TEST_F(SeriesFile, SaysWhatIsNoSeriesFile) {
  using testing::HasSubstr;
  const auto error = [&](int newest = 1) {
    auto reader = SeriesReader::open(path_, kApplication, newest);
    return reader ? std::string("opened") : reader.error().text();
  };
  EXPECT_THAT(error(), HasSubstr("No such file"));
  write_contents(path_, "");
  EXPECT_THAT(error(), HasSubstr("nothing was written"));
  write_contents(path_, std::string(10'000, 'x'));
  EXPECT_THAT(error(), HasSubstr("not a database"));
  std::filesystem::remove(path_);
  {
    auto other = SeriesWriter::create(path_, 17, 1);
    ASSERT_TRUE(other->close());
  }
  EXPECT_THAT(error(), HasSubstr("another kind"));
  std::filesystem::remove(path_);
  {
    auto newer = SeriesWriter::create(path_, kApplication, 2);
    ASSERT_TRUE(newer->close());
  }
  EXPECT_THAT(error(), HasSubstr("newer ullage"));
  EXPECT_EQ(error(2), "opened");
}

TEST_F(SeriesFile, CutAnywhereIsReadOrRefusedInWords) {
  {
    SeriesWriter writer = create();
    for (int second = 0; second < 1300; ++second) {
      writer.append(tick(second, 80), table_);
      if (second % 50 == 0) {
        ASSERT_TRUE(writer.flush());
      }
    }
  }
  const std::string whole = contents(path_);
  std::size_t read_some = 0;
  for (std::size_t size = 0; size < whole.size(); size += 1777) {
    write_contents(path_, whole.substr(0, size));
    const auto reader = SeriesReader::open(path_, kApplication, 1);
    if (!reader) {
      EXPECT_FALSE(reader.error().text().empty());
      continue;
    }
    std::size_t ticks = 0;
    ASSERT_TRUE(reader->each_tick([&](const metric::Tick& got) {
      ++ticks;
      for (const metric::Value& value : got.values)
        if (value.series % 2 == 1) {
          const double second = static_cast<double>(got.time_ms - 1'700'000'000'000) / 1000;
          EXPECT_EQ(value.value, second * 0.25 + value.series);
        }
    }));
    EXPECT_FALSE(reader->problems().empty());
    read_some += ticks > 0 ? 1 : 0;
  }
  EXPECT_GT(read_some, 0u);
}

TEST_F(SeriesFile, DamageCostsOnlyTheBlockItIsIn) {
  {
    SeriesWriter writer = create();
    for (int second = 0; second < 1800; ++second) {
      writer.append(tick(second, 130), table_);
      if (second % 50 == 0) {
        ASSERT_TRUE(writer.flush());
      }
    }
  }
  {
    auto database = Database::open(path_, Database::Access::write);
    ASSERT_TRUE(database->execute(
        "UPDATE blocks SET bytes = CAST(substr(bytes, 1, 60) || x'5A' || substr(bytes, 62) AS BLOB)"
        " WHERE id = (SELECT min(id) FROM blocks)"));
  }
  const SeriesReader reader = open();
  std::size_t short_series = 0;
  for (metric::SeriesId id = 0; id < 130; ++id) {
    const auto samples = reader.samples(id);
    ASSERT_TRUE(samples);
    short_series += samples->size() < 1800 ? 1 : 0;
  }
  EXPECT_GT(short_series, 0u);
  EXPECT_LE(short_series, 64u);
  ASSERT_EQ(reader.problems().size(), 1u);
  EXPECT_THAT(reader.problems().front(), testing::HasSubstr("checksum"));
}

}  // namespace
}  // namespace ullage::history
