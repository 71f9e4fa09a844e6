// SPDX-License-Identifier: Apache-2.0
#include "history/store/open_files.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

#include "history/history.h"
#include "history/history_fixture.h"
#include "history/store/history_files.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

constexpr std::size_t kSeries = 40;

class OpenFilesTest : public HistoryFolder {
 protected:
  void write_days(int days) {
    HistoryWriter writer = write();
    for (int day = 0; day < days; ++day)
      writer.append(tick(std::int64_t{86'400} * day, metric::SeriesId{kSeries}), table_);
    ASSERT_TRUE(writer.close());
  }
  // As a question over all days does.
  static std::size_t read_raw(OpenFiles& files) {
    EXPECT_TRUE(files.refresh());
    std::size_t opened = 0;
    for (const HistoryFile& file : files.list())
      if (file.tier == Tier::raw && files.open(file) != nullptr) ++opened;
    files.end_reading();
    return opened;
  }
};

TEST_F(OpenFilesTest, StayOpenFromOneQuestionToTheNext) {
  write_days(5);
  OpenFiles files(folder_);
  EXPECT_EQ(read_raw(files), 5u);
  EXPECT_EQ(files.series(), 5 * kSeries);
}

TEST_F(OpenFilesTest, WithTooManySeriesAreClosedTheOldestFirst) {
  write_days(5);
  OpenFiles files(folder_, 3 * kSeries);
  EXPECT_EQ(read_raw(files), 5u);
  EXPECT_EQ(files.series(), 3 * kSeries);
  EXPECT_EQ(read_raw(files), 5u) << "and are opened again";
}

TEST_F(OpenFilesTest, AFileThatHasTooManyAloneIsClosedToo) {
  write_days(1);
  OpenFiles files(folder_, kSeries - 1);
  EXPECT_EQ(read_raw(files), 1u);
  EXPECT_EQ(files.series(), 0u);
}

}  // namespace
}  // namespace ullage::history
