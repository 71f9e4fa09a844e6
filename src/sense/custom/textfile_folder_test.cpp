// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/textfile_folder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "sense/custom/custom_reading.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

std::string texts(const CustomReading& reading) {
  std::string all;
  for (const CustomValue& value : reading.values)
    all += fmt::format("{} {}\n", value.key.text(), value.value);
  return all;
}

TEST(TextfileFolder, GivesTheValuesOfAllFiles) {
  const Fixture machine{{"/a.prom", "a 1\n"}, {"/b.prom", "b{c=\"d\"} 2\n"}, {"/c.txt", "c 3\n"}};
  TextfileFolder folder(machine.folder());
  const CustomReading reading = folder.read();
  EXPECT_EQ(texts(reading), "a 1\nb{c=\"d\"} 2\n");
  EXPECT_EQ(reading.error, "");
  ASSERT_EQ(reading.own_values.size(), 3u);
  EXPECT_EQ(reading.own_values[0].key.text(),
            "node_textfile_mtime_seconds{file=\"" + machine.folder() + "/a.prom\"}");
  EXPECT_GT(reading.own_values[0].value, 1.7e9);
  EXPECT_EQ(reading.own_values[2].key.text(), "node_textfile_scrape_error");
  EXPECT_EQ(reading.own_values[2].value, 0);
}

TEST(TextfileFolder, ABrokenFileLeavesOutItselfOnly) {
  const Fixture machine{
      {"/a.prom", "a 1\nbroken\n"}, {"/b.prom", "b 2\n"}, {"/t.prom", "t 1 1700000000000\n"}};
  TextfileFolder folder(machine.folder());
  const CustomReading reading = folder.read();
  EXPECT_EQ(texts(reading), "b 2\n");
  const std::string a = machine.folder() + "/a.prom", t = machine.folder() + "/t.prom";
  EXPECT_EQ(reading.error,
            a + ": line 2:7: a value is expected; " + t + ": a sample with a time, t; leave the times out");
  const std::vector<SourceProblem> each = {{"textfile:" + a, "line 2:7: a value is expected"},
                                           {"textfile:" + t, "a sample with a time, t; leave the times out"}};
  EXPECT_EQ(reading.problems, each);
  EXPECT_EQ(reading.own_values.back().value, 1);
}

TEST(TextfileFolder, OfManyThatAreBrokenTheFirstAreTold) {
  Fixture machine;
  for (int i = 10; i < 30; ++i) machine.write(fmt::format("/{}.prom", i), "broken\n");
  const CustomReading reading = TextfileFolder(machine.folder()).read();
  EXPECT_NE(reading.error.find("/19.prom"), std::string::npos);
  EXPECT_EQ(reading.error.find("/20.prom"), std::string::npos);
  EXPECT_TRUE(reading.error.ends_with("; and 10 more files")) << reading.error;
  EXPECT_EQ(reading.problems.size(), 20u);
}

TEST(TextfileFolder, OfASeriesThatIsThereTwiceTheFirstIsTakenAndThatIsTold) {
  Fixture machine{{"/a.prom", "a{b=\"c\"} 1\na{b=\"d\"} 2\na{b=\"c\"} 3\na{b=\"d\"} 4\n"},
                  {"/b.prom", "b 5\na{b=\"d\"} 6\n"}};
  TextfileFolder folder(machine.folder());
  const CustomReading reading = folder.read();
  EXPECT_EQ(texts(reading), "a{b=\"c\"} 1\na{b=\"d\"} 2\nb 5\n");
  const std::string a = machine.folder() + "/a.prom", b = machine.folder() + "/b.prom";
  EXPECT_EQ(reading.error, a + ": a{b=\"c\"} is there twice (and 1 more): the first is taken; " + b +
                               ": a{b=\"d\"} is in " + a + " too: the first is taken");
  machine.remove("/a.prom");
  const CustomReading without = folder.read();
  EXPECT_EQ(texts(without), "b 5\na{b=\"d\"} 6\n");
  EXPECT_EQ(without.error, "");
}

TEST(TextfileFolder, ReadsFilesWhenTheyChange) {
  Fixture machine{{"/a.prom", "a 1\n"}};
  TextfileFolder folder(machine.folder());
  EXPECT_EQ(texts(folder.read()), "a 1\n");
  const CustomReading again = folder.read();
  EXPECT_EQ(texts(again), "a 1\n");
  EXPECT_TRUE(again.is_as_before);
  EXPECT_EQ(folder.files_read(), 1u);
  machine.write("/a.prom", "a 22\n");
  EXPECT_EQ(texts(folder.read()), "a 22\n");
  machine.remove("/a.prom");
  EXPECT_EQ(texts(folder.read()), "");
}

// Between the list and the look at it, or as here a link to nothing.
TEST(TextfileFolder, AFileThatGoesWhileItIsListedIsAChange) {
  Fixture machine{{"/target", "a 1\n"}, {"/b.prom", "a 2\n"}};
  ASSERT_EQ(::symlink("target", (machine.folder() + "/a.prom").c_str()), 0);
  TextfileFolder folder(machine.folder());
  EXPECT_EQ(texts(folder.read()), "a 1\n");
  machine.remove("/target");
  const CustomReading reading = folder.read();
  EXPECT_FALSE(reading.is_as_before);
  EXPECT_EQ(texts(reading), "a 2\n");
  EXPECT_EQ(reading.error, "");
}

// A pipe would keep the reader waiting for a writer that never comes.
TEST(TextfileFolder, DoesNotWaitForAPipe) {
  const Fixture machine{{"/b.prom", "b 2\n"}};
  ASSERT_EQ(::mkfifo((machine.folder() + "/a.prom").c_str(), 0600), 0);
  TextfileFolder folder(machine.folder());
  const CustomReading reading = folder.read();
  EXPECT_EQ(texts(reading), "b 2\n");
  EXPECT_EQ(reading.error, machine.folder() + "/a.prom: not a file");
}

TEST(TextfileFolder, ThatIsNotThereIsAnError) {
  TextfileFolder folder("/no/such/folder");
  EXPECT_EQ(folder.read().error, "/no/such/folder: cannot be read: No such file or directory");
}

}  // namespace
}  // namespace ullage::sense
