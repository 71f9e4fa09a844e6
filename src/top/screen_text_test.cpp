// SPDX-License-Identifier: Apache-2.0
// Whole screens against tests/golden/top; ULLAGE_RENEW=1 writes them anew.
#include "top/screen_text.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "run/table.h"
#include "sense/processes/process_row.h"
#include "top/machine_view.h"
#include "top/row_list.h"
#include "top/text_line.h"
#include "top/top_fixture.h"
#include "top/view_state.h"

namespace ullage::top {
namespace {

using namespace std::chrono_literals;

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = "tests/golden/top/" + name;
  if (std::getenv("ULLAGE_RENEW") != nullptr) {
    std::filesystem::create_directories("tests/golden/top");
    std::ofstream(path) << text;
    return;
  }
  std::ifstream file(path);
  std::ostringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(expected.str(), text) << path << " differs; if that is meant: ULLAGE_RENEW=1";
}

// A machine with a leak, a busy program with children, somebody's secrets, and names that mean no good.
class Screens : public testing::Test {
 protected:
  Screens() {
    machine_.process(1, 0, "systemd", 12).group =
        std::make_shared<sense::ProcessGroup>(sense::ProcessGroup{"systemd", "root", ""});
    machine_.process(210, 1, "postgres", 400).group = std::make_shared<sense::ProcessGroup>(
        sense::ProcessGroup{"postgresql", "postgres", "postgresql@.service"});
    machine_.process(4711, 1, "train", 900).command_line =
        std::string("/usr/bin/python3\0train.py\0--token=x9", 36);
    machine_.process(4712, 4711, "loader", 150).cpu_cores = 1.25;
    machine_.process(4800, 1, "evil\x1b[31m\n", 3).command_line = "evil \x1b[2J\n\xFF";
    machine_.process(4801, 1, "日本語のプログラム", 2);
    machine_.process(9, 2, "kworker", 0).command_line.clear();
    machine_.headrooms() = {6 * kGiB, 6 * kGiB, 2 * kGiB, 2 * kGiB, 6 * kGiB, 6 * kGiB, std::nullopt};
    view_.take(machine_.next());
    for (int second = 1; second <= 60; second += 2) {
      step(second);
      view_.take(machine_.next(2s));
    }
  }
  void step(int second) {
    *machine_.row(2).sample.anonymous_bytes += 3 * kMiB;
    machine_.row(2).growth_bytes_per_minute = 90.0 * kMiB;
    machine_.row(3).cpu_cores = second % 16 < 8 ? 1.25 : 0.1;
    machine_.row(1).used.written_bytes = 3 << 20;
    *machine_.reading().headroom_bytes -= 3 * kMiB;
    auto& cpu = *machine_.reading().host.cpu_seconds;
    for (std::size_t mode = 0; mode < cpu.size(); ++mode)
      cpu[mode] += (mode == 0 ? 2.5 : mode == 2 ? 0.5 : mode == 3 ? 4.5 : mode == 4 ? 0.4 : 0.1);
    *machine_.reading().host.pressure.memory.some_seconds += 0.2;
    *machine_.reading().host.pressure.io.some_seconds += 0.7;
    machine_.reading().host.disks[0].written_bytes += 3 << 20;
    machine_.reading().host.disks[0].busy_seconds += 0.3;
    machine_.reading().network->sent_bytes += 2000;
  }
  std::string screen(const ViewState& state, ScreenSize size) {
    const Screen drawn = screen_of(view_, state, size);
    EXPECT_EQ(drawn.lines.size(), size.height);
    for (const TextLine& line : drawn.lines) EXPECT_LE(run::display_width(line.text()), size.width);
    return text_of(drawn.lines, {});
  }
  ReadingFixture machine_;
  MachineView view_;
};

TEST_F(Screens, AListOnASmallTerminal) { expect_golden("list_80x24.screen", screen({}, {80, 24})); }
TEST_F(Screens, AListOnALargeOne) { expect_golden("list_200x60.screen", screen({}, {200, 60})); }
TEST_F(Screens, ATreeInAscii) {
  expect_golden("tree_80x24.screen", screen({.choice = {.shape = Shape::tree, .utf8 = false}}, {80, 24}));
}
TEST_F(Screens, GroupsByProcessorTime) {
  expect_golden("groups_80x24.screen",
                screen({.choice = {.order = Order::cpu, .shape = Shape::groups}}, {80, 24}));
}
TEST_F(Screens, TheHelpFitsTheSmallestTerminal) {
  const std::string text = screen({.shows_help = true}, {80, 24});
  EXPECT_EQ(text.find("…"), std::string::npos);
  expect_golden("help_80x24.screen", text);
}

TEST_F(Screens, AFilterShowsWhatIsTypedAndHowManyItLeaves) {
  const std::string text = screen({.choice = {.filter = "load"}, .is_typing = true}, {80, 24});
  EXPECT_NE(text.find("/load▏"), std::string::npos);
  EXPECT_NE(text.find("1-1 of 1"), std::string::npos);
}

TEST_F(Screens, EverySizeIsDrawnWithinIt) {
  for (std::size_t width = 1; width < 130; width += 7)
    for (std::size_t height = 1; height < 30; height += 3)
      for (const bool help : {false, true}) screen({.shows_help = help}, {width, height});
}

TEST_F(Screens, NothingThatActsOnATerminalComesThrough) {
  for (const Shape shape : {Shape::list, Shape::tree, Shape::groups})
    EXPECT_EQ(screen({.choice = {.shape = shape}}, {200, 60}).find('\x1b'), std::string::npos);
}

TEST_F(Screens, WithoutUtf8EveryByteIsAscii) {
  for (const std::size_t width : {20, 80, 200})
    for (const char c : screen({.choice = {.shape = Shape::tree, .utf8 = false}}, {width, 24}))
      ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~'));
}

TEST_F(Screens, ScrollingBeyondTheEndShowsTheLastRows) {
  const std::string text = screen({.first_row = 1000}, {120, 11});
  EXPECT_NE(text.find("4-7 of 7"), std::string::npos);
}

TEST_F(Screens, APageHasSoManyRowsAndSaysHowManyMore) {
  const std::string text = text_of(page_of(view_, {}, 80, 2), {});
  EXPECT_NE(text.find("and 5 more"), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text_of(page_of(view_, {}, 80, 2), {.colour = true}).find("\x1b[7m"), std::string::npos);
}

}  // namespace
}  // namespace ullage::top
