// SPDX-License-Identifier: Apache-2.0
// What happens to a history when its writer is killed, its disk is full, its files are torn.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/sanitizer.h"
#include "history/block.h"
#include "history/history.h"
#include "history/history_fixture.h"
#include "history/history_source.h"
#include "history/maintenance.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "history/sqlite.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Faults : public HistoryFolder {
 protected:
  static std::string contents(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write_contents(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  // Every sample that is there is one that was put there.
  void expect_true(const HistorySource& source) {
    for (const auto& [text, samples] : select_all(source))
      for (const Sample& sample : samples)
        if (!is_absent(sample.value)) {
          const std::int64_t second = (sample.time_ms - kNoon) / 1000;
          const double n = sample.value - 1000.0 * static_cast<double>(second);
          EXPECT_EQ(text, key(static_cast<metric::SeriesId>(n)));
        }
  }
};

TEST_F(Faults, AKilledWriterLosesOnlyWhatCameSinceTheLastFlush) {
  std::mt19937 random(1);
  std::int64_t begin = 0;
  for (int round = 0; round < (kUnderSanitizer ? 3 : 10); ++round) {
    int told[2];
    ASSERT_EQ(::pipe(told), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(told[0]);
      auto writer = HistoryWriter::open(folder_);
      for (std::int64_t second = begin; writer; ++second) {
        writer->append(tick(second, 50), table_);
        if (second % 2 == 0 && writer->flush() && ::write(told[1], &second, sizeof second) != sizeof second)
          break;
      }
      ::_exit(1);
    }
    ::close(told[1]);
    // After so many flushes, at whatever it is doing then.
    std::int64_t flushed = begin;
    for (std::uint32_t i = 0; i < 1 + random() % 600; ++i)
      ASSERT_EQ(::read(told[0], &flushed, sizeof flushed), static_cast<ssize_t>(sizeof flushed));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    std::int64_t last = flushed;
    while (::read(told[0], &last, sizeof last) == static_cast<ssize_t>(sizeof last)) flushed = last;
    ::close(told[0]);

    const HistorySource source = read();
    EXPECT_THAT(source.problems(), IsEmpty());
    const auto samples = select_all(source).at(key(49));
    ASSERT_GE(samples.size(), static_cast<std::size_t>(flushed + 1)) << "round " << round;
    for (std::size_t i = 0; i < samples.size(); ++i)
      ASSERT_EQ(samples[i].value, value(49, static_cast<std::int64_t>(i)));
    begin = static_cast<std::int64_t>(samples.size());
    const double count = counted(buckets_of(source, 60'000, 0, kNoon + begin * 1000 + 60'000).at(key(49)));
    EXPECT_EQ(count, begin);
  }
}

class SmallDisk {
 public:
  SmallDisk(const std::string& path, const char* options) : path_(path) {
    std::filesystem::create_directory(path);
    is_there_ = ::mount("tmpfs", path.c_str(), "tmpfs", 0, options) == 0;
  }
  ~SmallDisk() {
    if (is_there_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool is_there() const { return is_there_; }

 private:
  std::string path_;
  bool is_there_ = false;
};

TEST_F(Faults, OnAFullDiskOldDataStaysReadableAndWritingResumes) {
  if (kUnderSanitizer) GTEST_SKIP() << "takes minutes under a sanitizer";
  const std::string disk = scratch_.path() + "/disk";
  const SmallDisk mounted(disk, "size=2m");
  if (!mounted.is_there()) GTEST_SKIP() << "only root may mount a small disk";
  folder_ = disk + "/history";
  HistoryWriter writer = write();
  for (int second = 0; second < 700; ++second) {
    writer.append(tick(second, 300), table_);
    ASSERT_TRUE(writer.flush());
  }
  write_contents(disk + "/filler", std::string(2 << 20, 'x'));
  int failed = 0;
  for (int second = 700; second < 3000; ++second) {
    writer.append(tick(second, 300), table_);
    if (const auto flushed = writer.flush(); !flushed) {
      ++failed;
      ASSERT_THAT(flushed.error().text(), HasSubstr("no room left on the disk"));
    }
    if (second % 500 == 0) {
      const auto some = select_all(read());
      ASSERT_GE(some.at(key(299)).size(), 700u);
    }
  }
  EXPECT_GT(failed, 0);
  const std::uint64_t lost = writer.counts().lost_samples;
  EXPECT_GT(lost, 0u);
  EXPECT_THAT(writer.counts().sentences(), Contains(HasSubstr("samples were lost: there was no room")));
  std::filesystem::remove(disk + "/filler");
  for (int second = 3000; second < 3100; ++second) {
    writer.append(tick(second, 300), table_);
    ASSERT_TRUE(writer.flush());
  }
  EXPECT_EQ(writer.counts().lost_samples, lost);
  ASSERT_TRUE(writer.close());
  const HistorySource source = read();
  std::size_t there = 0;
  for (const auto& [text, samples] : select_all(source))
    for (const Sample& sample : samples) there += is_absent(sample.value) ? 0 : 1;
  EXPECT_EQ(there + lost, 3100u * 300);
  double count = 0;
  for (const auto& [text, buckets] : buckets_of(source, 3'600'000))
    for (const Bucket& bucket : buckets) count += bucket.count;
  EXPECT_GE(count, static_cast<double>(there));
}

TEST_F(Faults, AFileTornAtAnyPageIsReadAsFarAsItGoesOrRefusedInWords) {
  {
    HistoryWriter writer = write();
    for (int second = 0; second < 1300; ++second) writer.append(tick(second, 30), table_);
    ASSERT_TRUE(writer.close());
  }
  const std::string path = folder_ + "/2023-11-14.db";
  const std::string whole = contents(path);
  std::filesystem::remove(folder_ + "/2023-11-14.minute.db");
  std::filesystem::remove(folder_ + "/2023-11.hour.db");
  for (std::size_t page = 0; page < whole.size(); page += 4096) {
    // Cut there; and overwritten with something else.
    for (const bool cut : {true, false}) {
      std::string torn = whole;
      if (cut)
        torn.resize(page);
      else
        torn.replace(page, 4096, std::string(4096, '\x5A'));
      write_contents(path, torn);
      const HistorySource source = read();
      expect_true(source);
      std::size_t there = 0;
      for (const auto& [text, samples] : select_all(source)) there += samples.size();
      EXPECT_TRUE(there == std::size_t{1300} * 30 || page == 0 || !source.problems().empty()) << page << cut;
    }
  }
}

TEST_F(Faults, AWriterBeginsAnotherFileBesideADamagedOne) {
  {
    HistoryWriter writer = write();
    for (int second = 0; second < 100; ++second) writer.append(tick(second, 30), table_);
    ASSERT_TRUE(writer.close());
  }
  write_contents(folder_ + "/2023-11-14.db", std::string(8192, 'x'));
  HistoryWriter writer = write();
  for (int second = 100; second < 200; ++second) writer.append(tick(second, 30), table_);
  ASSERT_TRUE(writer.flush());
  EXPECT_EQ(writer.counts().damaged_files, 1u);
  ASSERT_TRUE(writer.close());
  EXPECT_THAT(files(), Contains("2023-11-14.1.db"));
  const HistorySource source = read();
  EXPECT_EQ(select_all(source, kNoon + 100'000).at(key(3)).size(), 99u);
  EXPECT_THAT(source.problems(), ElementsAre(HasSubstr("2023-11-14.db")));
}

TEST_F(Faults, ANewerFileIsRefusedWithASentenceAndLeftAlone) {
  {
    HistoryWriter writer = write();
    writer.append(tick(0), table_);
    ASSERT_TRUE(writer.close());
  }
  {
    auto database = Database::open(folder_ + "/2023-11-14.db", Database::Access::write);
    ASSERT_TRUE(database->execute("PRAGMA user_version=2"));
  }
  {
    const HistorySource source = read();
    select_all(source);
    EXPECT_THAT(source.problems(), ElementsAre(HasSubstr("written by a newer ullage (format 2)")));
  }
  const std::string before = contents(folder_ + "/2023-11-14.db");
  HistoryWriter writer = write();
  writer.append(tick(1), table_);
  ASSERT_TRUE(writer.close());
  ASSERT_TRUE(repair_history(folder_));
  EXPECT_EQ(contents(folder_ + "/2023-11-14.db"), before);
}

// A day of a machine on which 20,000 short series come and go beside 300 that stay (the benchmark has
// 200,000).
TEST_F(Faults, ADayOfChurnIsForgottenByTheHeadAndRememberedByTheFiles) {
  HistoryWriter writer = write({.series_max = 2000});
  std::size_t born = 0;
  std::uint64_t most = 0;
  const int day = kUnderSanitizer ? 86'400 / 8 : 86'400;
  for (int second = 0; second < day; second += 15) {
    metric::Tick made = tick(second - 43'200, 300);
    for (; born < static_cast<std::size_t>(second) * 20'000 / 86'400; ++born)
      made.add(table_.id("short", {{"pid", std::to_string(born)}}), static_cast<double>(born));
    writer.append(made, table_);
    ASSERT_TRUE(writer.flush());
    most = std::max(most, writer.counts().live_series);
  }
  EXPECT_LT(most, 1500u);  // those that live, and those of one head
  EXPECT_THAT(writer.counts().sentences(), IsEmpty());
  ASSERT_TRUE(writer.close());
  const HistorySource source = read();
  std::size_t series = 0;
  ASSERT_TRUE(source.select_series({{{"__name__", Matcher::Kind::equal, "short"}}, 0, INT64_MAX / 2},
                                   [&](const metric::SeriesKey&) -> Result<void> {
                                     ++series;
                                     return {};
                                   }));
  EXPECT_EQ(series, born);
  double count = 0;
  for (const auto& [text, buckets] : buckets_of(source, 3'600'000))
    for (const Bucket& bucket : buckets) count += bucket.count;
  EXPECT_EQ(count, 300.0 * day / 15 + static_cast<double>(born));
}

class Maintenance : public Faults {};

TEST_F(Maintenance, SaysWhatIsThereAndWhetherItIsWhole) {
  HistoryWriter writer = write();
  for (int second = 1; second <= 1000; ++second) writer.append(tick(second, 30), table_);
  ASSERT_TRUE(writer.flush());  // beside a living writer
  const auto stat = stat_history(folder_);
  ASSERT_TRUE(stat);
  ASSERT_THAT(stat->files, SizeIs(2));
  EXPECT_EQ(stat->files[0].name, "2023-11-14.db");
  EXPECT_EQ(stat->files[0].series, 30u);
  EXPECT_EQ(stat->files[0].ticks, 1000u);
  EXPECT_EQ(stat->files[0].begin_ms, kNoon + 1000);
  EXPECT_FALSE(stat->files[0].content) << "it has not been looked at";
  EXPECT_EQ(stat->files[0].end_ms, kNoon + 1'000'000);
  ASSERT_TRUE(writer.close());
  const auto check = check_history(folder_);
  ASSERT_TRUE(check);
  EXPECT_TRUE(check->is_whole());
  EXPECT_EQ(check->files[0].content->samples, 30'000u);
  EXPECT_GT(check->bytes(), 0u);
}

TEST_F(Maintenance, RepairKeepsWhatCanBeReadAndMakesUpTheBuckets) {
  {
    HistoryWriter writer = write();
    for (int second = 1; second <= 7000; ++second) writer.append(tick(second, 100), table_);
    ASSERT_TRUE(writer.close());
  }
  for (const char* name : {"2023-11-14.db", "2023-11-14.minute.db"}) {
    auto database = Database::open(folder_ + "/" + name, Database::Access::write);
    ASSERT_TRUE(database->execute(
        "UPDATE blocks SET bytes = CAST(substr(bytes, 1, 60) || x'5A' || substr(bytes, 62) AS BLOB)"
        " WHERE id = (SELECT min(id) FROM blocks)"));
  }
  EXPECT_FALSE(check_history(folder_)->is_whole());
  {
    HistoryWriter writer = write();
    EXPECT_FALSE(repair_history(folder_)) << "not while it is being written";
  }
  const auto repaired = repair_history(folder_);
  ASSERT_TRUE(repaired) << repaired.error().text();
  EXPECT_THAT(repaired->rewritten, ElementsAre("2023-11-14.db", "2023-11-14.minute.db"));
  EXPECT_THAT(repaired->set_aside, ElementsAre("2023-11-14.db.damaged", "2023-11-14.minute.db.damaged"));
  EXPECT_GT(repaired->buckets_made_up, 0u);
  EXPECT_TRUE(check_history(folder_)->is_whole());
  const HistorySource source = read();
  expect_true(source);
  const double count = counted(buckets_of(source, 60'000).at(key(99)));
  EXPECT_EQ(count, 7000);  // its block of samples was not the damaged one
}

TEST_F(Maintenance, RepairSavesWhatStandsAroundADamagedMiddle) {
  {
    HistoryWriter writer = write();
    for (int second = 1; second <= 7000; ++second) writer.append(tick(second, 400), table_);
    ASSERT_TRUE(writer.close());
  }
  const std::string path = folder_ + "/2023-11-14.db";
  std::string bytes = contents(path);
  ASSERT_GT(bytes.size(), 100'000u);
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2), 10'000, '\x5A');
  write_contents(path, bytes);
  const auto repaired = repair_history(folder_);
  ASSERT_TRUE(repaired) << repaired.error().text();
  EXPECT_THAT(repaired->set_aside, Contains("2023-11-14.db.damaged"));
  EXPECT_THAT(repaired->rewritten, Contains("2023-11-14.db"));
  EXPECT_THAT(repaired->lost, IsEmpty());
  EXPECT_TRUE(check_history(folder_)->is_whole());
  const HistorySource source = read();
  expect_true(source);
  std::size_t samples = 0;
  for (const auto& [key, of_series] : select_all(source)) samples += of_series.size();
  EXPECT_GT(samples, 7000u * 400 / 2);
}

TEST_F(Maintenance, RepairSaysWhichFilesNothingCouldBeReadOf) {
  {
    HistoryWriter writer = write();
    for (int second = 1; second <= 100; ++second) writer.append(tick(second), table_);
    ASSERT_TRUE(writer.close());
  }
  const std::string path = folder_ + "/2023-11-14.db";
  std::string bytes = contents(path);
  std::ranges::fill(bytes, '\x5A');
  write_contents(path, bytes);
  const auto repaired = repair_history(folder_);
  ASSERT_TRUE(repaired) << repaired.error().text();
  EXPECT_THAT(repaired->lost, ElementsAre("2023-11-14.db"));
  EXPECT_THAT(repaired->rewritten, IsEmpty());
  EXPECT_THAT(repaired->set_aside, ElementsAre("2023-11-14.db.damaged"));
}

TEST_F(Maintenance, CompactMakesFewBlocksOfManyAndOneFileOfEach) {
  {
    HistoryWriter writer = write();
    for (int second = 1; second <= 500; ++second) {
      writer.append(tick(second, 100), table_);
      ASSERT_TRUE(writer.flush());
    }
    std::filesystem::copy(folder_, folder_ + "k");  // as a killed writer leaves it
  }
  folder_ += "k";
  const auto compacted = compact_history(folder_);
  ASSERT_TRUE(compacted) << compacted.error().text();
  EXPECT_LT(compacted->bytes_after * 4, compacted->bytes_before);
  EXPECT_THAT(files(), ElementsAre("2023-11-14.db", "2023-11-14.minute.db", "2023-11.hour.db"));
  const auto check = check_history(folder_);
  EXPECT_TRUE(check->is_whole());
  EXPECT_EQ(check->files[0].content->blocks, 2u);
  EXPECT_EQ(check->files[0].content->samples, 50'000u);
}

}  // namespace
}  // namespace ullage::history
